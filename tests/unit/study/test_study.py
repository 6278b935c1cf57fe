import dataclasses
import math
import time

import pytest
import yaml

from batchscope.errors import ConfigError
from batchscope.report.methods import methods_table
from batchscope.study import cost, studies
from batchscope.study.config import check_config
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.mistakes import mistakes
from batchscope.study.study import splits_drawn

CONFIG = """
dataset: {make_blobs: {random_state: 1}}
split: {train: 500, validation: 100}
model: []
optimizer: SGD
epochs: 100
batch_sizes: [8, full, {4: 20, 64: 80}]
learning_rates: [0.1, 0.01]
learning_curves:
  same: {batch_size: 500, learning_rate: 0.1}
  other: {batch_size: 32, learning_rate: 0.5}
claims:
  difference: {statement: s, measure: test_accuracy, of: {batch_size: 8, learning_rate: 0.01},
               against: {batch_size: full}, above: 0}
  trend: {statement: s, measure: test_accuracy, along: [8, {4: 20, 64: 80}, full], above: 0}
questions:
  why: {question: "Why?", answer: trend, measures: [test_accuracy], beside: [other]}
  what: {question: "What?", answer: trend, figure: batch_sizes}
"""


FACTS = {"train_rows": 500, "multiplications": 10**6}


def answer(questions: dict, memory: float | None) -> dict:
    """What is found out of studies."""
    return {name: FACTS | {"size": {"rows": [500, 400, 100]}} for name in questions}


def make_study(changes: str = "{}") -> KerasPlan:
    spec = yaml.safe_load(CONFIG) | yaml.safe_load(changes)
    spec = {key: value for key, value in spec.items() if value is not None}
    config = check_config({"studies": {"mine": spec}})
    return KerasPlan("mine", config["studies"]["mine"], **FACTS)


def lines(changes: str) -> list[str]:
    study = make_study(changes)
    return list(mistakes(study, {"mine": study, "other": study}))


def test_a_job_for_each_batch_size_with_all_its_learning_rates():
    trainings = make_study().trainings
    schedule = "4x20_64x80"
    assert {name: [tuple(setting) for setting in settings] for name, settings in trainings.items()} == {
        "8": [(8, 0.1, "constant"), (8, 0.01, "constant")],
        "full": [(500, 0.1, "constant"), (500, 0.01, "constant")],
        schedule: [(16, 0.1, schedule), (16, 0.01, schedule)],
        "32": [(32, 0.5, "constant")],
    }


def test_the_methods_list_what_a_training_follows_from():
    study = make_study("{micro_batch_size: 4, beta_2_at: 8, learning_rate_schedule: {CosineDecay: {decay_epochs: 9}}}")
    listed = set(methods_table(study.described, [])["what"])
    follows_from = study.training("8")["task"].keys() - {"seed", "stages", "resampled"}
    assert {key.replace("_", " ").capitalize() for key in follows_from} <= listed


def test_a_job_knows_its_stages():
    study = make_study()
    assert study.training("4x20_64x80")["task"]["stages"] == [(4, 20), (64, 80)]
    assert study.training("full")["task"]["stages"] == [(500, 100)]


def test_a_length_in_updates_is_the_same_at_every_batch_size_but_for_schedules():
    study = make_study("{epochs: null, updates: 90, evaluate_every: {updates: 20}}")
    assert study.stages(8) == [(8, 90 / 63)]
    assert study.stages("full") == [(500, 90)]
    assert study.stages({4: 20, 64: 80}) == [(4, 20), (64, 80)]
    assert [study.measurements(each) for each in (8, "full", {4: 20, 64: 80})] == [5, 5, 125 + 32]
    assert study.panels["counted_in"] == "updates"
    assert make_study().panels["counted_in"] == "epoch"


def test_measuring_often_takes_longer():
    often = make_study("{evaluate_every: {epochs: 0.1}}")
    assert often.seconds("8") > make_study().seconds("8")
    assert often.seconds("full") == make_study().seconds("full")  # an update is not measured twice


def test_rates_that_go_with_the_batch_size_are_those_of_its_job_and_of_claims():
    study = make_study("{learning_rates: {at: 8, rates: [0.1, 0.01], scaling: linear}}")
    assert [setting.learning_rate for setting in study.trainings["full"]] == [6.25, 0.625, 0.1]  # and that of a figure
    assert [setting.learning_rate for setting in study.trainings["4x20_64x80"]] == [0.05, 0.005]  # as it begins
    assert study.claims({"mine": study})["claims"][0]["against"] == (500, 6.25, "constant")
    assert study.comparisons["reference"] == (500, 6.25, "constant")
    assert study.panels["learning_rates"] == 2


def test_rates_go_with_the_batch_size_of_every_stage_where_that_is_asked_for():
    asked = "learning_rates: {at: 8, rates: [0.1], scaling: sqrt%s}"
    without, study = make_study(asked % ""), make_study(asked % ", every_stage: true")
    assert study.training("4x20_64x80")["task"]["scaling"] == "sqrt"
    assert "scaling" not in without.training("4x20_64x80")["task"]
    assert study.settings == without.settings  # which have the rate that a schedule begins with


