"""The tables of a study as people read them: web pages for the report, LaTeX for a paper."""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from batchscope.evidence.trainings import TRAININGS
from batchscope.files import replacing
from batchscope.report.definitions import DEFINITIONS
from batchscope.report.templates import write
from batchscope.report.words import (
    CONTROL,
    GUESSING,
    MEASURES,
    basis_of_claim,
    bounds,
    in_latex,
    in_words,
    interval,
    measured,
    number,
    or_never,
    p_value,
    seconds,
)
from batchscope.results.pace_summary import ALONE, FIT
from batchscope.study.scores import SCORES
from batchscope.study.setting import settings_in

ON_THIS_SPLIT, ON_NEW_SPLITS = "on this split", "on new splits"
# What a page has no room for.
_NOT_IN_LATEX = (
    *("over trainings alone", "measured on new splits", "late mean", "first touch", "p (Holm)"),
    *("interquartile mean", GUESSING, "basis"),
    *("replicates", "diverged", "reached", "updates per epoch", "percentile"),
)
_WIDTHS = {"claim": 0.3, "source": 0.15}  # of columns in LaTeX that are sentences
_SECONDS = "seconds per replicate"
_OF_DATA = ["what", "what became of it", "missing", "looks wrong"]


def dataset_table(described: dict) -> pd.DataFrame:
    """What became of the data, as `batchscope.data.description.describe` gives it: rows, classes, columns."""
    counts = described["rows"]
    rows = [("rows", _by_part(counts | ({"unused": described["unused"]} if described["unused"] else {})), "", "")]
    rows += [
        (f"class {each['class']}", _by_part({part: each[part] for part in counts}), "", "")
        for each in described.get("classes", [])
    ]
    if "target" in described:
        numbers = ", ".join(f"{name} {value:g}" for name, value in described["target"].items())
        rows.append(("target", f"numbers; of the training rows {numbers}", "", ""))
    for each in described.get("columns", []):
        missing = "" if each["missing"] is None else each["missing"]
        rows.append((f"column {each['column']}", each["kind"], missing, "; ".join(each["remarks"])))
    rows += [("file", "", "", remark) for remark in described["remarks"]]
    return pd.DataFrame(rows, columns=_OF_DATA)


def runs_table(described: dict) -> pd.DataFrame:
    """What became of runs, as `batchscope.results.run_description.describe` gives it, in the columns of data."""
    rows = [("runs", str(described["runs"]), "", "")]
    for each in described["settings"]:
        least, most = each["epochs"]
        words = (
            f"{each['runs']} run{'s' * (each['runs'] > 1)} of {least:g}" + f" to {most:g}" * (most > least) + " epochs"
        )
        words += f", {each['diverged']} diverged" * (each["diverged"] > 0)
        rows.append((each["setting"], words, ", ".join(each["missing"]), ""))
    rows += [("files", "", "", remark) for remark in described["remarks"]]
    return pd.DataFrame(rows, columns=_OF_DATA)


def _by_part(counts: dict[str, int]) -> str:
    return f"{sum(counts.values())}: {', '.join(f'{count} {part}' for part, count in counts.items())}"


