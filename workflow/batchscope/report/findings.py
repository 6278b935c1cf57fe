"""What was found, in words: the first page of the report."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from batchscope.evidence.claims import NOT_MEASURED, NOT_TESTED, read_claims
from batchscope.evidence.steps_to_result import read_tables
from batchscope.evidence.trainings import NEW_SPLITS, NOT_JUDGED, THIS_SPLIT, TRAININGS
from batchscope.report.advice import read_page
from batchscope.report.steps_words import steps_in_words
from batchscope.report.templates import write
from batchscope.report.words import CONTROL, basis, basis_of_claim, bounds, capitalized, measured
from batchscope.report.words import MEASURES as NAMES
from batchscope.study.setting import SETTING, Setting, setting_in_words, settings_in

# What a claim's number is a mean over, where that is not replicates.
_UNITS = {
    "seconds_per_epoch": "stretches of training",
    "ensemble_gain": "ensembles",
    "selection_gain": "ensembles",
}


def read_findings(metrics: Path, study: dict) -> dict:
    """What the first page says of a study, from its tables.

    Args:
        metrics: the folder that they are in.
        study: as `study_findings` takes it, with the score and result of its `steps`, where it counts them.
    """
    findings = study_findings(
        study,
        read_page(metrics / "recommendation.md"),
        pd.read_csv(metrics / "summary.csv"),
        pd.read_csv(metrics / "comparisons.csv"),
        read_claims(metrics / "claims.csv"),
    )
    if "steps" in study:
        steps = read_tables(metrics / "steps_to_result.csv", metrics / "scaling.csv")
        findings["sentences"] += steps_in_words(*steps, **study["steps"])
    return findings


def study_findings(
    study: dict, recommendation: dict, summary: pd.DataFrame, comparisons: pd.DataFrame, claims: pd.DataFrame
) -> dict:
    """What the first page says of a study, in sentences.

    Args:
        study: its name, its title, its questions, what it is `paired` and `of_rows` (see `words.basis`), and the paths
            of the figure that comes `first` and of that of which setting is `best`.
        recommendation: its advice and other sentences, as from `batchscope.report.advice.read_page`.
        summary, comparisons, claims: its tables under metrics.
    """
    judged = claims.set_index("claim", drop=False)
    answers = [question["answer"] for question in study["questions"]]
    return {
        "name": study["name"],
        "title": study["title"],
        "first": study["first"],
        "best": study["best"],
        "trained": _trained(summary),
        "basis": basis(study["paired"], study["of_rows"]),
        **recommendation,
        "sentences": [*_controls_that_hold(claims), *recommendation["sentences"]],
        "compared": [
            _compared(comparisons, measure, population)
            for measure in comparisons["measure"].unique()
            for population in _populations(comparisons)
        ],
        "differ": [name for name, claim in judged.iterrows() if _differs(claim)],
        "claims": [
            {"name": name, "verdict": verdicts(claim), "sentence": sentence(claim)}
            for name, claim in judged.iterrows()
            if name not in answers
        ],
        "questions": [
            {
                "question": question["question"],
                "name": question["answer"],
                "answer": sentence(judged.loc[question["answer"]]),
                "verdict": verdicts(judged.loc[question["answer"]]),
                "figure": question["figure"],
            }
            for question in study["questions"]
        ],
    }


def verdicts(claim: pd.Series) -> str:
    """`holds`, or `holds on this split, undecided on new splits`."""
    here, new = claim["verdict_on_this_split"], claim["verdict_on_new_splits"]
    if new in (NOT_JUDGED, here):
        return here
    return f"{here} on this split, {new} on new splits"


def _controls_that_hold(claims: pd.DataFrame) -> Iterator[str]:
    """A sentence for each negative control that was judged and did not fail."""
    for _, claim in claims[claims["control"].astype(bool)].iterrows():
        if verdicts(claim) not in ("does not hold", NOT_TESTED, NOT_MEASURED):
            name, measure = claim[["claim", "measure"]]
            yield f"The control {name} did not fail, so do not trust this study's verdicts on {NAMES[measure]}."


def _differs(claim: pd.Series) -> bool:
    return claim["verdict_on_new_splits"] not in (NOT_JUDGED, claim["verdict_on_this_split"])


def sentence(claim: pd.Series) -> str:
    """A claim with its estimates and intervals, the trainings, the number reported by its source, its explanation."""
    said = claim["statement"]
    if notes := [*[CONTROL] * bool(claim["control"]), *filter(None, [claim["source"]])]:
        said += f" ({'; '.join(notes)})"
    if claim["verdict"] == NOT_TESTED:
        return f"{said}: not tested, as a setting that it is about is not trained."
    if claim["verdict"] == NOT_MEASURED:
        lacking = f"the trainings at a setting that it is about have no {NAMES[claim['measure']]}"
        return f"{said}: not measured, as {lacking}."
    counted = f"{claim['replicates']} {_UNITS.get(claim['measure'], 'replicates')}"
    if claim["diverged"]:
        counted += f"; {claim['diverged']} more diverged"
    found = measured(*claim[["measure", "estimate", "low_on_this_split", "high_on_this_split"]])
    if pd.isna(claim["estimate"]):
        found = "not determined"
    if claim["over"] != TRAININGS:
        found += f" for new rows, {bounds(claim['low'], claim['high'])} over trainings alone"
    behind = f" ({counted})" if claim["replicates"] or claim["diverged"] else ""
    parts = [f"{said}: {found}, expected {claim['expected']}{behind}."]
    if claim["verdict_on_new_splits"] != NOT_JUDGED:
        new = claim[["measure", *(f"{name}_on_new_splits" for name in ("estimate", "low", "high"))]]
        parts.append(f"On new splits {measured(*new)} ({claim['replicates_on_new_splits']:.0f}).")
    if rests_on := basis_of_claim(claim):
        parts.append(f"{capitalized(rests_on)}." if rests_on == claim["basis"] else f"Settings: {rests_on}.")
    if pd.notna(claim["reported_percentile"]):
        share = 100 * claim["reported_percentile"]
        parts.append(f"The reported {claim['reported']:g} lies above {share:.0f} % of them.")
    elif pd.notna(claim["reported"]):
        parts.append(f"Reported: {claim['reported']:g}.")
    if claim["explanation"]:
        parts.append(claim["explanation"])
    return " ".join(parts)


def write_findings(findings: list[dict], template: str | Path, path: str | Path, papers: Sequence[dict] = ()) -> None:
    """Write the page in reStructuredText, which Snakemake's report shows first.

    Args:
        papers: as from `batchscope.report.scorecard.read_scorecard`, of studies that are miniatures of papers.
    """
    filters = {
        "rst": _escape,
        "quote": lambda path: quote(path, safe=""),
        "underline": lambda text: "-" * len(text),
    }
    write(template, path, filters, studies=findings, papers=papers)


def _escape(text: str) -> str:
    """Text of the user's in which reStructuredText sees no markup."""
    return re.sub(r"([*`|_\\<>])", r"\\\1", text)


