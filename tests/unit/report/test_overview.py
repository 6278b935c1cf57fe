import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.comparisons import compare
from batchscope.report.overview import plot_ensembles, plot_measures
from batchscope.report.words import MEASURES
from batchscope.study.setting import Setting
from tests.unit.tables import populations, replicates


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def markers(axes) -> set[str]:
    return {line.get_marker() for line in axes.lines}


@pytest.fixture
def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return replicates({4: random.normal(0.7, 0.1, 20), 64: random.normal(0.8, 0.1, 20)})


def test_means_with_intervals_and_every_replicate_on_a_log2_axis(table):
    [axes] = plot_measures({"one": [table]}, ["test_accuracy"], "title", seed=0).axes
    assert (axes.get_xscale(), axes.xaxis.get_transform().base) == ("log", 2)
    assert axes.get_ylabel() == MEASURES["test_accuracy"]
    dots = np.concatenate([line.get_ydata() for line in axes.lines if line.get_marker() == "."])
    np.testing.assert_array_equal(np.sort(dots), np.sort(table["test_accuracy"]))
    [line] = [line for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(line.get_xdata(), [4, 64])
    np.testing.assert_allclose(line.get_ydata(), table.groupby("batch_size")["test_accuracy"].mean())
    [intervals] = axes.collections
    for segment, mean in zip(intervals.get_segments(), line.get_ydata()):
        assert segment[0][1] < mean < segment[1][1]


def test_batch_sizes_are_written_as_whole_numbers():
    table = replicates({batch_size: np.array([0.7, 0.8]) for batch_size in (1, 2, 4)})
    figure = plot_measures({"one": [table]}, ["test_accuracy"], "title", seed=0)
    figure.canvas.draw()
    assert {"1", "2", "4"} <= {tick.get_text() for tick in figure.axes[0].get_xticklabels()}


def test_a_panel_for_each_measure_and_a_line_for_each_study_and_learning_rate(table):
    slow = table.assign(learning_rate=0.01)
    figure = plot_measures(
        {"one": [pd.concat([table, slow])], "two": [table]}, ["test_accuracy", "epochs_to_target"], "title", seed=0
    )
    assert [axes.get_ylabel() for axes in figure.axes] == ["final test accuracy", "epochs to target"]
    assert sorted(legend(figure)) == ["one, learning rate 0.01", "one, learning rate 0.1", "two, learning rate 0.1"]


def test_what_all_lines_share_is_not_in_the_legend(table):
    assert legend(plot_measures({"one": [table], "two": [table]}, ["test_accuracy"], "t", seed=0)) == ["one", "two"]


def test_a_median_that_was_not_reached_is_a_triangle():
    times = replicates({4: np.full(5, 20.0), 64: np.array([30, *[math.inf] * 4])}, "epochs_to_target")
    [axes] = plot_measures({"one": [times]}, ["epochs_to_target"], "title", seed=0).axes
    [triangle] = [line for line in axes.lines if line.get_marker() == "^"]
    assert (triangle.get_xdata().tolist(), axes.get_yscale()) == ([64], "log")


def test_a_schedule_is_a_star_and_a_constant_batch_size_of_other_epochs_is_not(table):
    schedule = table[table["batch_size"] == 64].assign(schedule="4x10_100x10", batch_size=20)
    own_epochs = table[table["batch_size"] == 64].assign(schedule="64x10")
    [axes] = plot_measures({"one": [pd.concat([table, own_epochs])]}, ["test_accuracy"], "t", seed=0).axes
    assert "*" not in markers(axes)
    figure = plot_measures({"one": [pd.concat([table, schedule])]}, ["test_accuracy"], "t", seed=0)
    assert "*" in markers(figure.axes[0])
    assert legend(figure)[-1].startswith("growing or shrinking")


def test_diverged_replicates_are_marked(table):
    table.loc[table["batch_size"] == 4, ["test_accuracy", "diverged"]] = [math.nan, True]
    [axes] = plot_measures({"one": [table]}, ["test_accuracy"], "title", seed=0).axes
    [cross] = [line for line in axes.lines if line.get_marker() == "x"]
    assert cross.get_xdata().tolist() == [4]
    [line] = [line for line in axes.lines if line.get_marker() == "o"]
    assert line.get_xdata().tolist() == [64]


def test_measures_stand_in_several_tables(table):
    timing = pd.DataFrame([(*Setting(4, 0.1), stretch, 0.01) for stretch in range(3)])
    timing.columns = [*Setting._fields, "stretch", "seconds_per_epoch"]
    figure = plot_measures({"one": [table, timing]}, ["test_accuracy", "seconds_per_epoch"], "title", seed=0)
    assert figure.axes[1].get_ylabel() == "seconds per epoch"


def test_a_study_that_did_not_measure_what_another_did_has_no_line_there(table):
    studies = {"one": [table.assign(test_roc_auc=0.9)], "two": [table]}
    figure = plot_measures(studies, ["test_roc_auc", "test_accuracy"], "title", seed=0)
    assert [sum(line.get_linestyle() == "-" for line in axes.lines) for axes in figure.axes] == [1, 2]
    assert legend(figure) == ["one", "two"]


def test_guessing_is_a_line_in_the_panel_of_the_score_of_a_single_study(table):
    settings = table[["batch_size", "learning_rate", "schedule"]].drop_duplicates()
    summary = settings.assign(test_guess=table["test_accuracy"].mean())
    studies = {"one": [table, summary]}
    figure = plot_measures(studies, ["test_accuracy"], "title", seed=0, score="accuracy")
    assert legend(figure)[-1] == "guessing the largest class"
    for others in ({"score": "roc_auc"}, {}):
        assert "guessing the largest class" not in legend(plot_measures(studies, ["test_accuracy"], "t", 0, **others))
    both = studies | {"two": [table, summary]}
    assert legend(plot_measures(both, ["test_accuracy"], "t", 0, "accuracy")) == ["one", "two"]


def test_seconds_are_medians_without_an_interval():
    """Of one machine at one time, an interval would say more than is known."""
    table = replicates({4: np.arange(1.0, 22), 64: np.array([5.0] * 9 + [math.inf] * 12)}, "seconds_to_target")
    [axes] = plot_measures({"one": [table]}, ["seconds_to_target"], "title", seed=0).axes
    [line] = [line for line in axes.lines if line.get_marker() == "o"]
    assert line.get_ydata().tolist() == [11, math.inf]
    [bars] = axes.collections
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[11, 11]]


