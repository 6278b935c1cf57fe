"""Studies of programs and of runs that are there: their settings, their runs, and what their rules depend on."""

import pytest
import yaml

from batchscope.study.config import check_config
from batchscope.study.mistakes import mistakes
from batchscope.study.plan import Plan
from batchscope.study.studies import make_study

PROGRAM = """
program:
  command: python -m train {batch_size} {learning_rate} {seed} {epochs} {history}
  history: {test_accuracy: val_acc, validation_loss: val_loss, test_f1_macro: f1}
train_rows: 100
epochs: 5
replicates: 2
seed: 3
batch_sizes: [8, full]
learning_rates: [0.1, 1.0e-5]
"""
HISTORIES = """
histories: {table: runs.csv, columns: {batch_size: bs}, paired: false}
train_rows: 100
"""
RUNS = [
    [[size, rate, "constant"], replicate, f"run {replicate}", path, {}, {}]
    for size, rate, path in ((8, 0.1, "a.csv"), (16, 0.1, "a.csv"), (16, 0.2, "b.csv"))
    for replicate in range(2)
]


def study(text: str, changes: str = "{}") -> Plan:
    spec = yaml.safe_load(text) | yaml.safe_load(changes)
    facts = {"train_rows": 50, "multiplications": 10**6} if "dataset" in spec else {"runs": RUNS}
    return make_study("mine", check_config({"studies": {"mine": spec}})["studies"]["mine"], facts)


def lines(text: str, changes: str) -> list[str]:
    made = study(text, changes)
    return list(mistakes(made, {"mine": made}))


def test_a_program_is_run_for_every_rate_and_replicate_of_a_batch_size():
    program = study(PROGRAM).program("full")
    assert program["runs"] == [(0.1, 0), (0.1, 1), (1e-5, 0), (1e-5, 1)]
    assert (program["batch_size"], program["epochs"], program["seed"]) == (100, 5, 3)
    assert study(PROGRAM).run_files("full")[2] == "runs/batch_size_full/learning_rate_1e-05_replicate_0.csv"


def test_what_runs_at_once_is_no_part_of_what_a_result_follows_from():
    more = study(PROGRAM)
    more.spec["program"]["at_once"] = 4
    assert more.program("8") == study(PROGRAM).program("8")
    assert more.at_once == 4


def test_a_run_is_known_by_what_it_was_told():
    [*_, last] = study(PROGRAM).reading("full")["runs"]
    setting, replicate, label, path, rows, says = last
    assert (tuple(setting), replicate, label, rows) == ((100, 1e-5, "constant"), 1, "replicate 1", {})
    assert path == "runs/batch_size_full/learning_rate_1e-05_replicate_1.csv"
    assert says == {"batch_size": 100, "learning_rate": 1e-5, "replicate": 1, "seed": 4}


def test_a_trial_is_a_short_run_with_the_fewest_updates():
    trial = study(PROGRAM).trial
    assert (trial["batch_size"], trial["epochs"], trial["runs"]) == (100, 2, [(0.1, 0)])
    assert study(PROGRAM, "epochs: 1").trial["epochs"] == 1
    assert study(PROGRAM.replace("{epochs}", "5")).trial["epochs"] == 5


def test_what_is_measured_is_what_the_columns_say():
    made = study(PROGRAM)
    assert made.metrics_measured == ["f1_macro"]
    assert made.chosen_on == "test"
    assert study(PROGRAM, "score: loss").chosen_on == "validation"
    assert "dataset" not in made.figures
    assert (made.paired, made.of_rows) == (True, False)


def test_histories_have_the_settings_that_there_are():
    made = study(HISTORIES)
    assert {name: [tuple(each)[:2] for each in settings] for name, settings in made.trainings.items()} == {
        "8": [(8, 0.1)],
        "16": [(16, 0.2), (16, 0.1)],
    }
    assert made.spec["batch_sizes"] == [8, 16]
    assert [tuple(each)[:2] for each in made.panels["settings"]] == [(8, 0.1), (16, 0.1), (16, 0.2)]
    assert made.run_files("16") == ["a.csv", "b.csv"]
    assert [run[0][:2] for run in made.reading("8")["runs"]] == [[8, 0.1]] * 2
    assert made.comparisons["paired"] is made.recommendation["paired"] is False
    assert made.claims({made.name: made})["paired"] == {made.name: False}


