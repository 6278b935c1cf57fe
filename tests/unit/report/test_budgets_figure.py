import math

import pandas as pd
import pytest

from batchscope.evidence.budgets import COLUMNS
from batchscope.report.budgets_figure import plot_budgets
from batchscope.report.style import plt
from batchscope.report.words import without_value
from batchscope.study.setting import CONSTANT


def table(*verdicts: str, budget: str = "epochs", amount: float = 15.6) -> pd.DataFrame:
    """Batch sizes 4, 8, ..., of which one that was not measured has no score."""
    rows = [
        (budget, amount, 4 * 2**place, 0.1, CONSTANT, 10, 0.5 + place / 10, 0.4, 0.9, *[math.nan] * 4, verdict)
        for place, verdict in enumerate(verdicts)
    ]
    found = pd.DataFrame(rows, columns=COLUMNS)
    found.loc[found["verdict"] == "not measured", ["replicates", "mean", "low", "high"]] = [0, *[math.nan] * 3]
    return found


def markers(axes) -> dict[str, list[float]]:
    """Marker -> the batch sizes that have it."""
    drawn = {line.get_marker(): line.get_xdata().tolist() for line in axes.lines}
    return {marker: sizes for marker, sizes in drawn.items() if sizes and marker != "None"}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_the_verdict_is_a_marker_and_what_was_not_measured_has_none():
    figure = plot_budgets(table("better", "not measured", "worse", "reference"), "title", "accuracy")
    [axes] = figure.axes
    assert markers(axes) == {"^": [4], "v": [16], "s": [32]}
    assert [text.get_text() for text in figure.legends[0].texts] == ["reference", "better", "worse"]
    assert (axes.get_ylabel(), axes.get_xscale()) == ("test accuracy", "log")


def test_a_panel_per_budget_that_there_is_with_its_amount():
    budgets = {"epochs": 15.6, "train_loss": 0.25, "seconds": 0.01234}
    tables = [table("undecided", "reference", budget=budget, amount=amount) for budget, amount in budgets.items()]
    figure = plot_budgets(pd.concat(tables), "title", "loss")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["at 15.6 equal epochs", "at a training loss of 0.250", "at 0.0123 equal seconds"]
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}


def test_batch_sizes_without_a_score_are_told():
    missed = [
        table("not measured", "not measured", budget="updates", amount=20),
        table("not measured", "reference", budget="train_loss", amount=0.25),
    ]
    assert without_value(pd.concat([table("better", "reference"), *missed])) == [
        "at 20 equal updates too few trainings have a score at batch size 4, 8; measure more often, or set another "
        "`budgets.updates`",
        "at a training loss of 0.250 too few trainings have a score at batch size 4; train longer, or set a larger "
        "`budgets.train_loss`",
    ]


def test_where_every_training_diverged_the_figure_says_so():
    [axes] = plot_budgets(table(), "title", "accuracy").axes
    assert axes.get_title() == "every training diverged"
