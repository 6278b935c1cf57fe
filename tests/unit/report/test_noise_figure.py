import math

import numpy as np
import pytest

from batchscope.report.noise_figure import plot_noise_scale
from tests.unit.noise_tables import noise, scaling

WHOLE = {"": [32.0, 64.0, -100.0]}
LAYERS = {"dense": [20.0, 30.0, 40.0], "dense_1": [80.0, 90.0, -200.0]}


def drawn(*tables):
    """The axes, and what stands in the legend below them."""
    figure = plot_noise_scale(*tables, title="title")
    return figure.axes, [text.get_text() for text in figure.legends[0].get_texts()]


def points(axes, marker: str) -> dict[float, float]:
    """Epoch -> noise scale, of what has a marker."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    return {x: y for line in lines for x, y in zip(*line.get_data()) if not math.isnan(y)}


def test_each_moment_has_its_interval_and_a_bound_points_up():
    [axes], legend = drawn(noise(WHOLE))
    assert axes.yaxis.get_transform().base == 2
    assert points(axes, "o") == {5: 32, 10: 64}
    assert points(axes, "^") == {15: 100}
    [bars] = axes.collections
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[16, 64], [32, 128]]
    assert legend == ["all layers together, 95 % interval", "at least: the gradient is not distinguishable from 0"]
    assert axes.get_xlabel() == "epoch of training at batch size 32, learning rate 0.1"


def test_the_critical_batch_size_is_a_band_where_it_is_known():
    [axes], legend = drawn(noise(WHOLE), scaling())
    assert legend[-1] == "critical batch size 82 [50, 123]"
    [band] = axes.patches
    assert band.get_extents().transformed(axes.transData.inverted()).get_points()[:, 1] == pytest.approx([50, 123])
    [axes], legend = drawn(noise(WHOLE), scaling("it may lie above 64"))
    assert not axes.patches
    assert not any(name.startswith("critical") for name in legend)


def test_a_critical_batch_size_far_off_is_inside_the_axes():
    [axes], _ = drawn(noise(WHOLE), scaling((5000, 4000, 6000)))
    bottom, top = axes.get_ylim()
    assert bottom < 32 < 5000 < top


def test_layers_stand_below_and_a_single_one_does_not():
    (first, second), _ = drawn(noise(WHOLE | LAYERS))
    assert first.get_ylim() == second.get_ylim()
    assert points(first, "o") == {5: 32, 10: 64}
    assert points(second, "o") == {5: 20, 10: 30, 15: 40}
    assert points(second, "^") == {15: 200}
    assert [text.get_text() for text in second.get_legend().get_texts()] == ["dense", "dense_1"]
    axes, _ = drawn(noise(WHOLE | {"dense": LAYERS["dense"]}))
    assert len(axes) == 1


def test_an_interval_far_off_leaves_the_axes():
    table = noise(WHOLE)
    table.loc[0, "high"] = 1e9
    [axes], _ = drawn(table)
    assert axes.get_ylim()[1] == pytest.approx(1.3 * 800)


def test_where_nothing_is_known_the_figure_says_why():
    table = noise({"": [32.0]}).assign(noise_scale=np.nan, low=np.nan, high=np.nan, refused="fewer than 6 replicates")
    [axes], _ = drawn(table)
    assert [text.get_text() for text in axes.texts] == ["fewer than 6 replicates"]
