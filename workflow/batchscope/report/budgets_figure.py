"""The figure of batch sizes at equal budgets."""

import math

import pandas as pd

from batchscope.evidence.budgets import REFERENCE
from batchscope.report.look import USUAL, Look
from batchscope.report.style import OKABE_ITO, VERDICT_MARKERS, batch_size_axis, legend_below, panel_grid, plt
from batchscope.report.words import budget_in_words, in_words

# What the comparison with the reference says -> its colour.
_COLORS = {
    REFERENCE: "black",
    "better": OKABE_ITO[2],
    "equivalent": OKABE_ITO[0],
    "undecided": "0.55",
    "worse": OKABE_ITO[3],
    "not judged": "0.45",
}
_MARKERS = {verdict: VERDICT_MARKERS[verdict] | {"color": color} for verdict, color in _COLORS.items()}
_PANEL = 1.6  # inches


def plot_budgets(budgets: pd.DataFrame, title: str, score: str, look: Look = USUAL) -> plt.Figure:
    """A panel per budget: the mean test score by batch size (log2), with 95 % intervals and verdicts as markers.

    Losses are on a log scale.

    Args:
        budgets: as from `batchscope.evidence.budgets.compare_budgets`.
    """
    there = budgets.groupby("budget", sort=False)
    count = max(1, len(there))
    columns = min(2, count, look.columns(_PANEL))
    rows = math.ceil(count / columns)
    with plt.rc_context(look.style):
        size = look.size(0.6 + 1.5 * rows)
        figure, panels, lowest = panel_grid(count, rows, columns, size, sharey=True)
        for axes, (name, table) in zip(panels, there):
            table = table.dropna(subset="mean").sort_values("batch_size")
            axes.plot(table["batch_size"], table["mean"], color="0.75", linewidth=0.6, zorder=1)
            axes.vlines(table["batch_size"], table["low"], table["high"], color="0.2", linewidth=0.8)
            for verdict, style in _MARKERS.items():
                here = table[table["verdict"] == verdict]
                axes.plot(here["batch_size"], here["mean"], **style)
            amount = budgets.loc[budgets["budget"] == name, "amount"].iloc[0]
            axes.set_title(look.fill(f"at {budget_in_words(name, amount)}", size[0] / columns))
            if score == "loss":
                axes.set_yscale("log")
        if budgets.empty:
            panels[0].set_title("every training diverged")
        for axes in lowest:
            batch_size_axis(axes, budgets["batch_size"])
        for axes in panels[::columns]:
            axes.set_ylabel(f"test {in_words(score)}")
        figure.suptitle(look.title(title))
        seen = [verdict for verdict in _MARKERS if (budgets["verdict"] == verdict).any()]
        handles = [plt.Line2D([], [], **_MARKERS[verdict]) for verdict in seen]
        legend_below(look, figure, handles, seen, columns=3)
    return figure
