import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from batchscope.report.curves_figure import plot_curves
from batchscope.report.style import plt
from batchscope.study.setting import Setting
from tests.unit.tables import history

CURVES = [[0.2, 0.5, 0.6], [0.4, 0.5, 0.9]]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def names(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].texts]


def test_means_of_studies_stand_by_epoch_and_by_update():
    studies = {"slow": history(CURVES), "fast": history(CURVES, Setting(8, 0.1), updates_per_epoch=1)}
    figure = plot_curves(studies, ["test_accuracy", "test_loss"], "Which?")
    by_epoch, by_update, *_ = figure.axes
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "epoch", "update"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["test accuracy", "", "test loss", ""]
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "linear", "log", "log"]
    assert [line.get_xdata().tolist() for line in by_epoch.lines] == [[1, 2, 3]] * 2
    assert [line.get_xdata().tolist() for line in by_update.lines] == [[3, 6, 9], [1, 2, 3]]
    for line in by_epoch.lines:
        np.testing.assert_allclose(line.get_ydata(), [0.3, 0.5, 0.75])
    assert names(figure) == ["slow", "fast"]


def test_the_band_is_the_interval_of_the_mean():
    [axes, _] = plot_curves({"one": history(CURVES)}, ["test_accuracy"], "").axes
    [band] = axes.collections
    drawn = band.get_paths()[0].vertices
    for epoch, values in enumerate(zip(*CURVES), start=1):
        expected = np.mean(values) + np.array([-1, 1]) * stats.t.ppf(0.975, 1) * np.std(values, ddof=1) / math.sqrt(2)
        here = drawn[drawn[:, 0] == epoch, 1]
        np.testing.assert_allclose([here.min(), here.max()], expected)


def test_settings_of_a_study_are_told_apart_and_one_replicate_has_no_band():
    both = pd.concat([history(CURVES[:1]), history(CURVES[:1], Setting(8, 0.2, "8x2_16x1"))])
    figure = plot_curves({"mine": both, "other": history(CURVES[:1])}, ["test_loss"], "")
    assert names(figure) == [
        "mine, batch size 4, learning rate 0.1",
        "mine, batch size 8\N{MULTIPLICATION SIGN}2 \N{RIGHTWARDS ARROW} 16\N{MULTIPLICATION SIGN}1, learning rate 0.2",
        "other",
    ]
    assert not any(axes.collections for axes in figure.axes)


def test_of_one_study_alone_its_settings_are_named():
    both = pd.concat([history(CURVES, Setting(batch_size, 0.1)) for batch_size in (4, 8)])
    assert names(plot_curves({"mine": both}, ["test_loss"], "")) == ["batch size 4", "batch size 8"]


def test_a_line_ends_where_a_replicate_diverges():
    [axes, _] = plot_curves({"one": history([[0.2, 0.4, 0.6], [0.2, math.nan, math.nan]])}, ["test_loss"], "").axes
    assert np.isfinite(axes.lines[0].get_ydata()).tolist() == [True, False, False]


def test_of_measurements_after_one_update_the_last_is_drawn():
    table = history(CURVES).assign(updates=[1, 1, 2] * 2)
    by_epoch, by_update = plot_curves({"one": table}, ["test_accuracy"], "").axes
    assert by_epoch.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert by_update.lines[0].get_xdata().tolist() == [1, 2]
    np.testing.assert_allclose(by_update.lines[0].get_ydata(), [0.5, 0.75])


@pytest.mark.parametrize("loss", [-1.0, 0.0, math.nan])
def test_losses_that_no_log_axis_has_stand_on_a_linear_one(loss):
    figure = plot_curves({"one": history(CURVES).assign(test_loss=loss)}, ["test_loss"], "")
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "linear"]
    figure.canvas.draw()
