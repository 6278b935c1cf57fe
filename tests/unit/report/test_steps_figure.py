import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.scaling import REGIMES
from batchscope.evidence.steps_to_result import HALFWAY, tables
from batchscope.report.steps_figure import plot_steps_to_result
from tests.unit import simulated_steps


@pytest.fixture
def updates() -> pd.DataFrame:
    return simulated_steps.study(np.random.default_rng(0), replicates=20, octaves=0.5)[0]["test"]


def drawn(updates: pd.DataFrame):
    """The axes, and what stands in the legend."""
    figure = plot_steps_to_result(*tables({"test": updates, HALFWAY: updates - 1}, True, 0), "title", "loss", 0.25)
    [axes] = figure.axes
    return axes, [text.get_text() for text in figure.legends[0].get_texts()]


def sizes_of(axes, marker: str) -> list[int]:
    return [size for line in axes.lines if line.get_marker() == marker for size in line.get_xdata()]


def test_medians_with_intervals_the_law_and_the_critical_batch_size_on_log2_axes(updates):
    axes, legend = drawn(updates)
    assert (axes.xaxis.get_transform().base, axes.yaxis.get_transform().base) == (2, 2)
    assert axes.get_ylabel() == "updates to a test loss of at most 0.25"
    assert sizes_of(axes, "o") == [*simulated_steps.BATCH_SIZES]
    assert any(name.startswith("critical batch size 6") for name in legend)
    assert [" ".join(text.get_text().split()) for text in axes.texts] == [*REGIMES]


def test_perfect_scaling_halves_the_updates_of_the_smallest_batch_size_that_gets_there(updates):
    updates.loc[2] = math.inf
    axes, _ = drawn(updates)
    [line] = [line for line in axes.lines if line.get_label() == "perfect scaling"]
    (first, last), (highest, lowest) = line.get_data()
    assert (first, last) == (8, 2048)
    assert highest / lowest == pytest.approx(last / first)


def test_bounds_point_down_and_what_never_gets_there_up(updates):
    updates.loc[2] = math.inf
    updates.loc[(2048, updates.loc[2048].index[-1])] = 150.0
    axes, legend = drawn(updates)
    assert (sizes_of(axes, "v"), sizes_of(axes, "^")) == ([2048], [2])
    assert sizes_of(axes, "o") == [8, 32, 128, 512]
    assert {"upper bound: the best learning rate is on the edge", "never: most do not get there"} <= {*legend}


def test_without_a_law_there_is_no_curve_and_where_none_gets_there_only_that(updates):
    _, legend = drawn(updates.groupby(level="batch_size").head(1))
    assert legend == ["perfect scaling", "upper bound: the best learning rate is on the edge"]
    _, legend = drawn(updates * math.inf)
    assert legend == ["never: most do not get there"]