def test_ensembles_by_their_number_of_members():
    rows = [(ensemble, k, 0.7, 0.7 + k / 100, 0.72) for ensemble in range(4) for k in (1, 2, 3)]
    columns = ["ensemble", "members", "one", "mean_prediction", "best_on_validation"]
    figure = plot_ensembles(pd.DataFrame(rows, columns=columns), "title", seed=0)
    [axes] = figure.axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.71, 0.72, 0.73])
    assert len(legend(figure)) == 3


MARGINS = {"test_accuracy": 0.01, "test_accuracy_volatility": 0.1, "epochs_to_target": 1}


def test_differences_stand_below_the_measures_that_are_compared_but_not_below_times(table):
    comparisons = compare(populations(table), Setting(64, 0.1), MARGINS, seed=0)
    measures = ["test_accuracy", "updates_to_target", "epochs_to_target"]
    figure = plot_measures({"one": [table]}, measures, "title", seed=0, comparisons=comparisons)
    labels = [
        "final test accuracy",
        "final test accuracy\nless that of the reference",
        "updates to target",
        "epochs to target",
    ]
    assert [axes.get_ylabel() for axes in figure.axes] == labels
    of_accuracy = comparisons[comparisons["measure"] == "test_accuracy"].iloc[0]
    names = ["learning rate 0.1", "within the margin", "reference", of_accuracy["verdict_on_this_split"]]
    assert legend(figure) == names
    expected = table.groupby("batch_size")["test_accuracy"].mean().diff().iloc[1]
    drawn = {line.get_xdata()[0]: line.get_ydata()[0] for line in figure.axes[1].lines if len(line.get_xdata()) == 1}
    assert drawn == {4: pytest.approx(-expected), 64: 0}


def test_there_are_no_differences_of_a_single_setting(table):
    comparisons = compare(populations(table), Setting(64, 0.1), MARGINS, seed=0)
    one = table[table["batch_size"] == 64]
    for none in (comparisons.head(0), comparisons):
        figure = plot_measures({"one": [one]}, ["test_accuracy"], "title", seed=0, comparisons=none)
        assert len(figure.axes) == 1
        assert legend(figure) == ["learning rate 0.1"]


def test_the_reference_is_on_the_line_of_its_learning_rate(table):
    both = pd.concat([table, table.assign(learning_rate=0.01)])
    comparisons = compare(populations(both), Setting(64, 0.01), MARGINS, seed=0)
    figure = plot_measures({"one": [both]}, ["test_accuracy"], "title", seed=0, comparisons=comparisons)
    above, below = figure.axes
    [line] = [each for each in above.lines if each.get_marker() == "s" and len(each.get_xdata()) == 2]
    [reference] = [each for each in below.lines if each.get_marker() == "s"]
    assert (reference.get_xdata()[0], reference.get_color()) == (line.get_xdata()[1], line.get_color())
