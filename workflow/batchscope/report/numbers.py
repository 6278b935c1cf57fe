"""All numbers of a study for a paper: a TeX file in which each has a name that lasts."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from batchscope import __version__
from batchscope.evidence.recommendation import settings_of
from batchscope.evidence.trainings import NEW_SPLITS, NOT_JUDGED, THIS_SPLIT
from batchscope.files import replacing
from batchscope.report.words import basis_of_claim, bounds, in_latex, number, or_never, p_value
from batchscope.study.setting import CONSTANT, SETTING, Setting

_HEAD = r"""% The numbers of a study, each by its name, such as \batchscope{NAME}. Made anew with the study.
\providecommand{\batchscope}[1]{%
  \ifcsname batchscope/#1\endcsname\csname batchscope/#1\endcsname
  \else\PackageError{batchscope}{There is no number '#1'}{Its name stands in the file of the numbers.}\fi}
"""
_ON = {THIS_SPLIT: "", NEW_SPLITS: " on new splits"}
_PLAIN = {"replicates": number, "diverged": number, "epochs_to_target": or_never}


def numbers(
    study: str,
    summary: pd.DataFrame,
    claims: pd.DataFrame,
    comparisons: pd.DataFrame,
    ranked: pd.DataFrame,
    taken: list[Setting],
    variance: pd.DataFrame | None = None,
) -> dict[str, str]:
    """Name -> the number as the tables have it. The first part of a name is the study.

    `<batch size>/<learning rate>/<measure>/mean` and `.../interval`, which is for new rows where there is such a one,
    with `.../interval over trainings alone` beside; `.../against <reference>/<measure>/...` of a comparison,
    `.../from the best/<goal>/...` of the recommendation, `.../variance/<source>/...`; `claims/<claim>/...` of a claim,
    with `.../basis` where it is about other studies or a number that is not determined; `take/...` of the setting to
    take, `may be best/<goal>` how many settings may be. Seconds, which differ from run to run, are there only where a
    claim is about them. `version` is that of Batchscope, to cite.

    Args:
        summary, claims, comparisons, ranked, variance: as in `metrics/`; `ranked` is that of the recommendation.
        taken: the settings to take, the first first.
    """
    found = {}
    for table, of_row in ((summary, _of_setting), (comparisons, _of_comparison), (ranked, _of_ranked)):
        for row in table.to_dict("records"):
            found |= {f"{study}/{_place(row)}/{name}": value for name, value in of_row(row)}
    for row in () if variance is None else variance.to_dict("records"):
        found |= {f"{study}/{_place(row)}/variance/{row['source']}/{name}": value for name, value in _of_source(row)}
    for claim in claims.to_dict("records"):
        found |= {f"{study}/claims/{claim['claim']}/{name}": value for name, value in _of_claim(claim)}
    for (on, goal), table in ranked.groupby(["on", "goal"], sort=False):
        found[f"{study}/may be best/{goal}{_ON[on]}"] = number(len(settings_of(table)))
    for setting in taken[:1]:
        found |= {
            f"{study}/take/batch size": setting.batch_sizes,
            f"{study}/take/learning rate": f"{setting.learning_rate:g}",
        }
    return found | {f"{study}/settings": number(len(summary)), "version": __version__}


def _place(row: dict, prefix: str = "") -> str:
    """A setting in the name of a number."""
    setting = Setting(*(row[f"{prefix}{column}"] for column in SETTING))
    return f"{setting.batch_size if setting.schedule == CONSTANT else setting.schedule}/{setting.learning_rate:g}"


def _of_setting(row: dict) -> Iterator[tuple[str, str]]:
    yield from ((name, in_words(row[name])) for name, in_words in _PLAIN.items())
    for column, value in row.items():
        measure, is_mean, population = column.partition("_mean")
        if not is_mean or pd.isna(value):
            continue
        on = population.replace("_", " ")  # of new splits
        yield f"{measure}/mean{on}", number(value)
        alone = bounds(row[f"{measure}_low{population}"], row[f"{measure}_high{population}"])
        new_rows = f"{measure}_low_on_this_split"
        if on or new_rows not in row:
            yield f"{measure}/interval{on}", alone
        else:
            yield f"{measure}/interval", bounds(row[new_rows], row[f"{measure}_high_on_this_split"])
            yield f"{measure}/interval over trainings alone", alone


def _of_comparison(row: dict) -> Iterator[tuple[str, str]]:
    found = [
        *_judged(row, "difference"),
        ("p", p_value(row["p_value_on_this_split"])),
        ("pairs", number(row["pairs"])),
        ("superiority", number(row["superiority"])),
        ("superiority/interval", bounds(row["superiority_low"], row["superiority_high"])),
    ]
    return ((f"against {_place(row, 'reference_')}/{row['measure']}/{name}", value) for name, value in found)


def _of_ranked(row: dict) -> Iterator[tuple[str, str]]:
    goal, on = f"from the best/{row['goal']}", _ON[row["on"]]
    yield f"{goal}/verdict{on}", row["verdict"]
    if not pd.isna(row["difference"]):
        yield f"{goal}/difference{on}", number(row["difference"])
        yield f"{goal}/interval{on}", bounds(row["difference_low"], row["difference_high"])
    for column in ("more_replicates", "more_rows"):
        if math.isfinite(row[column]):
            yield f"{goal}/{column.replace('_', ' ')}{on}", number(row[column])


def _of_source(row: dict) -> Iterator[tuple[str, str]]:
    yield "sd", number(row["sd"])
    yield "interval", bounds(row["low"], row["high"])
    yield "share", number(row["share"])
    yield "trainings", number(row["trainings"])


def _of_claim(claim: dict) -> Iterator[tuple[str, str]]:
    yield from _judged(claim, "estimate")
    yield "replicates", number(claim["replicates"])
    yield "p (Holm)", p_value(claim["p_value_holm"])
    if rests_on := basis_of_claim(claim):
        yield "basis", re.sub(r"([_%&#$])", r"\\\1", rests_on)


def _judged(row: dict, estimate: str) -> Iterator[tuple[str, str]]:
    """What comparisons and claims have both: a verdict, an estimate and its intervals, on new splits as well."""
    yield "verdict", row["verdict_on_this_split"]
    yield estimate, number(row[estimate])
    yield "interval", bounds(row["low_on_this_split"], row["high_on_this_split"])
    yield "interval over trainings alone", bounds(row["low"], row["high"])
    if row["verdict_on_new_splits"] != NOT_JUDGED:
        yield "verdict on new splits", row["verdict_on_new_splits"]
        yield f"{estimate} on new splits", number(row[f"{estimate}_on_new_splits"])
        yield "interval on new splits", bounds(row["low_on_new_splits"], row["high_on_new_splits"])


def write_numbers(found: dict[str, str], path: str | Path) -> None:
    """Write the TeX file that a paper reads with `\\input`."""
    lines = [
        rf"\expandafter\def\csname batchscope/{name}\endcsname{{{in_latex(value)}}}" for name, value in found.items()
    ]
    with replacing(path) as temporary:
        temporary.write_text(_HEAD.replace("NAME", next(iter(found))) + "\n".join(lines) + "\n")
