import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import Rectangle

from batchscope.evidence.rates import COLUMNS
from batchscope.report.rates_figure import plot_rates
from batchscope.report.style import plt
from batchscope.study.setting import CONSTANT, SETTING

# Batch size -> its rates, each with its mean score.
SCORES = {4: {1: 0.7, 2: 0.9, 4: math.nan}, 16: {2: 0.6, 4: 0.8, 8: 0.5}}


def tables(scores=SCORES, score="accuracy") -> tuple[pd.DataFrame, ...]:
    rows = [(size, rate, CONSTANT, mean) for size, rates in scores.items() for rate, mean in rates.items()]
    summary = pd.DataFrame(rows, columns=[*SETTING, f"test_{score}_mean"]).assign(replicates=10)
    summary["diverged"] = np.where(summary[f"test_{score}_mean"].isna(), 10, 0)
    verdicts = ["worse", "best", "diverged", "worse", "undecided", "worse"]
    ranked = summary[SETTING].assign(on="this split", goal="score", verdict=verdicts)
    rates = pd.DataFrame(
        [
            (4, 3, 10, 2, 1, 2, "", 0.9, 1.5, 1, 2, 2, 2, "", 1),
            (16, 3, 10, 4, 4, 4, "", 0.8, 2, 1.5, 2.5, 4, 8, "highest", 0),
        ],
        columns=COLUMNS,
    )
    return rates, summary, ranked


def cells(axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_facecolor()[3] == 1]


@pytest.fixture
def figure():
    drawn = plot_rates(*tables(), "title", "accuracy", "test")
    yield drawn
    plt.close(drawn)


def test_a_cell_per_setting_as_high_as_the_rates_of_its_batch_size_say(figure):
    drawn = [(cell.get_x(), cell.get_y(), cell.get_width(), cell.get_height()) for cell in cells(figure.axes[0])]
    half = 2**0.5  # an octave above and below
    expected = [(2, rate / half, 6, rate * (half - 1 / half)) for rate in (1, 2, 4)]
    expected += [(8, rate / half, 24, rate * (half - 1 / half)) for rate in (2, 4, 8)]
    np.testing.assert_allclose(sorted(drawn), expected)


def test_light_is_better_also_of_losses_which_are_on_a_log_scale():
    for score, best in (("accuracy", 0.9), ("loss", 0.5)):
        figure = plot_rates(*tables(score=score), "title", score, "test")
        [first, second, gone, *others] = sorted(cells(figure.axes[0]), key=lambda cell: (cell.get_x(), cell.get_y()))
        assert gone.get_facecolor() == (1, 1, 1, 1)
        light = {0.7: first, 0.9: second} | dict(zip((0.6, 0.8, 0.5), others))
        grey = {mean: np.dot(cell.get_facecolor()[:3], (0.3, 0.6, 0.1)) for mean, cell in light.items()}
        assert sorted(grey, key=grey.get)[-1] == best
        assert sorted(grey, key=grey.get) == sorted(grey, reverse=score == "loss")
        assert figure.axes[2].get_yscale() == ("log" if score == "loss" else "linear")
        plt.close(figure)


def test_what_may_be_best_is_outlined_and_what_diverged_crossed(figure):
    outlines = [patch for patch in figure.axes[0].patches if patch.get_facecolor()[3] == 0]
    assert [(each.get_x(), each.get_y()) for each in outlines] == [
        (2, pytest.approx(2**0.5)),
        (8, pytest.approx(8**0.5)),
    ]
    [crosses] = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, PathCollection)]
    assert crosses.get_offsets().tolist() == [[4, 4]]


def test_best_rates_have_their_intervals_and_lines_go_through_the_best_setting(figure):
    dashed, dotted, rings = figure.axes[0].lines
    assert rings.get_xydata().tolist() == [[4, 2], [16, 4]]
    [bars] = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, LineCollection)]
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[1, 2], [4, 4]]
    for line, power in ((dashed, 1), (dotted, 0.5)):
        sizes, along = line.get_data()
        np.testing.assert_allclose(along, 2 * (sizes / 4) ** power)


def test_octaves_that_the_grid_cuts_off_are_hollow_triangles(figure):
    below = figure.axes[1]
    drawn = {line.get_marker(): line.get_xydata().tolist() for line in below.lines if line.get_marker() != "None"}
    assert drawn == {"o": [[4, 1.5]], "^": [[16, 2]]}
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[-2:] == ["some diverged", "at least: the grid ends first"]
