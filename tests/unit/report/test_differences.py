import math
from itertools import count

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.comparisons import COLUMNS
from batchscope.report.differences import draw_differences
from batchscope.report.look import USUAL
from batchscope.report.style import VERDICT_MARKERS, plt
from batchscope.study.setting import Setting

REFERENCE = Setting(512, 0.1)


def comparisons(differences: dict[int, float], verdict: str = "undecided", **others) -> pd.DataFrame:
    """Batch size -> its difference from 512 in accuracy; intervals reach 0.002 and 0.004 to both sides."""
    table = pd.DataFrame(
        {
            "measure": "test_accuracy",
            **{"batch_size": [*differences], "learning_rate": 0.1, "schedule": "constant"},
            **{f"reference_{column}": value for column, value in REFERENCE._asdict().items()},
            **{"difference": [*differences.values()], "margin": 0.01, "diverged": 0},
            "verdict_on_this_split": verdict,
        }
    )
    for name, reach in (("", 0.002), ("_on_this_split", 0.004)):
        table[f"low{name}"], table[f"high{name}"] = table["difference"] - reach, table["difference"] + reach
    assert {*table} <= {*COLUMNS}
    return table.assign(**others)


def draw(table: pd.DataFrame) -> tuple[plt.Axes, set[str]]:
    figure, axes = plt.subplots()
    sizes = [*table["batch_size"], REFERENCE.batch_size]
    verdicts = draw_differences(axes, table, {Setting(size, 0.1): (size, 0) for size in sizes}, USUAL)
    plt.close(figure)
    return axes, verdicts


def points(axes: plt.Axes, marker: str) -> dict[float, float]:
    return {line.get_xdata()[0]: line.get_ydata()[0] for line in axes.lines if line.get_marker() == marker}


def bars(axes: plt.Axes) -> list[tuple[float, float]]:
    return [tuple(line.get_segments()[0][:, 1]) for line in axes.collections]


def texts(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_differences_without_intervals_as_of_single_replicates_are_inside_the_axes():
    unknown = {f"{end}{name}": math.nan for end in ("low", "high") for name in ("", "_on_this_split")}
    axes, _ = draw(comparisons({4: -0.02, 8: 0.03}, **unknown))
    low, high = axes.get_ylim()
    assert low < -0.02
    assert high > 0.03


def test_the_numbers_are_those_of_the_table_and_the_margin_is_a_band():
    axes, verdicts = draw(comparisons({4: -0.02, 8: 0.015}))
    assert points(axes, "D") == {4: -0.02, 8: 0.015}
    assert points(axes, "s") == {512: 0}
    expected = [(-0.024, -0.016), (-0.022, -0.018), (0.011, 0.019), (0.013, 0.017)]
    np.testing.assert_allclose(bars(axes), expected)
    [band] = axes.patches
    assert (band.get_y(), band.get_y() + band.get_height()) == (-0.01, 0.01)
    assert axes.get_ylabel() == "final test accuracy\nless that of the reference"
    assert verdicts == {"reference", "undecided"}
    assert texts(axes) == []


def test_what_is_far_off_is_an_arrow_with_its_number_and_does_not_stretch_the_axis():
    axes, _ = draw(comparisons({1: -0.25, 4: -0.02, 8: -0.015, 16: -0.01}, "worse"))
    assert texts(axes) == ["\N{MINUS SIGN}0.25"]
    assert -0.04 < axes.get_ylim()[0] < -0.024
    assert 0 < points(axes, "v")[1] < 1  # a height of the axes
    assert len(bars(axes)) == 6
    up, _ = draw(comparisons({1: 3.0, 4: 0.02, 8: 0.015}))
    assert texts(up) == ["+3"]
    assert up.get_ylim()[1] < 0.04


@pytest.mark.parametrize("differences", [{4: 0.049}, {1: -0.25, 4: -0.2, 8: -0.06}, {4: 0.0, 8: 0.0}])
def test_nothing_is_far_off_within_five_margins_nor_within_five_times_the_median(differences):
    axes, _ = draw(comparisons(differences))
    assert points(axes, "D") == differences
    assert texts(axes) == []
    low, high = axes.get_ylim()
    assert all(low < end < high for bar in bars(axes) for end in bar)
    assert low < -0.01 < 0.01 < high


def test_a_long_interval_is_cut_off():
    axes, _ = draw(comparisons({4: -0.02, 8: 0.015}, high_on_this_split=[7.0, 0.019]))
    assert axes.get_ylim()[1] < 0.12


def test_where_nothing_is_left_to_compare_there_is_a_cross():
    axes, verdicts = draw(comparisons({1: math.nan, 4: -0.02}, ["worse", "undecided"], diverged=[11, 0]))
    assert points(axes, "x") == {1: 0.05}
    assert verdicts == {"reference", "undecided"}
    nothing, _ = draw(comparisons({1: math.nan}, "worse", diverged=11))
    assert np.isfinite(nothing.get_ylim()).all()


def test_each_verdict_is_seen_without_its_colour():
    shapes = [tuple(marker.get(key) for key in ("marker", "mfc", "fillstyle")) for marker in VERDICT_MARKERS.values()]
    assert len({*shapes}) == len(VERDICT_MARKERS)
    sizes = (2**power for power in count(1))
    names = ["better", "equivalent but better", "equivalent", "equivalent but worse", "undecided", "worse"]
    differences = dict(zip(sizes, np.linspace(0.02, -0.02, len(names))))
    _, verdicts = draw(comparisons(differences, names))
    assert verdicts == {"reference", *names}


def test_the_numbers_of_one_batch_size_stand_together_beside_its_arrows():
    rates = {0.1: 0.8, 0.01: 0.9, 0.001: 1.0}
    of_rates = zip(rates, ({1: -0.25, 4: -0.02}, {1: -0.314, 4: -0.01}, {1: 0.01, 4: 0.01}))
    table = pd.concat([comparisons(of_rate).assign(learning_rate=rate) for rate, of_rate in of_rates])
    places = {Setting(size, rate): (size * shift, 0) for size in (1, 4) for rate, shift in rates.items()}
    for side, place in (("left", 1.0), ("right", 3.2)):
        figure, axes = plt.subplots()
        numbers = table.assign(batch_size=table["batch_size"] if side == "left" else 4 // table["batch_size"])
        draw_differences(axes, numbers, places, USUAL)
        plt.close(figure)
        [number] = [text for text in axes.texts if text.get_text()]
        assert number.get_text() == "\N{MINUS SIGN}0.25, \N{MINUS SIGN}0.314"
        assert (number.xy, number.get_ha(), number.get_va()) == ((place, False), side, "bottom")