def test_it_is_known_whether_rates_go_with_the_batch_size():
    asked = "learning_rates: {at: 16, rates: [0.1], scaling: %s}"
    studies = [make_study(), *(make_study(asked % scaling) for scaling in ("none", "sqrt", "linear"))]
    assert [study.recommendation["scaled"] for study in studies] == [False, False, True, True]


def test_how_long_a_job_takes_is_guessed_from_all_that_it_trains():
    study = make_study()
    rates = len(study.spec["learning_rates"])
    updates = 20 * 125 + 80 * 8
    seconds = updates * cost._SECONDS_PER_UPDATE["compiled"] + 100 * 10**6 / cost._MULTIPLICATIONS_PER_SECOND
    assert study.seconds("4x20_64x80") == pytest.approx(seconds * rates * study.spec["replicates"])
    assert make_study("replicates: 60").seconds("8") == 2 * make_study("replicates: 30").seconds("8")
    assert make_study("new_splits: {}").seconds("8") == 2 * study.seconds("8")
    by_fit = dataclasses.replace(study, way=("fit", "the model has a train_step of its own"))
    assert by_fit.seconds("8") > 5 * study.seconds("8")
    assert study.minutes("8") == math.ceil(1 + study.seconds("8") / 60)


def test_the_pace_is_measured_at_all_batch_sizes_of_schedules_too():
    study = make_study("{pace: {}, batch_sizes: [8, {4: 20, 64: 80}]}")
    assert study.pace["batch_sizes"] == [4, 8, 32, 64, 500]
    many_updates = make_study("{pace: {}, batch_sizes: [1, 2, 3, 4, 5, 6, 7, 8]}")
    assert many_updates.minutes_of_pace > study.minutes_of_pace >= 1


def test_what_is_kept_follows_from_all_trainings_and_changes_none_of_them():
    kept = make_study("keep: {predictions: true, models: recommended}")
    assert (kept.keeps_predictions, kept.keeps_model) == (True, True)
    assert kept.kept["trainings"] == [kept.training(name) for name in kept.trainings]
    assert (kept.kept["part"], kept.kept["score"]) == ("validation", "accuracy")
    assert kept.minutes_of_model == max(kept.minutes(name) for name in kept.trainings)
    plain = make_study()
    assert (plain.keeps_predictions, plain.keeps_model) == (False, False)
    assert [plain.training(name) for name in plain.trainings] == kept.kept["trainings"]


def test_what_is_looked_at_changes_the_trainings_alone():
    looked = make_study("{explorer: {confusion: true}, keep: {models: recommended}}")
    plain = make_study("keep: {models: recommended}")
    assert looked.training("8") == plain.training("8") | {"looks": ["confusion"]}
    assert looked.kept == plain.kept
    assert make_study("explorer: {boundary: false}").training("8") == plain.training("8")


def test_replicates_split_anew_only_where_the_rows_are_resampled():
    assert make_study().training("8")["task"]["resampled"] is False
    assert make_study("split: {train: 500, order: resampled}").training("8")["task"]["resampled"] is True


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ("{}", (500, 0.1, "constant")),
        ("{batch_sizes: [8, 16], learning_curves: {}, claims: {}, questions: {}}", (16, 0.1, "constant")),
        ("{batch_sizes: [8], learning_curves: {a: {batch_size: full, learning_rate: 5}}}", (500, 5.0, "constant")),
        ("comparisons: {reference: {batch_size: 8, learning_rate: 0.01}}", (8, 0.01, "constant")),
    ],
)
def test_the_reference_is_full_batch_where_it_is_trained_else_the_largest(changes, reference):
    assert make_study(changes).comparisons["reference"] == reference


def test_the_reference_among_thousands_of_settings_is_found_at_once():
    batch_sizes, rates = [*range(1, 401)], [place / 10 for place in range(1, 11)]
    study = make_study(f"{{batch_sizes: {batch_sizes}, learning_rates: {rates}, learning_curves: {{}}}}")
    began = time.perf_counter()
    assert study.comparisons["reference"] == (400, 0.1, "constant")
    assert time.perf_counter() - began < 2


def test_settings_are_recommended_by_the_margins_of_the_comparisons_up_to_all_training_rows():
    recommendation = make_study("comparisons: {margins: {test_accuracy: 0.1}}").recommendation
    assert recommendation["margins"]["test_accuracy"] == 0.1
    assert (recommendation["train_rows"], recommendation["title"]) == (500, "mine")
    assert (recommendation["score"], recommendation["target"], recommendation["part"]) == (
        "accuracy",
        0.8,
        "validation",
    )


def test_settings_are_recommended_on_validation_rows_where_there_are_any_and_by_the_loss_where_numbers_are_learned():
    changes = (
        "{loss: MeanSquaredError, target_loss: 0.3, split: {train: 500, validation: 100, order: as_given, seed: 0}}"
    )
    recommendation = make_study(changes).recommendation
    assert (recommendation["score"], recommendation["target"], recommendation["part"]) == ("loss", 0.3, "validation")


