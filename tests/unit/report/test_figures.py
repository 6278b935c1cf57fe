import math

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from batchscope.data.dataset import Dataset
from batchscope.report.figure_file import Origin, save_figure
from batchscope.report.figures import plot_batch_sizes, plot_dataset, plot_learning_curve
from batchscope.study.setting import Setting

ORIGIN = Origin("blobs: dataset", "Batchscope 0", "rule plot_dataset; dataset.npz sha256:0")


def history_and_summary(batch_sizes, diverged=0, replicates=5, epochs=6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves that rise to 0.8; the last `diverged` replicates have none after the third epoch."""
    rows = [
        (batch, 0.1, "constant", replicate, epoch, *[accuracy] * 4)
        for batch in batch_sizes
        for replicate in range(replicates)
        for epoch in range(1, epochs + 1)
        for accuracy in [math.nan if replicate >= replicates - diverged and epoch > 3 else 0.8 * epoch / epochs]
    ]
    columns = ["batch_size", "learning_rate", "schedule", "replicate", "epoch"]
    columns += ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    mean = 0.8 if diverged < replicates else math.nan
    summary = pd.DataFrame(
        {"batch_size": batch_sizes, "learning_rate": 0.1, "schedule": "constant", "replicates": replicates}
    )
    numbers = {
        "test_accuracy_mean": mean,
        "test_accuracy_low_on_this_split": mean - 0.1,
        "test_accuracy_high_on_this_split": mean + 0.1,
    }
    return pd.DataFrame(rows, columns=columns), summary.assign(diverged=diverged, **numbers)


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (8, (4, 2)), (20, (7, 3))])
def test_the_grid_adapts_and_all_panels_share_an_axis_and_a_legend(count, grid):
    batch_sizes = [2**power for power in range(count)]
    figure = plot_batch_sizes(
        *history_and_summary(batch_sizes), "title", [Setting(batch, 0.1) for batch in batch_sizes], 1, "accuracy"
    )
    assert [axes.get_title() for axes in figure.axes] == [f"batch size {batch}" for batch in batch_sizes]
    assert figure.axes[0].get_gridspec().get_geometry() == grid
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert len(figure.legends) == 1
    assert all(texts(axes) == ["test 0.800 [0.700, 0.900]"] for axes in figure.axes)


@pytest.mark.parametrize(
    ("diverged", "text"),
    [(2, "2 of 5 diverged\ntest 0.800 [0.700, 0.900]"), (5, "5 of 5 diverged")],
)
def test_diverged_replicates_are_counted_on_the_figure(diverged, text):
    figure = plot_learning_curve(*history_and_summary([4], diverged), "title", Setting(4, 0.1), "accuracy")
    assert texts(figure.axes[0]) == [text]


def lines_at(axes, height: float) -> int:
    return sum([*line.get_ydata()] == [height, height] for line in axes.lines)


def test_guessing_is_a_line_in_the_legend_where_it_is_near():
    settings = [Setting(batch, 0.1) for batch in (4, 8)]
    history, summary = history_and_summary([4, 8])
    panels = plot_batch_sizes(history, summary.assign(test_guess=0.85), "title", settings, 1, "accuracy")
    assert [lines_at(axes, 0.85) for axes in panels.axes] == [1, 1]
    assert "guessing the largest class" in [text.get_text() for text in panels.legends[0].texts]
    assert len({axes.get_ylim() for axes in panels.axes}) == 1
    assert panels.axes[0].get_ylim()[1] > 0.85
    far = plot_learning_curve(history, summary.assign(test_guess=0.99), "title", settings[0], "accuracy")
    assert lines_at(far.axes[0], 0.99) == 0
    assert far.axes[0].get_ylim()[1] < 0.9
    assert "guessing the largest class" not in [text.get_text() for text in far.legends[0].texts]


def test_a_score_that_training_rows_do_not_have_has_the_line_of_the_test_rows_alone():
    history, summary = history_and_summary([4])
    named = {"test_accuracy": "test_roc_auc"}
    summary = summary.rename(columns=lambda column: column.replace("accuracy", "roc_auc"))
    figure = plot_learning_curve(history.rename(columns=named), summary, "title", Setting(4, 0.1), "roc_auc")
    assert figure.axes[0].get_ylabel() == "ROC AUC"
    labels = [text.get_text() for text in figure.legends[0].texts]
    assert labels == ["test, median", "middle 80 % of 5 replicates", "replicate 0"]


def test_the_single_replicate_and_the_medians_are_drawn():
    figure = plot_learning_curve(*history_and_summary([4]), "title", Setting(4, 0.1), "accuracy")
    expected = 0.8 * np.arange(1, 7) / 6
    median = [line.get_ydata() for line in figure.axes[0].lines if "median" in line.get_label()]
    assert len(median) == 2
    np.testing.assert_allclose(median, [expected, expected])


def test_a_figure_has_the_width_of_a_column_and_the_same_bytes_again(tmp_path):
    for suffix in ("svg", "pdf", "png"):
        for name in ("one", "two"):
            figure = plot_learning_curve(*history_and_summary([4]), "title", Setting(4, 0.1), "accuracy")
            save_figure(figure, tmp_path / f"{name}.{suffix}", ORIGIN)
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()
    assert Image.open(tmp_path / "one.png").width == 3.5 * 300


def beyond(figure) -> list[str]:
    return [name.get_text() for name in figure.legends[0].texts if "beyond" in name.get_text()]


@pytest.mark.parametrize("score", ["accuracy", "loss"])
def test_a_replicate_that_is_far_off_is_counted_and_does_not_stretch_the_axis(score):
    settings = [Setting(batch, 0.1) for batch in (4, 8)]
    history, summary = history_and_summary([4, 8], epochs=20)
    numbers = {f"test_{score}_{name}": 0.8 for name in ("mean", "low_on_this_split", "high_on_this_split")}
    summary = summary.assign(**numbers)
    usual = plot_batch_sizes(history, summary, "title", settings, 1, score)
    one = (history["batch_size"] == 8) & (history["replicate"] == 2) & (history["epoch"] > 1)
    far = history.assign(**{f"test_{score}": history[f"test_{score}"].mask(one, 1e9)})
    figure = plot_batch_sizes(far, summary, "title", settings, 1, score)
    assert [axes.get_ylim() for axes in figure.axes] == [axes.get_ylim() for axes in usual.axes]
    assert (beyond(usual), beyond(figure)) == ([], ["beyond the axis: 1 of 10"])
    alone = plot_learning_curve(far, summary, "title", settings[1], score)
    assert alone.axes[0].get_ylim()[1] < 1
    assert beyond(alone) == ["beyond the axis: 1 of 5"]


def test_a_setting_that_mostly_diverged_does_not_stretch_the_axis_of_the_others():
    settings = [Setting(batch, 0.1) for batch in (4, 8)]
    history, summary = history_and_summary([4, 8])
    numbers = {f"test_loss_{name}": 0.8 for name in ("mean", "low_on_this_split", "high_on_this_split")}
    exploded = history["batch_size"] == 8
    history[["train_loss", "test_loss"]] = history[["train_loss", "test_loss"]].mask(exploded, 1e30)
    summary = summary.assign(diverged=[0, 3], **numbers)
    axes, _ = plot_batch_sizes(history, summary, "title", settings, 1, "loss").axes
    assert axes.get_ylim()[1] < 1
    sound = plot_batch_sizes(history, summary.assign(diverged=[0, 2]), "title", settings, 1, "loss")
    assert sound.axes[0].get_ylim()[1] > 1e30
    alone = plot_batch_sizes(history, summary, "title", settings[1:], 1, "loss")
    assert alone.axes[0].get_ylim()[1] > 1e30


@pytest.mark.parametrize("score", ["accuracy", "loss"])
def test_what_diverges_is_not_beyond_the_axis_and_medians_are_always_in_it(score):
    history, summary = history_and_summary([4], epochs=300)
    rising = np.where(history["epoch"] == 1, 1e-6, 0.8)  # a median that is an outlier once
    rising = np.where((history["replicate"] == 1) & (history["epoch"] > 3), math.inf, rising)
    history = history.assign(**{f"{part}_{score}": rising for part in ("train", "test")})
    summary = summary.assign(**{f"test_{score}_{n}": 0.8 for n in ("mean", "low_on_this_split", "high_on_this_split")})
    figure = plot_learning_curve(history, summary, "title", Setting(4, 0.1), score)
    low, high = figure.axes[0].get_ylim()
    assert low < 1e-6 < 0.8 < high < 5
    assert beyond(figure) == []


@pytest.mark.parametrize(("features", "label"), [(1, "feature 1"), (2, "feature 1"), (5, "first principal component")])
def test_a_dataset_of_any_width_is_plotted(features, label):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(20, features)).astype(np.float32), np.arange(20) % 3
    figure = plot_dataset(Dataset(x[:10], y[:10], x[10:], y[10:]), "title")
    assert figure.axes[0].get_xlabel() == label
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["class 0", "class 1", "class 2", "10 train", "10 test"]


def test_classes_have_their_names_in_the_legend_and_features_theirs_at_the_axes():
    x, y = np.eye(4, 2, dtype=np.float32), np.array([0, 1, 0, 1])
    labels = np.array(["_costs $5 $", "a name that is far longer than what fits"])
    figure = plot_dataset(Dataset(x, y, x, y, labels=labels, features=np.array(["age", "colour=red"])), "title")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [r"_costs \$5 \$", "a name that is far longer than...", "4 train", "4 test"]
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("age", "colour=red")


def test_a_row_may_be_very_far_away(tmp_path):
    x, y = np.eye(6, 3, dtype=np.float32), np.array([0, 1, 0, 1, 0, 1])
    figure = plot_dataset(Dataset(x, y, x * np.float32(1e30), y), "title")
    save_figure(figure, tmp_path / "dataset.png", ORIGIN)
    assert figure.axes[0].get_xlim()[1] > 1e29


def test_validation_rows_are_pale():
    x, y = np.eye(6, 2, dtype=np.float32), np.array([0, 1, 0, 1, 0, 1])
    figure = plot_dataset(Dataset(x, y, x[:4], y[:4], x[:2], y[:2]), "title")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["class 0", "class 1", "6 train", "2 validation", "4 test"]
    drawn = [each for each in figure.axes[0].collections if len(each.get_offsets())]
    assert [len(each.get_offsets()) for each in drawn] == [3, 1, 2] * 2
    assert [each.get_facecolors()[0, 3] if len(each.get_facecolors()) else 0 for each in drawn] == [1, 0.3, 0] * 2


def test_rows_of_a_regression_have_the_colour_of_their_target():
    x, y = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32), np.linspace(-1, 2, 20, dtype=np.float32)
    figure = plot_dataset(Dataset(x[:10], y[:10], x[10:], y[10:]), "title")
    axes, bar = figure.axes
    filled, hollow, *_ = axes.collections
    assert (bar.get_ylabel(), bar.get_ylim()) == ("target, standardised", (-1, 2))
    expected = matplotlib.colormaps["cividis"](matplotlib.colors.Normalize(-1, 2)(y))
    np.testing.assert_allclose(filled.get_facecolors(), expected[:10])
    np.testing.assert_allclose(hollow.get_edgecolors(), expected[10:])
    assert len(hollow.get_facecolors()) == 0


def test_of_more_than_four_rates_each_batch_size_has_a_panel_at_its_best_one():
    rates = (0.1, 0.2, 0.3, 0.4, 0.5)
    settings = [Setting(batch, rate) for batch in (4, 8) for rate in rates]
    tables = [history_and_summary([4, 8]) for _ in rates]
    history, summary = (
        pd.concat([table.assign(learning_rate=rate) for table, rate in zip(each, rates)]) for each in zip(*tables)
    )
    best = (summary["batch_size"] == 4) & (summary["learning_rate"] == 0.3)
    best |= (summary["batch_size"] == 8) & (summary["learning_rate"] == 0.5)
    summary["validation_accuracy_mean"] = np.where(best, 0.9, 0.8)
    figure = plot_batch_sizes(history, summary, "title", settings, 5, "accuracy", part="validation")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["batch size 4\nlearning rate 0.3", "batch size 8\nlearning rate 0.5"]
    four = [setting for setting in settings if setting.learning_rate < 0.45]
    assert len(plot_batch_sizes(history, summary, "title", four, 4, "accuracy", part="validation").axes) == 8


def test_a_schedule_is_named_in_its_panel():
    history, summary = history_and_summary([20])
    schedule = Setting(20, 0.1, "4x3_100x3")
    tables = (table.assign(schedule=schedule.schedule) for table in (history, summary))
    [axes] = plot_batch_sizes(*tables, "title", [schedule], 1, "accuracy").axes
    assert axes.get_title() == "batch size 4\N{MULTIPLICATION SIGN}3 \N{RIGHTWARDS ARROW} 100\N{MULTIPLICATION SIGN}3"


def test_losses_stand_on_a_logarithmic_axis_with_the_number_where_the_curve_is_not():
    history, summary = history_and_summary([4])
    falling = history.assign(train_loss=1 / history["epoch"], test_loss=1 / history["epoch"])
    numbers = {"test_loss_mean": 1 / 6, "test_loss_low_on_this_split": 0.1, "test_loss_high_on_this_split": 0.2}
    [axes] = plot_learning_curve(falling, summary.assign(**numbers), "title", Setting(4, 0.1), "loss").axes
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "loss")
    assert texts(axes) == ["test 0.167 [0.100, 0.200]"]
    assert axes.texts[0].get_position()[1] > 0.5