def _trained(summary: pd.DataFrame) -> str:
    on_new_splits = int(summary["replicates_on_new_splits"].sum())
    diverged = summary[["diverged", "diverged_on_new_splits"]].sum().sum()
    return (
        f"{summary['replicates'].sum()} trainings at {len(summary)} setting{'s' * (len(summary) > 1)}"
        + f", and {on_new_splits} on new splits" * (on_new_splits > 0)
        + f"; {int(diverged) or 'none'} diverged."
    )


def _populations(comparisons: pd.DataFrame) -> list[str]:
    """What the verdicts of comparisons are about, where there is any."""
    if (comparisons["verdict_on_new_splits"] == NOT_JUDGED).all():
        return [THIS_SPLIT]
    return [THIS_SPLIT, NEW_SPLITS]


def _compared(comparisons: pd.DataFrame, measure: str, population: str) -> str:
    """`Against ...: final test accuracy is worse at 4, 8; equivalent at 256.`"""
    rows = comparisons[comparisons["measure"] == measure]
    reference = Setting(*rows[[f"reference_{column}" for column in SETTING]].iloc[0])
    several_rates = len({*rows["learning_rate"], reference.learning_rate}) > 1
    parts = []
    for verdict, group in rows.groupby(f"verdict_on_{population.replace(' ', '_')}", sort=False):
        settings = settings_in(group)
        names = [each.batch_sizes + f" ({each.learning_rate:g})" * several_rates for each in settings]
        parts.append(f"{verdict} at {', '.join(names)}")
    where = f" on {population}" * (len(_populations(comparisons)) > 1)
    return f"Against {setting_in_words(reference)}, {NAMES[measure]}{where}: {'; '.join(parts)}."