def test_another_score_judges_with_its_own_target_and_margins_and_is_measured_without_being_listed():
    study = make_study("{score: roc_auc, target_roc_auc: 0.9, metrics: [f1_macro]}")
    assert study.training("8")["task"]["metrics"] == study.metrics_measured == ["f1_macro", "roc_auc"]
    assert study.aggregation == {"score": "roc_auc", "target": 0.9, "of_rows": True, "seed": 0}
    margins = {"test_roc_auc": 0.01, "test_roc_auc_volatility": 0.002, "epochs_to_target": 2}
    assert study.comparisons["margins"] == margins
    drawn = ["test_roc_auc", "test_accuracy", "train_accuracy", "test_f1_macro"]
    assert study.overviews["final_roc_auc"] == drawn
    assert "final_roc_auc" in study.figures
    listed = methods_table(study.described, []).set_index("what")["how"]
    assert listed["Judged by"] == "ROC AUC, beside it macro F1"
    assert listed["Target"].startswith("a ROC AUC of 0.9; epochs, updates and seconds to it are counted on the test")
    assert "test_accuracy" not in listed["Margins"]


def test_without_metrics_a_training_knows_nothing_of_them():
    study = make_study()
    assert study.training("8")["task"].keys().isdisjoint({"metrics", "class_weight"})
    weighted = make_study("class_weight: {1: 2, ham: 0.5}")
    assert weighted.training("8")["task"]["class_weight"] == {1: 2, "ham": 0.5}


def test_the_settings_of_claims_are_those_of_the_tables():
    study = make_study()
    difference, trend = study.claims({"mine": study})["claims"]
    assert (difference["of"], difference["against"]) == ((8, 0.01, "constant"), (500, 0.1, "constant"))
    assert [setting.batch_size for setting in trend["along"]] == [8, 16, 500]


def test_a_question_without_a_figure_of_its_own_draws_one():
    study = make_study()
    assert "answer_why" in study.figures
    assert "answer_what" not in study.figures
    assert study.drawn("answer_why") == ["mine", "other"]
    assert study.overview("answer_why", {"mine": study, "other": study})["measures"] == ["test_accuracy"]


def test_a_figure_of_what_is_compared_has_the_differences_of_its_own_study_alone():
    asked = "answer: trend, measures: [test_accuracy, epochs_to_target]"
    study = make_study(QUESTION % asked)
    of_one = ("final_accuracy", "volatility", "answer_q")
    assert [study.drawn_with_differences(figure) for figure in of_one] == [["mine"]] * 3
    assert study.drawn_with_differences("time_to_target") == []
    beside = make_study(QUESTION % f"{asked}, beside: [other]")
    assert beside.drawn_with_differences("answer_q") == []
    assert make_study(QUESTION % "answer: trend, measures: [train_accuracy]").drawn_with_differences("answer_q") == []


def test_learning_curves_that_a_question_asks_for_are_a_figure_of_their_own():
    study = make_study(QUESTION % "answer: trend, curves: [test_loss], beside: [other]")
    assert study.figures["curves_q"] == "curves"
    assert "answer_q" not in study.figures
    assert study.asked["questions"][0]["figure"] == "curves_q"
    assert study.drawn("curves_q") == ["mine", "other"]
    drawn = study.curves("curves_q", {"mine": study, "other": study})
    assert drawn == {"title": "Q?", "studies": ["mine", "mine"], "measures": ["test_loss"]}


def test_a_right_study_has_no_mistakes():
    assert lines("{}") == []


def test_to_grow_and_to_shrink_are_two_schedules():
    changes = "{batch_sizes: [{4: 10, full: 10}, {full: 10, 4: 10}], learning_curves: {}, claims: {}, questions: {}}"
    assert lines(changes) == []
    assert list(make_study(changes).trainings) == ["4x10_fullx10", "fullx10_4x10"]


