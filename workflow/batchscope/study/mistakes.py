"""What a study asks for and cannot have, as far as the config and its facts show: a line for every mistake."""

import math
from collections import Counter
from collections.abc import Iterator

from batchscope.errors import suggestion
from batchscope.model.losses import can_be_divided, is_a_sum
from batchscope.names import name_and_arguments
from batchscope.study.claim_mistakes import claim_mistakes, is_of_validation, may_measure, studies_named
from batchscope.study.command import command_mistakes
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.runs_plan import HistoriesPlan, ProgramPlan, RunsPlan
from batchscope.study.scores import METRICS, SCORES
from batchscope.study.setting import CONSTANT, stages
from batchscope.study.study import Study


def mistakes(study: Study, studies: dict[str, Study]) -> Iterator[str]:
    for name, other in studies.items():
        if name < study.name and other.title == study.title:
            yield f"title: {study.title!r} is the title of studies.{name} too; take another"
    too_large = list(_too_large(study))
    yield from too_large
    if too_large:
        return  # the other checks look up settings
    panels = Counter(study.setting(batch_size) for batch_size in study.spec["batch_sizes"])
    for setting in (panel for panel, count in panels.items() if count > 1):
        spelled = " (that is full)" if setting.batch_size == study.train_rows else ""
        yield f"batch_sizes: {setting.batch_sizes}{spelled} is repeated; keep one"
    if isinstance(study, KerasPlan):
        yield from _of_keras(study)
    else:
        yield from _of_runs(study)
    yield from _not_scaled_in_stages(study)
    for place, measure in _measures_asked_for(study):
        if not study.has_validation and is_of_validation(measure):
            remedy = "add validation to `split`" if isinstance(study, KerasPlan) else f"name validation_{study.score}"
            yield f"{place}: {measure} is measured on validation rows; {remedy}"
    if "steps_to_result" in study.spec and all(setting.schedule != CONSTANT for setting in study.settings):
        yield "steps_to_result: updates are counted at one batch size; add a batch size that is no schedule"
    yield from _budget_mistakes(study)
    for name, claim in study.spec["claims"].items():
        yield from (f"claims.{name}{problem}" for problem in claim_mistakes(study, studies, claim))
    for name, question in study.spec["questions"].items():
        yield from (f"questions.{name}.{problem}" for problem in _question_mistakes(study, studies, question))


def _of_keras(study: KerasPlan) -> Iterator[str]:
    """What a study that Keras trains asks for and cannot have."""
    if "ensembles" in study.spec and "validation" not in study.spec["split"]:
        yield "ensembles: the best replicate is chosen on validation rows; add validation to `split`"
    if study.keeps_model and "validation" not in study.spec["split"]:
        yield "keep.models: the best replicate is chosen on validation rows; add validation to `split`"
    if study.keeps_model and study.spec["split"]["order"] == "resampled":
        yield "keep.models: replicates with splits of their own have no validation rows in common; take another `order`"
    if study.spec["explorer"]["boundary"] and study.spec["split"]["order"] == "resampled":
        why = "replicates with splits of their own have no training rows in common"
        yield f"explorer.boundary: {why}; take `confusion` in its place, or another `order` in `split`"
    if study.score == "loss":
        yield from _not_of_numbers(study)
    else:
        yield from _not_of_classes(study)
    if "micro_batch_size" in study.spec:
        yield from _not_divided(study)
    if "noise_scale" in study.spec and (why := _of_whole_batches(study)):
        yield f"noise_scale: a loss that is {why} is no mean over rows; leave `reduction` out of `loss`"
    yield from _not_counted_in_updates(study)
    if "beta_2_at" in study.spec:
        for place, batch_size in batch_sizes(study):
            if isinstance(batch_size, dict):
                yield f"{place}: `beta_2_at` gives a training one beta_2; take a batch size that is no schedule"
    if "ensembles" in study.spec and study.spec["split"]["order"] == "resampled":
        yield "ensembles: they need test rows that none of their members trains on; take another `order` in `split`"


