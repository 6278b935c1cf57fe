import dataclasses

import pandas as pd
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.report.evidence_figures import plot_pace
from batchscope.results import pace_summary
from batchscope.results.pace_summary import sum_up
from batchscope.study.setting import CONSTANT
from batchscope.training import pace
from batchscope.training import train as training
from batchscope.training.compiled import CompiledEngine
from batchscope.training.engines import Way
from batchscope.training.pace import COLUMNS, measure_pace
from batchscope.training.task import Stage, Task


@pytest.fixture
def task(blobs_spec, first_500) -> Task:
    model = [{"Dense": {"units": 4}}]
    return Task(
        make_dataset(blobs_spec, first_500), model, "SGD", "SparseCategoricalCrossentropy", [Stage(50, 20)], seed=0
    )


def test_each_way_goes_through_the_batch_sizes_in_turn_without_the_first_round(task):
    table = measure_pace(task, [250, 500], replicates=3, way=Way("compiled"), memory_mb=3000)
    assert list(table) == COLUMNS
    assert (table["seconds_per_epoch"] > 0).all()
    assert table.groupby("way")["replicates"].unique().map(list).to_dict() == {
        "stacked": [3],
        "alone": [1],
        "Model.fit": [1],
    }
    for way, of_way in table.groupby("way"):
        rounds = [(size, number) for number in range(1, 3 if way == "Model.fit" else 5) for size in (250, 500)]
        assert list(of_way[["batch_size", "round"]].itertuples(index=False, name=None)) == rounds


def test_a_visit_is_as_long_as_a_piece_of_the_training_and_trained_in_one(task, monkeypatch):
    """Else the call of the program weighs more than it does in a training."""
    trained = []
    train = CompiledEngine.train

    def noting(*arguments):
        trained.append(train(*arguments))
        return trained[-1]

    monkeypatch.setattr(CompiledEngine, "train", noting)
    long = dataclasses.replace(task, stages=[Stage(50, 70)])
    measure_pace(long, [250, 500], replicates=2, way=Way("compiled"), memory_mb=3000)
    assert [each.stretches[:, 0].tolist() for each in trained] == [[7] * 10, [7] * 10]


def test_where_epochs_take_long_a_visit_has_fewer(task, monkeypatch):
    monkeypatch.setattr(pace, "_SECONDS_OF_A_VISIT", 2.5 * task.epoch_seconds(Stage(50, 1), task.build_replicate(0)))
    assert [visit.epochs for visit in pace._visits(dataclasses.replace(task, stages=[Stage(50, 70)]), 1)] == [2]
    assert [visit.epochs for visit in pace._visits(dataclasses.replace(task, stages=[Stage(50, 70)]), 9)] == [1]


@pytest.mark.parametrize(
    ("optimizer", "replicates", "engine", "ways"),
    [
        ("Muon", 2, "compiled", ["alone", "Model.fit"]),  # cannot be stacked
        ("SGD", 1, "compiled", ["alone", "Model.fit"]),
        ("SGD", 2, "fit", ["Model.fit"]),
    ],
)
def test_what_a_study_cannot_do_has_no_pace(task, optimizer, replicates, engine, ways):
    task = dataclasses.replace(task, optimizer=optimizer)
    assert measure_pace(task, [500], replicates, Way(engine), memory_mb=3000)["way"].unique().tolist() == ways


def test_no_more_are_stacked_than_in_a_training(task, monkeypatch):
    monkeypatch.setattr(training, "_WIDEST", 2)
    table = measure_pace(task, [500], replicates=4, way=Way("compiled"), memory_mb=3000)
    assert table.loc[table["way"] == "stacked", "replicates"].unique().tolist() == [2]


def test_a_training_takes_the_median_over_processes_of_its_stages():
    rows = [
        (4, "alone", 1, number, seconds, process)
        for number in (0, 1)
        for process, seconds in enumerate((1.0, 2.0, 9.0))
    ]
    rows += [(8, "alone", 1, 0, 0.5, process) for process in range(3)]
    measured = pd.DataFrame(rows, columns=[*COLUMNS, "process"])
    trainings = [
        {"training": "4", "batch_size": 4, "schedule": CONSTANT, "stages": [(4, 10)]},
        {"training": "4x1_8x2", "batch_size": 6, "schedule": "4x1_8x2", "stages": [(4, 1), (8, 2)]},
    ]
    table = sum_up(measured, trainings).set_index("training")
    assert table.loc["4", ["seconds_per_training", "low", "high", "processes"]].tolist() == [20, 10, 90, 3]
    assert table.loc["4x1_8x2", "seconds_per_training"] == 2 + 2 * 0.5
    assert table.loc["4x1_8x2", "seconds_per_epoch"] == 1


def test_the_figure_has_a_line_for_each_way_by_batch_size_and_a_star_for_a_schedule():
    rows = [
        (name, batch_size, schedule, way, at_once, seconds, seconds / 2, seconds * 2, 3, seconds / 10)
        for name, batch_size, schedule in (("500", 500, CONSTANT), ("4", 4, CONSTANT), ("4x1_8x2", 6, "4x1_8x2"))
        for way, at_once, seconds in (("stacked", 30, 0.1), ("alone", 1, 0.2), ("Model.fit", 1, 100.0))
    ]
    figure = plot_pace(pd.DataFrame(rows, columns=pace_summary.COLUMNS), "title")
    [axes] = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["stacked, 30 at once", "alone", "Model.fit"]
    lines = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() != "*"]
    assert lines == [[4, 500]] * 3
    assert [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "*"] == [[6]] * 3
    assert axes.collections[0].get_segments()[0][:, 1].tolist() == [0.05, 0.2]