CLAIM = "claims: {c: {statement: s, measure: test_accuracy, %s}}\nquestions: {}"
QUESTION = 'questions: {q: {question: "Q?", %s}}'


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            "{epochs: null, updates: 100, optimizer: {SGD: {gradient_accumulation_steps: 4}}}",
            "updates: gradients of 4 batches are accumulated to one; count in epochs",
        ),
        (
            "{evaluate_every: {updates: 10}, optimizer: {SGD: {gradient_accumulation_steps: 4}}}",
            "evaluate_every.updates: gradients of 4 batches are accumulated to one; count in epochs",
        ),
        (
            "{noise_scale: {every: {updates: 10}}, optimizer: {SGD: {gradient_accumulation_steps: 4}}}",
            "noise_scale.every.updates: gradients of 4 batches are accumulated to one; count in epochs",
        ),
        ("{micro_batch_size: 64, engine: fit}", "micro_batch_size: Model.fit trains whole batches; leave it out, or"),
        (
            "{micro_batch_size: 64, loss: {MeanSquaredError: {reduction: sum}}}",
            "micro_batch_size: a loss that is a sum over the batch cannot be divided; leave `reduction` out of `loss`",
        ),
        (
            "{micro_batch_size: 64, class_weight: balanced,"
            " loss: {CategoricalCrossentropy: {reduction: mean_with_sample_weight}}}",
            "micro_batch_size: a loss that is divided by the weights of the batch cannot be divided; leave `reduction`",
        ),
        ("target_loss: 0.3", "target_loss: classes are learned here; write target_accuracy"),
        (
            "{score: roc_auc, target_accuracy: 0.9}",
            "target_accuracy: the score is roc_auc; write target_roc_auc",
        ),
        ("{target_roc_auc: 0.9}", "target_roc_auc: the score is accuracy; write target_accuracy"),
        (
            "claims: {c: {statement: s, measure: test_roc_auc_late, of: {batch_size: 8}, above: 0}}",
            "claims.c.measure: test_roc_auc_late is not measured; add roc_auc to `metrics`",
        ),
        (
            "{loss: MeanSquaredError, score: accuracy}",
            "score: numbers are learned here, and judged by their loss; leave it out",
        ),
        ("{loss: MeanSquaredError, metrics: [f1_macro]}", "metrics: numbers have no f1_macro; leave them out"),
        (
            "{loss: MeanSquaredError, explorer: {boundary: true}}",
            "explorer.boundary: it is of classes, and numbers are learned here; set it to false",
        ),
        ("{loss: MeanSquaredError, target_f1_macro: 0.9}", "target_f1_macro: numbers are learned here; write target_l"),
        (
            "{loss: MeanSquaredError, claims: {c: {statement: s, measure: test_balanced_accuracy, above: 0}}}",
            "claims.c.measure: numbers have no test_balanced_accuracy; take test_loss",
        ),
        ("steps_to_result: {roc_auc: 0.9}", "steps_to_result: roc_auc is not measured; add roc_auc to `metrics`"),
        ("{loss: MeanSquaredError, steps_to_result: {f1_macro: 0.9}}", "steps_to_result: numbers have no f1_macro; wr"),
        (
            "{batch_sizes: [{4: 1, 8: 2}], learning_curves: {}, steps_to_result: {loss: 0.9}}",
            "steps_to_result: updates are counted at one batch size; add a batch size that is no schedule",
        ),
        (
            "{batch_sizes: [8], learning_rates: {at: 8, rates: [1], scaling: sqrt, every_stage: true}}",
            "learning_rates.every_stage: no batch size is a schedule, which has stages; leave it out",
        ),
        (
            "learning_rates: {at: 8, rates: [1], scaling: none, every_stage: true}",
            "learning_rates.every_stage: rates go with no batch size here; take `scaling: linear` or `sqrt`",
        ),
        (
            "{optimizer: Adam, beta_2_at: 512}",
            "batch_sizes[2]: `beta_2_at` gives a training one beta_2; take a batch size that is no schedule",
        ),
        ("batch_sizes: [8, 500, full]", "batch_sizes: 500 (that is full) is repeated; keep one"),
        ("batch_sizes: [8, {4: 1, 8: 2}, {4: 1, 8: 2}]", "batch_sizes: 4\N{MULTIPLICATION SIGN}1"),
        ("variance: {batch_sizes: [full, 501]}", "variance.batch_sizes[1]: 501 is above the 500 training rows; take"),
        (
            "split: {train: 500, order: as_given}\n"
            "claims: {c: {statement: s, measure: test_accuracy_at_best_epoch, of: {batch_size: 8}, above: 0}}",
            "claims.c.measure: test_accuracy_at_best_epoch is measured on validation rows; add validation to `split`",
        ),
        (
            "claims: {c: {statement: s, measure: validation_mae, of: {batch_size: 8}, above: 0}}",
            "claims.c.measure: classes have no validation_mae, which is of numbers; take validation_loss",
        ),
        ("batch_sizes: [{4: 10, 501: 10}]", "batch_sizes[0]: 501 is above the 500 training rows; take at most that"),
        (
            "learning_curves: {whole: {batch_size: 501, learning_rate: 0.05}}",
            "learning_curves.whole.batch_size: 501 is above the 500 training rows; take at most",
        ),
        (
            "{split: {train: 500}, keep: {models: recommended}}",
            "keep.models: the best replicate is chosen on validation",
        ),
        (
            "{split: {train: 500, validation: 100, order: resampled}, keep: {models: recommended}}",
            "keep.models: replicates with splits of their own have no validation rows in common; take another `order`",
        ),
        (
            "{split: {train: 500, order: resampled}, explorer: {boundary: true}}",
            "explorer.boundary: replicates with splits of their own have no training rows in common; take `confusion`",
        ),
        ("{split: {train: 500}, ensembles: {batch_size: 8}}", "ensembles: the best replicate is chosen on validation"),
        (
            "{split: {train: 500, validation: 100, order: resampled}, ensembles: {batch_size: 8}}",
            "ensembles: they need test rows that none of their members trains on; take another `order` in `split`",
        ),
        (CLAIM % "of: {batch_size: 8}", "claims.c: give one of `above`, `below` and `within`"),
        (CLAIM % "of: {batch_size: 8}, above: 0, below: 1", "claims.c: give one of `above`, `below` and `within`, not"),
        (CLAIM % "of: {batch_size: 8}, within: [1, 0]", "claims.c: within: [1, 0] is no range; the smaller number"),
        (CLAIM % "above: 0", "claims.c: give one of `of` (a setting) and `along` (batch sizes)"),
        (
            "claims: {c: {statement: s, measure: seconds_per_epoch, of: {batch_size: {4: 20, 64: 80}}, above: 0}}",
            "claims.c: the epochs of a schedule differ in seconds; take seconds_to_target",
        ),
        (
            CLAIM % "along: [8, full, {4: 20, 64: 80}], against: {batch_size: 8}, above: 0",
            "claims.c: `against` goes with `of`, not with `along`",
        ),
        (
            "claims: {c: {statement: s, measure: ensemble_gain, above: 0}}\nquestions: {}",
            "claims.c: ensemble_gain is measured of ensembles; add the key `ensembles` to the study",
        ),
        (
            CLAIM % "of: {study: othr, batch_size: 8}, above: 0",
            "claims.c.of.study: there is no study 'othr'; did you mean 'other'?",
        ),
        (
            CLAIM.replace("test_accuracy", "critical_batch_size") % "of: {batch_size: 8}, above: 0",
            "claims.c: critical_batch_size is of the whole study; leave out `of`, `against` and `along`",
        ),
        (
            "claims: {c: {statement: s, measure: fewest_updates, above: 0}}",
            "claims.c: fewest_updates follows from steps to a result; add the key `steps_to_result` to the study",
        ),
        (
            "{noise_scale: {}, claims: {c: {statement: s, measure: noise_scale_of_critical, within: [0.5, 2]}}}",
            "claims.c: noise_scale_of_critical follows from steps to a result; add the key `steps_to_result` to the",
        ),
        (
            "claims: {c: {statement: s, measure: noise_scale_growth, above: 1}}",
            "claims.c: noise_scale_growth is measured along a training with Keras; add the key `noise_scale` to the",
        ),
        (
            CLAIM.replace("test_accuracy", "noise_scale") % "of: {batch_size: 8}, above: 0",
            "claims.c: noise_scale is of the whole study; leave out `of`, `against` and `along`",
        ),
        ("noise_scale: {batch_size: 501}", "noise_scale.batch_size: 501 is above the 500 training rows; take at most"),
        (
            "{noise_scale: {}, loss: {SparseCategoricalCrossentropy: {reduction: sum}}}",
            "noise_scale: a loss that is a sum over the batch is no mean over rows; leave `reduction` out of `loss`",
        ),
        (
            CLAIM % "of: {batch_size: 8}, above: 0, would_change: more rows",
            "claims.c: `would_change` stands on the scorecard of papers; add the key `paper` to the study",
        ),
        (
            QUESTION % "answer: trent, figure: dataset",
            "questions.q.answer: the study has no claim 'trent'; did you mean",
        ),
        (QUESTION % "answer: trend", "questions.q.figure: give one of `figure`, `measures` and `curves`"),
        (
            QUESTION % "answer: trend, measures: [test_accuracy], curves: [test_accuracy]",
            "questions.q.figure: give one of `figure`, `measures` and `curves`",
        ),
        (
            QUESTION % "answer: trend, curves: [test_loss, test_roc_auc], beside: [other]",
            "questions.q.curves[1]: test_roc_auc is not measured; add roc_auc to `metrics`",
        ),
        (
            QUESTION % "answer: trend, figure: datasets",
            "questions.q.figure: the study has no figure 'datasets'; did you",
        ),
        (
            QUESTION % "answer: trend, measures: [test_accuracy], beside: [othr]",
            "questions.q.beside[0]: there is no study 'othr'; did you mean 'other'?",
        ),
    ],
)
def test_a_mistake_names_its_place_and_the_remedy(changes, line):
    assert [found for found in lines(changes) if found.startswith(line)]


