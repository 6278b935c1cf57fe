"""The tables of a study as people read them: web pages for the report, LaTeX for a paper."""

from pathlib import Path

import jinja2
import pandas as pd

from batchscope.files import replacing
from batchscope.setting import SETTING, Setting
from batchscope.words import MEASURES, interval, number, p_value

_NOT_IN_LATEX = ("replicates", "diverged", "reached", "updates per epoch", "seconds", "percentile")


def summary_table(summary: pd.DataFrame, score: str) -> pd.DataFrame:
    """The summary with a column for each mean of the score and its interval."""
    parts = [part for part in ("train", "test", "validation") if summary[f"{part}_{score}_mean"].notna().any()]
    return pd.DataFrame(
        {
            "batch size": [setting.batch_sizes for setting in _settings(summary)],
            "learning rate": [f"{rate:g}" for rate in summary["learning_rate"]],
            "replicates": summary["replicates"],
            "diverged": summary["diverged"],
            **{
                f"{part} {score}": _intervals(summary, *(f"{part}_{score}_{name}" for name in ("mean", "low", "high")))
                for part in parts
            },
            "volatility": summary[f"test_{score}_volatility"].map(number),
            "epochs to target": summary["epochs_to_target"].map(
                lambda value: number(value) if value == value else "never"
            ),
            "reached": [f"{share:.0%}" for share in summary["reached_target"]],
            "updates per epoch": summary["updates_per_epoch"].map(number),
            "seconds": summary["seconds_per_replicate"].map(number),
        }
    )


def comparisons_table(comparisons: pd.DataFrame) -> pd.DataFrame:
    """The comparisons, one measure after the other."""
    return pd.DataFrame(
        {
            "measure": comparisons["measure"].map(MEASURES),
            "batch size": [setting.batch_sizes for setting in _settings(comparisons)],
            "learning rate": [f"{rate:g}" for rate in comparisons["learning_rate"]],
            "mean": comparisons["mean"].map(number),
            "difference": _intervals(comparisons, "difference", "low", "high"),
            "p (Holm)": comparisons["p_value_holm"].map(p_value),
            "superiority": comparisons["superiority"].map(number),
            "pairs": comparisons["pairs"],
            "never": comparisons["never"],
            "verdict": comparisons["verdict"],
        }
    )


def claims_table(claims: pd.DataFrame) -> pd.DataFrame:
    """The claims with their numbers and verdicts."""
    return pd.DataFrame(
        {
            "": claims["claim"],
            "claim": claims["statement"],
            "verdict": claims["verdict"],
            "measured": _intervals(claims, "estimate", "low", "high"),
            "expected": claims["expected"],
            "replicates": claims["replicates"],
            "reported": [f"{value:g}" if value == value else "-" for value in claims["reported"]],
            "percentile": [f"{100 * share:.0f}" if share == share else "-" for share in claims["reported_percentile"]],
        }
    )


def write_page(table: pd.DataFrame, heading: str, template: str | Path, path: str | Path) -> None:
    """Write a table as a web page of its own; cells that say the verdict are marked for the style sheet."""
    text = jinja2.Template(Path(template).read_text(), autoescape=True, trim_blocks=True, lstrip_blocks=True).render(
        heading=heading, columns=list(table), rows=table.astype(str).to_numpy().tolist()
    )
    with replacing(path) as temporary:
        temporary.write_text(text)


def write_latex(table: pd.DataFrame, path: str | Path) -> None:
    """Write a tabular that needs the package booktabs; columns beyond the width of a page are left out."""
    table = table[[column for column in table if column not in _NOT_IN_LATEX]]
    widths = "".join(r"p{0.3\linewidth}" if column == "claim" else "l" for column in table)
    text = table.to_latex(index=False, escape=True, column_format=widths)
    text = text.replace("\N{RIGHTWARDS ARROW}", r"$\to$").replace("\N{MULTIPLICATION SIGN}", r"$\times$")
    with replacing(path) as temporary:
        temporary.write_text(text)


def _settings(table: pd.DataFrame) -> list[Setting]:
    return [Setting(*row) for row in table[SETTING].itertuples(index=False)]


def _intervals(table: pd.DataFrame, *columns: str) -> list[str]:
    return [interval(*row) for row in table[list(columns)].itertuples(index=False)]