def test_of_histories_some_settings_may_be_taken():
    made = study(HISTORIES, "learning_rates: [0.1]")
    assert [tuple(each)[:2] for each in made.settings] == [(8, 0.1), (16, 0.1)]
    assert len(made.check["reading"]["runs"]) == 4


@pytest.mark.parametrize(
    ("text", "changes", "line"),
    [
        (HISTORIES, "learning_rates: [0.1, 7]", "learning_rates[1]: there is no run at 7"),
        (HISTORIES, "batch_sizes: [8, full]", "batch_sizes[1]: there is no run at full"),
        (
            HISTORIES,
            "learning_curves: {a: {batch_size: 8, learning_rate: 0.2}}",
            "learning_curves.a: there is no run at this batch size and learning rate",
        ),
        (
            PROGRAM,
            "steps_to_result: {roc_auc: 0.9}",
            "steps_to_result: roc_auc is not measured; name test_roc_auc in `program.history`",
        ),
        (
            HISTORIES,
            "claims: {c: {statement: s, measure: test_roc_auc, of: {batch_size: 8}, above: 0}}",
            "claims.c.measure: test_roc_auc is not measured; name test_roc_auc in `histories.columns`",
        ),
        (
            PROGRAM,
            "claims: {c: {statement: s, measure: ensemble_gain, above: 0}}",
            "claims.c.measure: ensemble_gain cannot be told from histories; take test_accuracy",
        ),
        (
            HISTORIES,
            "claims: {c: {statement: s, measure: noise_scale, above: 0}}",
            "claims.c: noise_scale is measured along a training with Keras; leave the claim out",
        ),
        (PROGRAM, "target_loss: 1", "target_loss: the score is accuracy; write target_accuracy"),
        (
            PROGRAM,
            "learning_curves: {a: {batch_size: {4: 2, 8: 3}, learning_rate: 0.1}}",
            "learning_curves.a.batch_size: a run has one batch size; write a number, or full",
        ),
        (PROGRAM, "batch_sizes: [8, 101]", "batch_sizes[1]: 101 is above the 100 training rows"),
        (
            PROGRAM,
            "program: {command: 'python {batch_size} {seed} {history}'}",
            "program.command: it has no {learning_",
        ),
    ],
)
def test_what_such_a_study_cannot_have_is_told(text, changes, line):
    assert any(found.startswith(line) for found in lines(text, changes)), lines(text, changes)


NUMBERS = """
dataset: {make_regression: {random_state: 1}}
split: {train: 50}
model: []
optimizer: SGD
loss: MeanSquaredError
epochs: 1
batch_sizes: [8]
learning_rates: [0.1]
"""
CLASSES = NUMBERS.replace("regression", "blobs").replace("loss: MeanSquaredError", "metrics: [roc_auc]")
ASKED = """
claims: {c: {statement: s, measure: test_loss, of: {batch_size: 8}, above: 0}}
questions: {q: {question: Why, answer: c, measures: [test_loss, MEASURE], beside: [other]}}
"""


@pytest.mark.parametrize(
    ("text", "other", "measure", "has_it"),
    [
        (CLASSES, PROGRAM, "test_roc_auc", False),
        (CLASSES, PROGRAM, "test_accuracy", True),
        (PROGRAM, CLASSES, "test_f1_macro", False),
        (PROGRAM, PROGRAM, "test_f1_macro", True),
        (NUMBERS, CLASSES, "test_rmse", False),
        (NUMBERS, HISTORIES, "test_mae", False),
        (NUMBERS, HISTORIES, "train_loss", True),
        (HISTORIES, NUMBERS, "accuracy_gap", False),
        (CLASSES, NUMBERS, "test_roc_auc_late", False),
        (NUMBERS, NUMBERS, "validation_rmse", True),
    ],
)
def test_a_question_beside_a_study_that_does_not_measure_the_same_is_told(text, other, measure, has_it):
    made, beside = study(text, ASKED.replace("MEASURE", measure)), study(other)
    found = [line for line in mistakes(made, {"mine": made, "other": beside}) if "beside" in line]
    assert found == [f"questions.q.beside[0]: other has no {measure}; draw what both have"] * (not has_it)