def test_a_claim_has_words_for_the_scorecard_that_no_verdict_depends_on():
    paper = "paper: {authors: A et al., year: 2019}\n"
    words = CLAIM % "of: {batch_size: 8}, within: [0, 1], reports: 'two\n  lines', would_change: more rows"
    study = make_study(paper + words)
    assert not list(mistakes(study, {"mine": study}))
    assert study.is_on_scorecard
    assert study.scored == {
        "name": "mine",
        "title": "mine",
        "paper": {"authors": "A et al.", "year": 2019},
        "claims": {"c": {"reports": "two lines", "would_change": "more rows", "within": [0, 1]}},
    }
    without = make_study(CLAIM % "of: {batch_size: 8}, within: [0, 1]")
    assert study.claims({"mine": study}) == without.claims({"mine": without})


@pytest.mark.parametrize("changes", ["{}", "{paper: {authors: A, year: 2019}, claims: {}, questions: {}}"])
def test_a_study_without_paper_or_claims_is_not_on_the_scorecard(changes):
    assert not make_study(changes).is_on_scorecard


def test_what_is_about_settings_that_are_not_trained_is_told_and_not_tested():
    study = make_study("batch_sizes: [4, 32]\ncomparisons: {reference: {batch_size: 8}}")
    assert not list(mistakes(study, {"mine": study, "other": study}))
    assert list(studies.remarks(study, {"mine": study})) == [
        "studies.mine: not tested, as a setting that they are about is not trained: difference, trend",
        "studies.mine: the reference of comparisons is not trained; all are compared with "
        "batch size 500, learning rate 0.1",
    ]
    assert [claim["not_tested"] for claim in study.claims({"mine": study})["claims"]] == [True, True]


