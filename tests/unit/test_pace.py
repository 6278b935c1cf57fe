import dataclasses

import pandas as pd
import pytest

from batchscope.pace import COLUMNS, measure_pace
from batchscope.pace_summary import sum_up
from batchscope.prepare import make_dataset
from batchscope.setting import CONSTANT
from batchscope.task import Stage, Task


@pytest.fixture
def task(blobs_spec, first_500) -> Task:
    model = [{"Dense": {"units": 4}}]
    return Task(
        make_dataset(blobs_spec, first_500), model, "SGD", "SparseCategoricalCrossentropy", [Stage(50, 1)], seed=0
    )


def test_the_three_ways_are_measured_in_turn(task):
    pace = measure_pace(task, [100, 500], replicates=3, memory_mb=3000)
    assert list(pace) == COLUMNS
    assert (pace["seconds_per_epoch"] > 0).all()
    assert pace.groupby("way")["replicates"].unique().map(list).to_dict() == {
        "stacked": [3],
        "alone": [1],
        "Model.fit": [1],
    }
    assert pace.loc[pace["way"] == "alone", ["batch_size", "round"]].to_numpy().tolist() == [
        *([100, 0], [500, 0], [100, 1], [500, 1], [100, 2], [500, 2])
    ]


def test_what_cannot_be_stacked_has_no_pace_of_a_stack(task):
    muon = dataclasses.replace(task, optimizer="Muon")
    assert measure_pace(muon, [500], replicates=2, memory_mb=3000)["way"].unique().tolist() == ["alone", "Model.fit"]


def test_a_training_takes_the_median_over_processes_of_its_stages():
    rows = [
        (4, "alone", 1, number, seconds, process)
        for number in (0, 1)
        for process, seconds in enumerate((1.0, 2.0, 9.0))
    ]
    rows += [(8, "alone", 1, 0, 0.5, process) for process in range(3)]
    pace = pd.DataFrame(rows, columns=[*COLUMNS, "process"])
    trainings = [
        {"training": "4", "batch_size": 4, "schedule": CONSTANT, "stages": [(4, 10)]},
        {"training": "4x1_8x2", "batch_size": 6, "schedule": "4x1_8x2", "stages": [(4, 1), (8, 2)]},
    ]
    table = sum_up(pace, trainings).set_index("training")
    assert table.loc["4", ["seconds_per_training", "low", "high", "processes"]].tolist() == [20, 10, 90, 3]
    assert table.loc["4x1_8x2", "seconds_per_training"] == 2 + 2 * 0.5