def summary_table(summary: pd.DataFrame, score: str, at_once: int, pace: pd.DataFrame | None = None) -> pd.DataFrame:
    """The summary with a column for each mean of the score and its interval.

    Args:
        at_once: how many replicates were trained in one stack, at most.
        pace: as from `batchscope.results.pace_summary.sum_up`, where it was measured what one training alone takes.
    """
    parts = [part for part in ("test", "validation") if summary[f"{part}_{score}_mean"].notna().any()]
    learned = "loss" if score == "loss" else "accuracy"  # which training rows have too
    others = [each for each in SCORES if score != "loss" and each not in (score, "loss")]
    others = [each for each in others if f"test_{each}_mean" in summary]
    guess = summary.get("test_guess", pd.Series())  # nothing of a loss
    new_splits = pd.Series(
        _intervals(summary, *(f"test_{score}_{name}_on_new_splits" for name in ("mean", "low", "high")))
    )
    bounds_of_score = [f"test_{score}_low", f"test_{score}_high"]
    alone = _bounds(summary, *bounds_of_score)
    of_rows = not alone.equals(_bounds(summary, *(f"{bound}_on_this_split" for bound in bounds_of_score)))
    stacked = f" of {at_once} stacked" if at_once > 1 else ""
    return pd.DataFrame(
        {
            "batch size": [setting.batch_sizes for setting in settings_in(summary)],
            "learning rate": [f"{rate:g}" for rate in summary["learning_rate"]],
            "replicates": summary["replicates"],
            "diverged": summary["diverged"],
            f"train {learned}": _intervals(summary, *(f"train_{learned}_{name}" for name in ("mean", "low", "high"))),
            **{in_words(f"{part}_{score}"): _for_new_rows(summary, f"{part}_{score}") for part in parts},
            **({GUESSING: guess.map(number)} if guess.notna().any() else {}),
            **({"over trainings alone": alone} if of_rows else {}),
            **{
                f"{part} {error}": _intervals(
                    summary, *(f"{part}_{error.lower()}_{name}" for name in ("mean", "low", "high"))
                )
                for part in parts
                for error in ("RMSE", "MAE")
                if score == "loss"
            },
            **({in_words(f"test_{score}_on_new_splits"): new_splits} if new_splits.str.len().gt(1).any() else {}),
            **{in_words(f"test_{other}"): _for_new_rows(summary, f"test_{other}") for other in others},
            "interquartile mean": summary[f"test_{score}_iqm"].map(number),
            "late mean": _intervals(summary, *(f"test_{score}_late_{name}" for name in ("mean", "low", "high"))),
            "volatility": summary[f"test_{score}_volatility"].map(number),
            "epochs to target": summary["epochs_to_target"].map(or_never),
            "first touch": summary["epochs_to_first_touch"].map(or_never),
            "reached": [f"{share:.0%}" for share in summary["reached_target"]],
            "updates per epoch": summary["updates_per_epoch"].map(number),
            f"{_SECONDS}{stacked}": summary["seconds_per_replicate"].map(seconds),
            **({} if pace is None else {f"seconds {way}": _paces(summary, pace, way) for way in (ALONE, FIT)}),
        }
    )


def _for_new_rows(summary: pd.DataFrame, measure: str) -> list[str]:
    return _intervals(summary, *(f"{measure}_{name}" for name in ("mean", "low_on_this_split", "high_on_this_split")))


def _paces(summary: pd.DataFrame, pace: pd.DataFrame, way: str) -> list[str]:
    """Seconds of one training, for each row of the summary; they do not depend on the learning rate."""
    known = pace[pace["way"] == way].set_index(["batch_size", "schedule"])["seconds_per_training"]
    keys = summary[["batch_size", "schedule"]].itertuples(index=False, name=None)
    return [seconds(known.get(key, math.nan)) for key in keys]


def comparisons_table(comparisons: pd.DataFrame) -> pd.DataFrame:
    """The comparisons, one measure after the other."""
    return pd.DataFrame(
        {
            "measure": comparisons["measure"].map(MEASURES),
            "batch size": [setting.batch_sizes for setting in settings_in(comparisons)],
            "learning rate": [f"{rate:g}" for rate in comparisons["learning_rate"]],
            "mean": comparisons["mean"].map(number),
            "difference": _intervals(comparisons, "difference", "low_on_this_split", "high_on_this_split"),
            **_alone(comparisons),
            "p": comparisons["p_value_on_this_split"].map(p_value),
            ON_THIS_SPLIT: comparisons["verdict_on_this_split"],
            ON_NEW_SPLITS: comparisons["verdict_on_new_splits"],
            "difference on new splits": _intervals(
                comparisons, *(f"{name}_on_new_splits" for name in ("difference", "low", "high"))
            ),
            "superiority": _intervals(comparisons, "superiority", "superiority_low", "superiority_high"),
            "more often": comparisons["superiority_verdict"],
            **_compared(comparisons),
            "never": comparisons["never"],
        }
    )


def _compared(comparisons: pd.DataFrame) -> dict[str, pd.Series]:
    """How many trainings are compared: pairs, with what pairing is worth, or those of both groups."""
    if comparisons["paired"].all():
        return {"correlation": comparisons["correlation"].map(number), "pairs": comparisons["pairs"]}
    counts = comparisons[["trainings", "reference_trainings"]].itertuples(index=False)
    return {"trainings": pd.Series([f"{one} and {other}" for one, other in counts], comparisons.index, dtype=str)}