def claiming(measure: str, changes: str = "{}") -> tuple[KerasPlan, KerasPlan]:
    """A study with a claim about itself and another one, which differs from it."""
    named = "of: {study: other, batch_size: 8, learning_rate: 0.01}, against: {batch_size: full}"
    study = make_study(f"claims: {{c: {{statement: s, measure: {measure}, {named}, above: 0}}}}\nquestions: {{}}")
    return study, dataclasses.replace(make_study(f"claims: {{}}\nquestions: {{}}\n{changes}"), name="other")


@pytest.mark.parametrize(
    ("changes", "basis"),
    [
        ("epochs: 7", "in pairs of replicates: the studies have the same seed, data and model"),
        ("seed: 1", "not in pairs, so over trainings alone: the studies differ in seed"),
        (
            "split: {train: 400}\nscaler: StandardScaler\nmodel: [Dense: {units: 2}]",
            "not in pairs, so over trainings alone: the studies differ in split, scaler, model",
        ),
    ],
)
def test_settings_of_two_studies_are_in_pairs_where_seed_data_and_model_are_the_same(changes, basis):
    study, other = claiming("test_accuracy", changes)
    assert not list(mistakes(study, {"mine": study, "other": other}))
    asked = study.claims({"mine": study, "other": other})
    [claim] = asked["claims"]
    assert (claim["of"], claim["against"]) == ((8, 0.01, "constant"), (500, 0.1, "constant"))
    assert (claim["of_study"], claim.get("against_study")) == ("other", None)
    assert (claim["paired"], claim["basis"]) == (basis.startswith("in pairs"), basis)
    assert (study.elsewhere, asked["paired"]) == (["other"], {"mine": True, "other": True})


def test_a_claim_about_a_setting_that_another_study_does_not_train_is_not_tested():
    study, other = claiming("test_accuracy", "learning_rates: [0.1]")
    assert list(studies.remarks(study, {"mine": study, "other": other})) == [
        "studies.mine: not tested, as a setting that they are about is not trained: c"
    ]


@pytest.mark.parametrize(
    ("measure", "changes", "line"),
    [
        (
            "validation_accuracy",
            "split: {train: 500}",
            "claims.c.of: other has no validation_accuracy; take a measure that it has",
        ),
        (
            "test_accuracy",
            "loss: MeanSquaredError",
            "claims.c.of: other has no test_accuracy; take a measure that it has",
        ),
        (
            "updates_to_target",
            "target_accuracy: 0.9",
            "claims.c.measure: updates_to_target is counted to accuracy 0.9 in other and to accuracy 0.8 in mine; "
            "give both the same target",
        ),
    ],
)
def test_what_a_claim_asks_of_another_study_and_cannot_have_is_told(measure, changes, line):
    study, other = claiming(measure, changes)
    assert list(mistakes(study, {"mine": study, "other": other})) == [line]


def test_a_claim_about_another_study_alone_asks_nothing_of_its_own():
    claims = "claims: {c: {statement: s, measure: validation_loss, of: {study: other, batch_size: 8}, above: 0}}"
    study = make_study(f"{claims}\nquestions: {{}}\nsplit: {{train: 500}}")
    other = dataclasses.replace(make_study("claims: {}\nquestions: {}"), name="other")
    assert not list(mistakes(study, {"mine": study, "other": other}))


def test_two_studies_have_two_titles():
    same = make_study("title: Same")
    one, two = (dataclasses.replace(same, name=name) for name in ("one", "two"))
    found = mistakes(two, {"other": make_study(), "one": one, "two": two})
    assert list(found) == ["title: 'Same' is the title of studies.one too; take another"]


def test_mistakes_of_all_studies_are_told_together(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "_ask", answer)
    spec = yaml.safe_load(CONFIG) | {"batch_sizes": [501], "claims": {}, "questions": {}}
    with pytest.raises(ConfigError) as raised:
        studies.read_studies({"studies": {"one": spec, "two": spec}}, [], tmp_path)
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [
        "studies.one.batch_sizes[0]",
        "studies.two.batch_sizes[0]",
    ]