def _of_runs(study: RunsPlan) -> Iterator[str]:
    """What a study of runs asks for and cannot have."""
    where = "program.history" if isinstance(study, ProgramPlan) else "histories.columns"
    for place, batch_size in batch_sizes(study):
        if isinstance(batch_size, dict):
            yield f"{place}: a run has one batch size; write a number, or full"
    for score in _other_targets(study):
        yield f"target_{score}: the score is {study.score}; write target_{study.score}"
    for place, measure in _measures_asked_for(study):
        for metric in METRICS:
            if metric in measure and metric not in study.metrics_measured:
                yield f"{place}: {measure} is not measured; name test_{metric} in `{where}`"
        if measure in ("ensemble_gain", "selection_gain") or measure.endswith(("rmse", "mae")):
            yield f"{place}: {measure} cannot be told from histories; take test_{study.of_all_rows}"
    for metric in _metric_to_reach(study):
        yield f"steps_to_result: {metric} is not measured; name test_{metric} in `{where}`"
    if isinstance(study, ProgramPlan):
        yield from command_mistakes(
            study.spec["program"], max(map(len, study.trainings.values())), study.spec["replicates"]
        )
    if isinstance(study, HistoriesPlan):
        for key in ("batch_sizes", "learning_rates"):
            there = {getattr(setting, key.removesuffix("s")) for setting in study.settings}
            for index, named in enumerate(study.spec[key]):
                if (study.train_rows if named == "full" else named) not in there:
                    yield f"{key}[{index}]: there is no run at {named}"
        for name, curve in study.spec["learning_curves"].items():
            if study.setting(curve["batch_size"], curve["learning_rate"]) not in study.settings:
                yield f"learning_curves.{name}: there is no run at this batch size and learning rate"


def _not_of_numbers(study: Study) -> Iterator[str]:
    """What a study that learns numbers asks for and cannot have."""
    for score in _other_targets(study):
        yield f"target_{score}: numbers are learned here; write target_loss"
    if "score" in study.spec:
        yield "score: numbers are learned here, and judged by their loss; leave it out"
    if study.spec["metrics"]:
        yield f"metrics: numbers have no {study.spec['metrics'][0]}; leave them out"
    for score in study.spec.get("steps_to_result", {}).keys() - {"loss"}:
        yield f"steps_to_result: numbers have no {score}; write loss"
    for key, asked_for in study.spec["explorer"].items():
        if asked_for:
            yield f"explorer.{key}: it is of classes, and numbers are learned here; set it to false"
    if "ensembles" in study.spec:
        yield "ensembles: they vote on classes, and numbers are learned here; leave them out"
    for place, measure in _measures_asked_for(study):
        if score := next((score for score in (*METRICS, "accuracy") if score in measure), None):
            yield f"{place}: numbers have no {measure}; take {measure.replace(score, 'loss')}"


def _not_of_classes(study: Study) -> Iterator[str]:
    """What a study that learns classes asks for and cannot have."""
    for place, measure in _measures_asked_for(study):
        if measure.endswith(("rmse", "mae")):
            yield f"{place}: classes have no {measure}, which is of numbers; take {measure.partition('_')[0]}_loss"
    for score in _other_targets(study):
        why = "classes are learned here" if score == "loss" else f"the score is {study.score}"
        yield f"target_{score}: {why}; write target_{study.score}"
    for place, measure in _measures_asked_for(study):
        for metric in METRICS:
            if metric in measure and metric not in study.metrics_measured:
                yield f"{place}: {measure} is not measured; add {metric} to `metrics`"
    for metric in _metric_to_reach(study):
        yield f"steps_to_result: {metric} is not measured; add {metric} to `metrics`"


def _other_targets(study: Study) -> list[str]:
    """The scores that have a target though the study is not judged by them."""
    return [score for score in SCORES if f"target_{score}" in study.spec and score != study.score]


def _metric_to_reach(study: Study) -> list[str]:
    """The metric that steps are counted to, where it is one that is not measured."""
    asked_for = study.spec.get("steps_to_result", {})
    return [metric for metric in METRICS if metric in asked_for and metric not in study.metrics_measured]


def _not_divided(study: Study) -> Iterator[str]:
    """Why the batches of a study cannot be divided."""
    if study.spec["engine"] == "fit":
        yield "micro_batch_size: Model.fit trains whole batches; leave it out, or take engine: compiled"
    if why := _of_whole_batches(study):
        yield f"micro_batch_size: a loss that is {why} cannot be divided; leave `reduction` out of `loss`"


def _of_whole_batches(study: Study) -> str:
    """What the loss of a batch is that is not the mean of those of its rows; empty where it is."""
    if can_be_divided(study.spec["loss"], "class_weight" in study.spec):
        return ""
    return "a sum over the batch" if is_a_sum(study.spec["loss"]) else "divided by the weights of the batch"


