import math

import pytest

from batchscope.report.claim_figure import VERDICTS, in_svg, plot_claim
from batchscope.report.style import plt
from batchscope.study.config import SCHEMA

STYLE = (SCHEMA.parents[1] / "report" / "page.css").read_text()
OPEN = math.inf
CASES = [
    (0.2, 0.1, 0.3, (-0.5, 0.5), "-0.5 to 0.5", "holds"),
    (-0.7, -0.8, -0.6, (-0.01, 0.01), "-0.01 to 0.01", "does not hold"),
    (82, 50, 123, (1024, OPEN), "above 1024", "does not hold"),
    (82, 50, 123, (-OPEN, 100), "below 100", "undecided"),
    (82, math.nan, math.nan, (8, 256), "8 to 256", "undecided"),
    (82, 50, OPEN, (8, 256), "8 to 256", "undecided"),
    (0, 0, 0, (0, OPEN), "above 0", "undecided"),
]


@pytest.fixture(params=CASES, ids=str)
def case(request):
    yield plot_claim(*request.param), *request.param
    plt.close("all")


def test_the_bar_is_the_interval_and_the_band_what_was_expected(case):
    figure, estimate, low, high, expected, *_ = case
    [axes] = figure.axes
    *edges, bar, marker = axes.lines
    assert [*marker.get_xdata()] == [estimate]
    [begins, ends] = axes.get_xlim()
    assert begins < estimate < ends
    drawn = bar.get_xdata()
    if math.isnan(low):
        assert math.isnan(drawn[0])
        assert math.isnan(drawn[1])
    else:
        assert (drawn[0], drawn[1]) == (low, min(high, ends))
    [band] = axes.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx(
        (max(expected[0], begins), min(expected[1], ends))
    )
    assert [edge.get_xdata()[0] for edge in edges] == [bound for bound in expected if math.isfinite(bound)]


def test_what_was_expected_is_said_within_the_picture(case):
    figure, *_, said, _ = case
    figure.canvas.draw()
    [text] = figure.axes[0].texts
    assert text.get_text() == said
    box = text.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert box.y0 >= 0


def test_verdicts_differ_in_grey_and_have_the_colours_of_the_page():
    looks = []
    for verdict, (color, _) in VERDICTS.items():
        figure = plot_claim(0.2, 0.1, 0.3, (0, 1), "0 to 1", verdict)
        marker = figure.axes[0].lines[-1]
        looks.append((marker.get_marker(), marker.get_markerfacecolor() == "white"))
        name = "." + verdict.replace(" ", ".")
        rule = next(rule for rule in STYLE.split("}") if name in rule.partition("{")[0].replace(",", " ").split())
        assert color in rule.replace("var(--quiet)", STYLE.partition("--quiet: ")[2].partition(";")[0])
    plt.close("all")
    assert len({*looks}) == len(VERDICTS)


def test_a_picture_has_the_same_bytes_each_time_and_is_closed():
    one, other = (in_svg(plot_claim(*CASES[0])) for _ in range(2))
    assert one == other
    assert one.startswith(b"<?xml")
    assert plt.get_fignums() == []