def test_keras_is_asked_again_only_after_the_file_of_a_dataset_has_changed(tmp_path, monkeypatch):
    path = tmp_path / "a b.csv"
    path.write_text("first")
    spec = yaml.safe_load(CONFIG) | {"dataset": {"table": {"path": str(path), "target": "y"}}, "questions": {}}
    spec["class_weight"] = {0: 1, "other": 2}  # keys that cannot be sorted
    asked = []

    def ask(questions, memory):
        asked.append(questions)
        return answer(questions, memory)

    monkeypatch.setattr(studies, "_ask", ask)
    for text, times in (("first", 1), ("first", 1), ("other", 2)):
        path.write_text(text)
        studies.read_studies({"studies": {"one": spec}}, [], tmp_path / "cache")
        assert len(asked) == times


def test_keras_is_asked_once_where_studies_ask_the_same(tmp_path, monkeypatch):
    asked = []

    def ask(questions, memory):
        asked.extend(questions)
        return answer(questions, memory)

    monkeypatch.setattr(studies, "_ask", ask)
    spec = yaml.safe_load(CONFIG) | {"questions": {}, "claims": {}}
    alike = {"two": spec | {"title": "Two"}, "one": spec | {"epochs": 3}, "other": spec | {"seed": 9, "title": "Other"}}
    read, _ = studies.read_studies({"studies": alike}, [], tmp_path)
    assert asked == ["two", "other"]
    assert {name: study.train_rows for name, study in read.items()} == dict.fromkeys(alike, 500)


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[:20], lambda content: b"{}"])
def test_keras_is_asked_again_where_its_answer_was_damaged(tmp_path, monkeypatch, damage):
    asked = []

    def ask(questions, memory):
        asked.append(questions)
        return answer(questions, memory)

    monkeypatch.setattr(studies, "_ask", ask)
    spec = yaml.safe_load(CONFIG) | {"questions": {}}
    studies.read_studies({"studies": {"one": spec}}, [], tmp_path)
    [path] = tmp_path.glob("*.json")
    path.write_bytes(damage(path.read_bytes()))
    for _ in range(2):
        read, _ = studies.read_studies({"studies": {"one": spec}}, [], tmp_path)
        assert (read["one"].train_rows, len(asked)) == (500, 2)


def test_a_file_that_is_not_there_is_told_before_anything_is_asked(tmp_path):
    spec = yaml.safe_load(CONFIG) | {"dataset": {"npz": {"path": f"{tmp_path}/none.npz"}}}
    with pytest.raises(ConfigError) as raised:
        studies.read_studies({"studies": {"one": spec}}, [], tmp_path)
    assert str(raised.value) == f"studies.one.dataset.npz.path: there is no file '{tmp_path}/none.npz'"


def test_new_splits_are_drawn_where_a_study_asks_for_them():
    assert splits_drawn(make_study().spec) == make_study().replicates_on_new_splits == 0
    study = make_study("{new_splits: {replicates: 4}, seed: 7, loss: MeanSquaredError, target_loss: 1}")
    assert study.replicates_on_new_splits == study.training("full")["replicates_on_new_splits"] == 4
    assert study.splits == study.data | {"seed": 7, "replicates": 4}
    crossed = make_study("{new_splits: {replicates: 4}, variance: {batch_sizes: [full], splits: 6}}")
    assert (crossed.replicates_on_new_splits, crossed.splits["replicates"]) == (4, 6)


def test_a_crossed_design_and_a_probe_are_made_where_a_study_asks_for_them():
    study = make_study("{variance: {batch_sizes: [full], splits: 6}, pace: {}}")
    [training] = study.variance["trainings"]
    assert (training["setting"].batch_size, study.variance["splits"], study.variance["orders"]) == (500, 6, 5)
    assert {"variance", "pace"} <= {*study.figures} & {*study.tables}
    assert study.processes_of_pace == 3
    assert {"variance", "pace"}.isdisjoint({*make_study().figures, *make_study().tables})


def test_steps_to_a_result_are_counted_where_a_study_asks_for_them():
    study = make_study("{steps_to_result: {loss: 0.25}, seed: 3}")
    assert study.steps == {"score": "loss", "result": 0.25, "paired": True, "seed": 3}
    assert study.page["steps"] == study.asked["steps"] == {"score": "loss", "result": 0.25}
    assert "steps_to_result" in study.figures
    assert {"steps_to_result", "scaling"} <= {*study.tables}
    without = make_study()
    assert "steps" not in without.page
    assert {"steps_to_result", "scaling"}.isdisjoint({*without.figures, *without.tables})


def test_the_noise_scale_is_drawn_where_a_study_asks_for_it():
    assert make_study("{noise_scale: {rows: 100}}").figures["noise_scale"] == "noise_scale"
    assert "noise_scale" not in make_study().figures


def test_the_dataset_depends_on_the_loss_only_as_far_as_it_says_what_is_learned():
    assert make_study().data == make_study("loss: CategoricalCrossentropy").data
    assert make_study("loss: MeanSquaredError").data == make_study().data | {"regression": True}