def _not_counted_in_updates(study: KerasPlan) -> Iterator[str]:
    """What is given in updates where these are fewer than the batches."""
    _, arguments = name_and_arguments(study.spec["optimizer"])
    if batches := arguments.get("gradient_accumulation_steps"):
        places = {
            "updates": study.spec,
            "evaluate_every.updates": study.spec["evaluate_every"],
            "noise_scale.every.updates": study.spec.get("noise_scale", {}).get("every", {}),
        }
        for place, given in places.items():
            if "updates" in given:
                yield f"{place}: gradients of {batches} batches are accumulated to one; count in epochs"


def _not_scaled_in_stages(study: Study) -> Iterator[str]:
    """Why learning rates cannot go with the batch size of every stage."""
    rates = study.spec["learning_rates"]
    if not (isinstance(rates, dict) and rates.get("every_stage")):
        return
    if rates["scaling"] == "none":
        yield "learning_rates.every_stage: rates go with no batch size here; take `scaling: linear` or `sqrt`"
    if not any(isinstance(batch_size, dict) for _, batch_size in batch_sizes(study)):
        yield "learning_rates.every_stage: no batch size is a schedule, which has stages; leave it out"


def _measures_asked_for(study: Study) -> Iterator[tuple[str, str]]:
    """The measures that claims and questions name of the study, with their places."""
    for name, claim in study.spec["claims"].items():
        if study.name in studies_named(study, claim).values() or not claim.keys() & {"of", "against"}:
            yield f"claims.{name}.measure", claim["measure"]
    for name, question in study.spec["questions"].items():
        for key in ("measures", "curves"):
            for index, measure in enumerate(question.get(key, [])):
                yield f"questions.{name}.{key}[{index}]", measure


def batch_sizes(study: Study) -> Iterator[tuple[str, int | str | dict]]:
    """Every batch size or schedule of a study that is trained, with its place."""
    for index, batch_size in enumerate(study.spec["batch_sizes"]):
        yield f"batch_sizes[{index}]", batch_size
    for name, curve in study.spec["learning_curves"].items():
        yield f"learning_curves.{name}.batch_size", curve["batch_size"]
    if "ensembles" in study.spec:
        yield "ensembles.batch_size", study.spec["ensembles"]["batch_size"]
    if "batch_size" in study.spec.get("noise_scale", {}):
        yield "noise_scale.batch_size", study.spec["noise_scale"]["batch_size"]
    for index, batch_size in enumerate(study.spec.get("variance", {}).get("batch_sizes", [])):
        yield f"variance.batch_sizes[{index}]", batch_size


def _too_large(study: Study) -> Iterator[str]:
    for place, batch_size in batch_sizes(study):
        for rows, _ in stages(batch_size, 0, study.train_rows):
            if rows > study.train_rows:
                yield f"{place}: {rows} is above the {study.train_rows} training rows; take at most that, or full"


def _budget_mistakes(study: Study) -> Iterator[str]:
    """What is wrong with budgets, among it what no training gets to, as far as the config says how long they are."""
    if "budgets" not in study.spec:
        return
    sizes = [setting.batch_size for setting in study.settings if setting.schedule == CONSTANT]
    if len({*sizes}) < 2:
        yield "budgets: batch sizes are compared, and there are no two; add some to `batch_sizes`"
        return
    trained = {key: study.spec[key] for key in ("epochs", "updates") if key in study.spec}
    if "epochs" in trained:
        trained["updates"] = trained["epochs"] * math.ceil(study.train_rows / min(sizes))
    elif "updates" in trained:
        trained["epochs"] = trained["updates"] / math.ceil(study.train_rows / max(sizes))
    for name, most in trained.items():
        if study.spec["budgets"].get(name, 0) > most:
            yield f"budgets.{name}: no training has more than {most:.10g} {name}; take at most that, or train longer"


def _question_mistakes(study: Study, studies: dict[str, Study], question: dict) -> Iterator[str]:
    if question["answer"] not in study.spec["claims"]:
        known = study.spec["claims"]
        yield f"answer: the study has no claim {question['answer']!r}{suggestion(question['answer'], known)}"
    if len(question.keys() & {"figure", "measures", "curves"}) != 1:
        yield "figure: give one of `figure`, `measures` and `curves`"
    elif "figure" in question and question["figure"] not in study.figures:
        yield f"figure: the study has no figure {question['figure']!r}{suggestion(question['figure'], study.figures)}"
    for index, name in enumerate(question["beside"]):
        if name not in studies:
            yield f"beside[{index}]: there is no study {name!r}{suggestion(name, studies)}"
            continue
        for measure in [*question.get("measures", []), *question.get("curves", [])]:
            if not may_measure(studies[name], measure):
                yield f"beside[{index}]: {name} has no {measure}; draw what both have"
