"""All numbers of a study for a paper: a TeX file in which each has a name that lasts."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from batchscope import __version__
from batchscope.evidence.trainings import NOT_JUDGED
from batchscope.files import replacing
from batchscope.report.words import bounds, number, or_never, p_value
from batchscope.study.setting import CONSTANT

_HEAD = r"""% The numbers of a study, each by its name, such as \batchscope{NAME}. Made anew with the study.
\providecommand{\batchscope}[1]{%
  \ifcsname batchscope/#1\endcsname\csname batchscope/#1\endcsname
  \else\PackageError{batchscope}{There is no number '#1'}{Its name stands in the file of the numbers.}\fi}
"""
_PLAIN = {"replicates": number, "diverged": number, "epochs_to_target": or_never}


def numbers(study: str, summary: pd.DataFrame, claims: pd.DataFrame) -> dict[str, str]:
    """Name -> the number as the tables have it, of settings and claims.

    Names of settings are `<study>/<batch size>/<learning rate>/<measure>/mean` and `.../interval`, which is for new
    rows where there is such a one, with `.../interval over trainings alone` beside; of claims
    `<study>/claims/<claim>/...`. Seconds, which differ from run to run, are there only where a claim is about them.
    `version` is that of Batchscope, to cite.
    """
    found = {}
    for row in summary.to_dict("records"):
        batch_size = row["batch_size"] if row["schedule"] == CONSTANT else row["schedule"]
        setting = f"{study}/{batch_size}/{row['learning_rate']:g}"
        found |= {f"{setting}/{name}": value for name, value in _of_setting(row)}
    for claim in claims.to_dict("records"):
        found |= {f"{study}/claims/{claim['claim']}/{name}": value for name, value in _of_claim(claim)}
    return found | {"version": __version__}


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


def _of_claim(claim: dict) -> Iterator[tuple[str, str]]:
    yield "verdict", claim["verdict_on_this_split"]
    yield "estimate", number(claim["estimate"])
    yield "interval", bounds(claim["low_on_this_split"], claim["high_on_this_split"])
    yield "interval over trainings alone", bounds(claim["low"], claim["high"])
    yield "replicates", number(claim["replicates"])
    yield "p (Holm)", p_value(claim["p_value_holm"])
    if claim["verdict_on_new_splits"] != NOT_JUDGED:
        yield "verdict on new splits", claim["verdict_on_new_splits"]
        yield "estimate on new splits", number(claim["estimate_on_new_splits"])
        yield "interval on new splits", bounds(claim["low_on_new_splits"], claim["high_on_new_splits"])


def write_numbers(found: dict[str, str], path: str | Path) -> None:
    """Write the TeX file that a paper reads with `\\input`."""
    lines = [rf"\expandafter\def\csname batchscope/{name}\endcsname{{{value}}}" for name, value in found.items()]
    with replacing(path) as temporary:
        temporary.write_text(_HEAD.replace("NAME", next(iter(found))) + "\n".join(lines) + "\n")
