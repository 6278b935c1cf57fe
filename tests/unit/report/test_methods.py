"""The page of methods says what is so for the kind of a study, and nothing that is so for others."""

import pytest
import yaml

from batchscope.report.methods import methods_table
from batchscope.study.config import check_config
from batchscope.study.studies import make_study

KERAS = """
dataset: {make_blobs: {random_state: 1}}
split: {train: 50}
model: []
optimizer: SGD
epochs: 1
batch_sizes: [8]
learning_rates: [0.1]
"""
PROGRAM = """
program: {command: "python {batch_size} {learning_rate} {seed} {epochs} {history}"}
train_rows: 50
epochs: 1
batch_sizes: [8]
learning_rates: [0.1]
"""
HISTORIES = """
histories: {table: runs.csv, paired: true}
train_rows: 50
"""
UNPAIRED = HISTORIES.replace("true", "false")
RUNS = [[[8, 0.1, "constant"], 0, "run 0", "runs.csv", {}, {}]]
OF_KERAS = (
    "compil",
    "stack",
    "Keras",
    "Model.fit",
    "new rows and new trainings",
    "Clopper",
    "three answers",
    "drawing",
)
OF_PAIRS = ("in pairs;", "paired", "share of pairs", "that pairing", "Kendall's tau-b")


def methods(text: str, changes: str = "{}") -> dict[str, str]:
    spec = yaml.safe_load(text) | yaml.safe_load(changes)
    facts = {"train_rows": 50, "multiplications": 10**6} if "dataset" in spec else {"runs": RUNS}
    study = make_study("mine", check_config({"studies": {"mine": spec}})["studies"]["mine"], facts)
    table = methods_table(study.described, []).set_index("what")["how"]
    return {what: how for what, how in table.items() if what not in ("Histories", "Workflow")}


def words(text: str) -> str:
    return " ".join(methods(text).values())


@pytest.mark.parametrize("text", [PROGRAM, HISTORIES, UNPAIRED])
def test_of_runs_nothing_is_said_that_is_so_of_keras(text):
    assert [word for word in OF_KERAS if word in words(text)] == []
    assert [word for word in OF_KERAS if word not in words(KERAS)] == []
    said = methods(text)
    assert said["Populations"].endswith("they hold for other trainings on the same rows.")
    assert said["Metrics"].startswith("As the runs wrote them")
    assert "not measured" in said["Claims"]


def test_of_groups_nothing_is_said_that_is_so_of_pairs():
    assert [word for word in OF_PAIRS if word in words(UNPAIRED)] == []
    said = methods(UNPAIRED)
    assert "independent groups rather than in pairs" in said["Replicates"]
    for what, word in (("Intervals", "Welch"), ("Comparisons", "Mann and Whitney"), ("Claims", "tau-a")):
        assert word in said[what]
        for text in (KERAS, PROGRAM, HISTORIES):
            assert word not in methods(text)[what]
    assert "in pairs;" in methods(PROGRAM)["Replicates"]
    assert "same seed" in methods(HISTORIES)["Replicates"]


def test_seconds_are_those_of_each_run():
    assert methods(PROGRAM)["Seconds"].startswith("Of each run by itself: as its history says")
    assert "from its start to its end" in methods(PROGRAM)["Seconds"]
    assert "from its start" not in methods(HISTORIES)["Seconds"]


def test_what_a_study_does_not_have_is_left_out():
    optional = {"Metrics", "Weights of classes", "Numbers that are learned"}
    assert optional.isdisjoint(methods(KERAS))
    classes = methods(KERAS, "{metrics: [roc_auc], class_weight: balanced}")
    assert optional & {*classes} == {"Metrics", "Weights of classes"}
    assert "DeLong" in methods(KERAS, "score: roc_auc")["Metrics"]
    assert optional & {*methods(KERAS, "loss: MeanSquaredError")} == {"Numbers that are learned"}
    assert optional & {*methods(PROGRAM, "score: loss")} == {"Metrics"}


def test_the_target_has_its_article():
    assert methods(KERAS)["Target"].startswith("an accuracy of 0.8;")
    assert methods(KERAS, "loss: MeanSquaredError")["Target"].startswith("a loss of 0.5;")


@pytest.mark.parametrize("text", [KERAS, PROGRAM, UNPAIRED])
def test_how_steps_to_a_result_are_counted_is_said_where_a_study_asks(text):
    assert "Steps to a result" not in methods(text)
    assert "S_min (1 + B_crit / B)" in methods(text, "steps_to_result: {loss: 0.25}")["Steps to a result"]