def _alone(table: pd.DataFrame) -> dict[str, pd.Series]:
    """The intervals over trainings alone, where there are others; of seconds there are none."""
    if (table["over"] == TRAININGS).all():
        return {}
    return {
        "over trainings alone": _bounds(table, "low", "high").where(~table["measure"].str.startswith("seconds"), "-")
    }


def claims_table(claims: pd.DataFrame) -> pd.DataFrame:
    """The claims with their numbers and verdicts."""
    return pd.DataFrame(
        {
            "name": claims["claim"],
            "claim": claims["statement"].where(~claims["control"].astype(bool), claims["statement"] + f" ({CONTROL})"),
            **_where_any(claims, "source", claims["source"]),
            ON_THIS_SPLIT: claims["verdict_on_this_split"],
            ON_NEW_SPLITS: claims["verdict_on_new_splits"],
            "measured": _measured(claims, "estimate", "low_on_this_split", "high_on_this_split"),
            **_alone(claims),
            "measured on new splits": _measured(
                claims, *(f"{name}_on_new_splits" for name in ("estimate", "low", "high"))
            ),
            "expected": claims["expected"],
            **_where_any(claims, "basis", map(basis_of_claim, claims.to_dict("records"))),
            "p (Holm)": claims["p_value_holm"].map(p_value),
            "replicates": claims["replicates"],
            "reported": [f"{value:g}" if value == value else "-" for value in claims["reported"]],
            "percentile": [f"{100 * share:.0f}" if share == share else "-" for share in claims["reported_percentile"]],
        }
    )


def _where_any(claims: pd.DataFrame, heading: str, texts: Iterable[str]) -> dict[str, pd.Series]:
    """A column of texts, where any claim has one."""
    column = pd.Series([*texts], claims.index, dtype=str)
    return {heading: column} if column.str.len().gt(0).any() else {}


def write_page(table: pd.DataFrame, title: str, heading: str, template: str | Path, path: str | Path) -> None:
    """Write a table as a web page of its own: verdicts in their colours, and what a column means at its head.

    Args:
        title: of the page.
        heading: of the table, which says what its rows are.
    """
    groups = [("", table)]
    if "measure" in table:
        groups = [(measure, rows.drop(columns="measure")) for measure, rows in table.groupby("measure", sort=False)]
        table = table.drop(columns="measure")
    write(
        template,
        path,
        title=title,
        heading=heading,
        columns=list(table),
        definitions=definitions_of(table),
        verdicts=(ON_THIS_SPLIT, ON_NEW_SPLITS, "more often"),
        groups=[(name, rows.astype(str).to_numpy().tolist()) for name, rows in groups],
    )


def read_table(path: str | Path) -> str:
    """The table of a page that `write_page` wrote, in HTML."""
    return re.search("<table.*</table>", Path(path).read_text(), re.DOTALL)[0]


def definitions_of(columns: Iterable[str]) -> dict[str, str]:
    """Column -> what it means, of those that are not plain."""
    known = {column: _SECONDS if column.startswith(_SECONDS) else column for column in columns}
    return {column: DEFINITIONS[word] for column, word in known.items() if word in DEFINITIONS}


def write_latex(
    table: pd.DataFrame, path: str | Path, widths: Mapping[str, float] = _WIDTHS, longtable: bool = False
) -> None:
    """Write a tabular that needs the package booktabs; columns beyond the width of a page are left out.

    Args:
        widths: of columns that are sentences, as parts of a line.
        longtable: for a table of several pages; it needs the package of that name too.
    """
    table = table[[column for column in table if column not in _NOT_IN_LATEX and not column.startswith("seconds")]]
    columns = "".join(rf"p{{{widths[column]}\linewidth}}" if column in widths else "l" for column in table)
    text = in_latex(table.to_latex(index=False, escape=True, column_format=columns, longtable=longtable))
    with replacing(path) as temporary:
        temporary.write_text(text)


def _intervals(table: pd.DataFrame, *columns: str) -> list[str]:
    return [interval(*row) for row in table[list(columns)].itertuples(index=False)]


def _measured(table: pd.DataFrame, *columns: str) -> list[str]:
    return [measured(*row) for row in table[["measure", *columns]].itertuples(index=False)]


def _bounds(table: pd.DataFrame, *columns: str) -> pd.Series:
    texts = [bounds(*row) or "-" for row in table[list(columns)].itertuples(index=False)]
    return pd.Series(texts, table.index, dtype=str)
