"""What a claim asks of its study and of others and cannot have: a line for every mistake."""

from collections.abc import Iterator

from batchscope.errors import suggestion
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.plan import Plan
from batchscope.study.scores import FITTED, METRICS, NOISE_SCALE_OF_CRITICAL, OF_NOISE, at_budget
from batchscope.study.setting import CONSTANT, FEWEST_RATES
from batchscope.study.study import BOUNDS, ON_SCORECARD, Study, settings_named


def claim_mistakes(study: Study, studies: dict[str, Plan], claim: dict) -> Iterator[str]:
    """What is wrong with a claim of a study, each after its place, as `: give one of ...` or `.of.study: ...`."""
    yield from (f": {problem}" for problem in _mistakes_of_one(study, claim))
    yield from (f".{problem}" for problem in _mistakes_across(study, studies, claim))
    yield from (f": {problem}" for problem in _not_measured(study, studies, claim))


def _mistakes_of_one(study: Study, claim: dict) -> Iterator[str]:
    """What is wrong with a claim by itself."""
    bounds = [key for key in BOUNDS if key in claim]
    if len(bounds) != 1:
        yield "give one of `above`, `below` and `within`" + (f", not {' and '.join(bounds)}" if bounds else "")
    if "within" in claim and claim["within"][0] >= claim["within"][1]:
        yield f"within: {claim['within']} is no range; the smaller number stands first"
    if claim["measure"] in (*FITTED, *OF_NOISE):
        by_steps = claim["measure"] in (*FITTED, NOISE_SCALE_OF_CRITICAL)
        if by_steps and "steps_to_result" not in study.spec:
            yield f"{claim['measure']} follows from steps to a result; add the key `steps_to_result` to the study"
        if claim["measure"] in OF_NOISE and "noise_scale" not in study.spec:
            remedy = "add the key `noise_scale` to the study" if isinstance(study, KerasPlan) else "leave the claim out"
            yield f"{claim['measure']} is measured along a training with Keras; {remedy}"
        if claim.keys() & {"of", "against", "along"}:
            yield f"{claim['measure']} is of the whole study; leave out `of`, `against` and `along`"
    elif claim["measure"] in ("ensemble_gain", "selection_gain"):
        if "ensembles" not in study.spec and isinstance(study, KerasPlan):
            yield f"{claim['measure']} is measured of ensembles; add the key `ensembles` to the study"
        if claim.keys() & {"of", "against", "along"}:
            yield f"{claim['measure']} is of the study's ensembles; leave out `of`, `against` and `along`"
    elif ("of" in claim) == ("along" in claim):
        yield "give one of `of` (a setting) and `along` (batch sizes)"
    elif "against" in claim and "along" in claim:
        yield "`against` goes with `of`, not with `along`"
    named = [claim[key]["batch_size"] for key in ("of", "against") if key in claim] + claim.get("along", [])
    if claim["measure"] == "seconds_per_epoch" and any(isinstance(batch_size, dict) for batch_size in named):
        yield "the epochs of a schedule differ in seconds; take seconds_to_target"
    if words := [key for key in ON_SCORECARD if key in claim and "paper" not in study.spec]:
        yield f"`{words[0]}` stands on the scorecard of papers; add the key `paper` to the study"


def _mistakes_across(study: Study, studies: dict[str, Plan], claim: dict) -> Iterator[str]:
    """What a claim asks of other studies and cannot have."""
    measure, named = claim["measure"], studies_named(study, claim)
    for key, name in named.items():
        if name not in studies:
            yield f"{key}.study: there is no study {name!r}{suggestion(name, studies)}"
        elif name != study.name and not _has(studies[name], measure):
            yield f"{key}: {name} has no {measure}; take a measure that it has"
    if not all(name in studies for name in named.values()):
        return
    counted = {name: _counted_to(studies[name], measure) for name in named.values()}
    if len({*counted.values()}) > 1:
        words = [f"{score} {target:g} in {name}" for name, (score, target) in counted.items()]
        yield f"measure: {measure} is counted to {' and to '.join(words)}; give both the same target"


def _not_measured(study: Study, studies: dict[str, Plan], claim: dict) -> Iterator[str]:
    """Why a score at a budget, or the usable learning rates, are not measured at the settings of a claim."""
    settings = [(studies.get(named.get("study", study.name)), named) for named in settings_named(claim)]
    settings = [(of_study, named) for of_study, named in settings if of_study is not None]
    if "_at_equal_" in claim["measure"]:
        for of_study in dict.fromkeys(of_study.name for of_study, _ in settings):
            yield from _not_at_budgets(studies[of_study], claim["measure"])
    if claim["measure"] == "usable_octaves":
        for of_study, named in settings:
            size = of_study.setting(named["batch_size"], named.get("learning_rate"))
            has_rates = size.batch_size in of_study.sizes_of_many_rates and size.schedule == CONSTANT
            if of_study.is_trained(named) and not has_rates:
                yield (
                    f"usable_octaves is of {FEWEST_RATES} learning rates or more at one batch size, "
                    f"which {size.batch_sizes} has not; add some to `learning_rates`"
                )


def _not_at_budgets(study: Study, measure: str) -> Iterator[str]:
    """Why a study does not measure a score at a budget."""
    of_rows, _, budget = measure.partition("_at_equal_")
    part, _, score = of_rows.partition("_")
    if "budgets" not in study.spec:
        yield f"{measure} is measured at budgets; add the key `budgets` to studies.{study.name}"
    if score != study.score:
        yield f"at budgets the score is measured; take {at_budget(part, study.score, budget)}"


def _counted_to(study: Plan, measure: str) -> tuple[str, float] | None:
    """The score and the target that a measure is counted to: a time to a target, or which learning rates reach it."""
    if not measure.endswith(("_to_target", "_to_first_touch", "usable_octaves")):
        return None
    return study.aggregation["score"], study.aggregation["target"]


def _has(study: Study, measure: str) -> bool:
    """Whether a study has a measure and the rows for it, as far as the config shows."""
    return may_measure(study, measure) and (study.has_validation or not is_of_validation(measure))


def studies_named(study: Study, claim: dict) -> dict[str, str]:
    """The names of the studies that a claim is about the settings of, by the key of the setting."""
    return {key: claim[key].get("study", study.name) for key in ("of", "against") if key in claim}


def is_of_validation(measure: str) -> bool:
    """Whether a measure needs validation rows."""
    return measure.startswith("validation") or "best_epoch" in measure


def may_measure(study: Study, measure: str) -> bool:
    """Whether a study has a measure, as far as the config shows: what else runs have is known from their files."""
    learns_numbers = isinstance(study, KerasPlan) and study.score == "loss"
    if measure.endswith(("rmse", "mae")):
        return learns_numbers
    if metric := next((metric for metric in METRICS if metric in measure), None):
        return metric in study.metrics_measured
    return not (learns_numbers and "accuracy" in measure)
