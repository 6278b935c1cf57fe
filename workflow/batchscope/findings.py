"""What was found, in words: the first page of the report."""

import re
from pathlib import Path
from urllib.parse import quote

import jinja2
import pandas as pd

from batchscope.files import replacing
from batchscope.setting import SETTING, Setting
from batchscope.words import MEASURES as NAMES
from batchscope.words import interval, setting_in_words

# What a claim's number is a mean over, where that is not replicates.
_UNITS = {
    "seconds_per_epoch": "stretches of training",
    "ensemble_gain": "ensembles",
    "selection_gain": "ensembles",
}


def study_findings(
    study: dict, recommendation: dict, summary: pd.DataFrame, comparisons: pd.DataFrame, claims: pd.DataFrame
) -> dict:
    """What the first page says of a study, in sentences.

    Args:
        study: its title and questions.
        recommendation: its advice and other sentences, as from `batchscope.advice.read_page`.
        summary, comparisons, claims: its tables under metrics.
    """
    judged = claims.set_index("claim", drop=False)
    return {
        "title": study["title"],
        "trained": _trained(summary),
        **recommendation,
        "compared": [_compared(comparisons, measure) for measure in comparisons["measure"].unique()],
        "claims": [
            {"verdict": claim["verdict"], "sentence": sentence(claim)}
            for name, claim in judged.iterrows()
            if name not in [question["answer"] for question in study["questions"]]
        ],
        "questions": [
            {
                "question": question["question"],
                "answer": sentence(judged.loc[question["answer"]]),
                "verdict": judged.loc[question["answer"]]["verdict"],
                "figure": question["figure"],
            }
            for question in study["questions"]
        ],
    }


def sentence(claim: pd.Series) -> str:
    """A claim with its estimate, interval, replicates, the number reported by its source, and its explanation."""
    measured = interval(claim["estimate"], claim["low"], claim["high"])
    basis = f"{claim['replicates']} {_UNITS.get(claim['measure'], 'replicates')}"
    if claim["diverged"]:
        basis += f"; {claim['diverged']} more diverged"
    parts = [f"{claim['statement']}: {measured}, expected {claim['expected']} ({basis})."]
    if pd.notna(claim["reported"]):
        share = 100 * claim["reported_percentile"]
        parts.append(f"The reported {claim['reported']:g} lies above {share:.0f} % of them.")
    if claim["explanation"]:
        parts.append(claim["explanation"])
    return " ".join(parts)


def write_findings(findings: list[dict], template: str | Path, path: str | Path) -> None:
    """Write the page in reStructuredText, which Snakemake's report shows first."""
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "rst": _escape,
        "quote": lambda path: quote(path, safe=""),
        "underline": lambda text: "-" * len(text),
    }
    text = environment.from_string(Path(template).read_text()).render(studies=findings)
    with replacing(path) as temporary:
        temporary.write_text(text)


def _escape(text: str) -> str:
    """Text of the user's in which reStructuredText sees no markup."""
    return re.sub(r"([*`|_\\<>])", r"\\\1", text)


def _trained(summary: pd.DataFrame) -> str:
    return (
        f"{summary['replicates'].sum()} trainings at {len(summary)} setting{'s' * (len(summary) > 1)}; "
        f"{summary['diverged'].sum() or 'none'} diverged."
    )


def _compared(comparisons: pd.DataFrame, measure: str) -> str:
    """`Against ...: final test accuracy is worse at 4, 8; equivalent at 256.`"""
    rows = comparisons[comparisons["measure"] == measure]
    reference = Setting(*rows[[f"reference_{column}" for column in SETTING]].iloc[0])
    several_rates = len({*rows["learning_rate"], reference.learning_rate}) > 1
    parts = []
    for verdict, group in rows.groupby("verdict", sort=False):
        settings = [Setting(*row) for row in group[SETTING].itertuples(index=False)]
        names = [each.batch_sizes + f" ({each.learning_rate:g})" * several_rates for each in settings]
        parts.append(f"{verdict} at {', '.join(names)}")
    return f"Against {setting_in_words(reference)}, {NAMES[measure]}: {'; '.join(parts)}."