def test_two_batch_sizes_with_three_rates_are_mapped():
    two, three = make_study("batch_sizes: [8, 16]"), make_study("{batch_sizes: [8, 16], learning_rates: [1, 2, 4]}")
    assert "rates" not in two.figures.keys() | {*two.tables}
    assert "rates" in three.figures.keys() & {*three.tables}
    assert three.sizes_of_many_rates == [8, 16]
    assert not make_study("{batch_sizes: [8, {4: 9, 8: 9}], learning_rates: [1, 2, 4]}").maps_rates
    curves = "{a: {batch_size: 8, learning_rate: 7}, b: {batch_size: 16, learning_rate: 7}}"
    assert make_study(f"{{batch_sizes: [8, 16], learning_curves: {curves}}}").maps_rates


def test_usable_rates_of_a_batch_size_with_too_few_of_them_are_told():
    claim = "{statement: s, measure: usable_octaves, along: [8, full, 16], below: 0}"
    assert lines(f"{{batch_sizes: [8, 16, full], claims: {{c: {claim}}}, questions: {{}}}}") == [
        f"claims.c: usable_octaves is of 3 learning rates or more at one batch size, which {size} has not; add some to "
        "`learning_rates`"
        for size in (8, 500, 16)
    ]


def test_budgets_have_tables_and_a_figure_and_a_reference_that_is_a_batch_size():
    assert "budgets" not in make_study().figures
    study = make_study("budgets: {epochs: 10}")
    assert "budgets" in study.figures
    assert {"budgets", "budget_trainings"} <= {*study.tables}
    assert (study.budgets["given"], study.budgets["reference"]) == ({"epochs": 10}, 500)
    schedule = make_study("{budgets: {}, comparisons: {reference: {batch_size: {4: 20, 64: 80}}}}")
    assert schedule.budgets["reference"] == 500


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ("budgets: {epochs: 101}", "budgets.epochs: no training has more than 100 epochs; take at most that"),
        (
            "{budgets: {epochs: 51}, epochs: null, updates: 100, batch_sizes: [4, 250], learning_curves: {}}",
            "budgets.epochs: no training has more than 50 epochs; take at most that",
        ),
        ("budgets: {updates: 6301}", "budgets.updates: no training has more than 6300 updates; take at most that"),
        (
            "{budgets: {}, batch_sizes: [500, {4: 20, 64: 80}], learning_curves: {}}",
            "budgets: batch sizes are compared",
        ),
        (
            "{budgets: {}, claims: {c: {statement: s, measure: test_loss_at_equal_train_loss, of: {batch_size: 8}, "
            "above: 0}}}",
            "claims.c: at budgets the score is measured; take test_accuracy_at_equal_train_loss",
        ),
        (
            "claims: {c: {statement: s, measure: test_accuracy_at_equal_epochs, of: {batch_size: 8}, above: 0}}",
            "claims.c: test_accuracy_at_equal_epochs is measured at budgets; add the key `budgets` to studies.mine",
        ),
    ],
)
def test_budgets_that_cannot_be_are_told(changes, line):
    [found] = [each for each in lines(changes) if not each.startswith("questions")]
    assert found.startswith(line)
    assert lines("budgets: {epochs: 100, updates: 6300, seconds: 9, train_loss: 0.1}") == lines("{}")


def test_what_another_study_does_not_measure_of_its_rates_and_budgets_is_told():
    study, other = claiming("usable_octaves", "learning_rates: [0.01, 1, 2]\ntarget_accuracy: 0.9")
    study.spec["learning_rates"] = [0.01, 1, 2]
    assert list(mistakes(study, {"mine": study, "other": other})) == [
        "claims.c.measure: usable_octaves is counted to accuracy 0.9 in other and to accuracy 0.8 in mine; give both "
        "the same target"
    ]
    study, other = claiming("test_accuracy_at_equal_epochs", "seed: 0")
    assert list(mistakes(study, {"mine": study, "other": other})) == [
        f"claims.c: test_accuracy_at_equal_epochs is measured at budgets; add the key `budgets` to studies.{name}"
        for name in ("other", "mine")
    ]


@pytest.mark.parametrize(
    ("changes", "batch_size", "rate"),
    [
        ("{batch_sizes: [full, 8, {8: 5, 64: 5}, 64, 2], noise_scale: {}}", 8, 0.1),
        ("{batch_sizes: [{8: 5, 64: 5}], noise_scale: {}}", 14, 0.1),
        ("{learning_rates: {at: 8, rates: [1, 2], scaling: linear}, noise_scale: {batch_size: 32}}", 32, 4),
        ("{batch_sizes: [8], noise_scale: {learning_rate: 0.5}}", 8, 0.5),
    ],
)
def test_the_noise_scale_is_measured_at_the_middle_batch_size_and_its_first_rate(changes, batch_size, rate):
    training = make_study(changes).noise_scale
    assert training["setting"][:2] == (batch_size, rate)
    assert training["task"]["gradient_rows"] == 512
    assert training["task"]["evaluate_every"] == {"epochs": 1}


def test_measuring_the_noise_scale_more_often_takes_longer():
    minutes = [
        make_study(f"{{replicates: 10000, noise_scale: {{every: {{epochs: {every}}}}}}}").minutes_of_noise_scale
        for every in (5, 1)
    ]
    assert minutes[0] < minutes[1]
