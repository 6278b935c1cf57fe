"""The scorecard as a web page, which has a small picture of each claim, and as a table for LaTeX."""

import math
from base64 import b64encode
from pathlib import Path

import pandas as pd

from batchscope.report.claim_figure import in_svg, plot_claim
from batchscope.report.scorecard import COUNTED
from batchscope.report.tables import write_latex
from batchscope.report.templates import write
from batchscope.report.words import CONTROL

# Of the columns in LaTeX, as parts of a line.
_WIDTHS = {"paper": 0.11, "claim": 0.22, "the paper reports": 0.18, "measured": 0.12, "verdict": 0.08} | {
    "what would change it": 0.16
}


def write_scorecard(papers: list[dict], template: str | Path, page: str | Path, latex: str | Path) -> None:
    """Write the scorecard as a web page, with a small picture of each claim, and as a table for LaTeX.

    Args:
        papers: as from `read_scorecard`.
        latex: the path of a table as wide as a page in landscape; it needs the packages booktabs and longtable.
    """
    write(template, page, {"drawn": _drawn}, papers=papers, counted=COUNTED)
    write_latex(scorecard_table(papers), latex, _WIDTHS, longtable=True)


def _drawn(claim: dict) -> str:
    """The picture of a claim as an address; empty where nothing was measured."""
    if not math.isfinite(claim["estimate"]):
        return ""
    numbers = (claim[name] for name in ("estimate", "low_on_this_split", "high_on_this_split"))
    figure = plot_claim(*numbers, claim["bounds"], claim["expected"], claim["verdict_on_this_split"])
    return f"data:image/svg+xml;base64,{b64encode(in_svg(figure)).decode()}"


def scorecard_table(papers: list[dict]) -> pd.DataFrame:
    """The scorecard as a table, in which a paper is named at its first claim."""
    rows = [
        {
            "paper": paper["cited"] * (place == 0),
            "claim": f"{claim['statement']}{_noted(claim, paper['studies'])}",
            "the paper reports": claim["reports"] or "-",
            "measured": claim["measured"] or "-",
            "verdict": claim["verdict"],
            "what would change it": claim["would_change"] or "-",
        }
        for paper in papers
        for place, claim in enumerate(paper["claims"])
    ]
    return pd.DataFrame(rows)


def _noted(claim: dict, studies: list[str]) -> str:
    """What stands in brackets after a claim: which of several studies it is of, and whether it must fail."""
    notes = [claim["study"].replace("_", " ")] * (len(studies) > 1) + [CONTROL] * claim["control"]
    return f" ({'; '.join(notes)})" if notes else ""
