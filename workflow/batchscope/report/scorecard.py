"""The scorecard: a row for each claim of the studies that are miniatures of papers."""

import json
import math
from collections import Counter
from pathlib import Path

import pandas as pd

from batchscope.evidence.claims import NOT_MEASURED, NOT_TESTED, bounds_expected, read_claims
from batchscope.evidence.trainings import NOT_JUDGED
from batchscope.report.findings import verdicts
from batchscope.report.words import MEASURES, capitalized, measured

COUNTED = ("holds", "does not hold", "undecided", "not judged")
# Of one claim and of several.
_VERBS = {
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "undecided": ("is undecided", "are undecided"),
    "not judged": ("is not judged", "are not judged"),
}


def read_scorecard(results: Path, studies: list[dict]) -> list[dict]:
    """The papers by their years, each with its claims in the order of the config.

    Args:
        results: the folder that the studies have theirs in.
        studies: as from `batchscope.study.plan.Plan.scored`.

    Returns:
        Of each paper how it is `cited`, its `arxiv` numbers, the names of its `studies`, a row for each of its
        `claims`, their `counts` by verdict on the studies' own splits, how many `controls` there are and how many of
        these `failed`, and all this `in_words`.
    """
    papers: dict[str, dict] = {}
    for study in sorted(studies, key=lambda study: study["paper"]["year"]):
        paper, metrics = study["paper"], results / study["name"] / "metrics"
        cited = {
            "cited": f"{paper['authors']} {paper['year']}",
            "arxiv": paper.get("arxiv", []),
            "studies": [],
            "claims": [],
        }
        entry = papers.setdefault(json.dumps(paper, sort_keys=True), cited)
        entry["studies"].append(study["name"])
        entry["claims"] += [_row(study, claim) for _, claim in read_claims(metrics / "claims.csv").iterrows()]
    return [paper | _counted(paper["claims"]) for paper in papers.values()]


def _row(study: dict, claim: pd.Series) -> dict:
    """A claim of `metrics/claims.csv` with the words that the config has for the scorecard."""
    words, judged = study["claims"][claim["claim"]], claim["verdict_on_this_split"] not in (NOT_TESTED, NOT_MEASURED)
    reported = "" if math.isnan(claim["reported"]) else f"{claim['reported']:g}"
    return {
        "study": study["name"],
        "title": study["title"],
        "name": claim["claim"],
        "statement": claim["statement"],
        "source": claim["source"],
        "control": bool(claim["control"]),
        "reports": capitalized(words.get("reports", reported)),
        "measure": _what(claim),
        "measured": _measured(claim) if judged else "",
        "bounds": bounds_expected(words),
        "verdict": verdicts(claim),
        "would_change": capitalized(words.get("would_change", "")),
        **claim[["estimate", "low_on_this_split", "high_on_this_split", "expected", "replicates"]],
        "verdict_on_this_split": claim["verdict_on_this_split"],
    }


def _what(claim: pd.Series) -> str:
    """What the number of a claim is: `difference in final test accuracy`."""
    name = MEASURES[claim["measure"]]
    if claim["along"]:
        return f"rank correlation of {name} with batch size"
    return f"difference in {name}" if pd.notna(claim["against_batch_size"]) else name


def _measured(claim: pd.Series) -> str:
    """`82.2 [50.0, 123]`, and the same on new splits where the claim is judged on these too."""
    if math.isnan(claim["estimate"]):
        return "not determined" + f": {claim['basis']}" * bool(claim["basis"])
    found = measured(*claim[["measure", "estimate", "low_on_this_split", "high_on_this_split"]])
    if claim["verdict_on_new_splits"] == NOT_JUDGED:
        return found
    new = claim[["measure", *(f"{name}_on_new_splits" for name in ("estimate", "low", "high"))]]
    return f"{found}; on new splits {measured(*new)}"


def _counted(claims: list[dict]) -> dict:
    """How many claims have which verdict, negative controls by themselves."""
    controls = [claim for claim in claims if claim["control"]]
    found = Counter(
        claim["verdict_on_this_split"] if claim["verdict_on_this_split"] in COUNTED else "not judged"
        for claim in claims
        if not claim["control"]
    )
    counts = {verdict: found[verdict] for verdict in COUNTED}
    failed = sum(claim["verdict_on_this_split"] == "does not hold" for claim in controls)
    said = [f"{count} {_VERBS[verdict][count > 1]}" for verdict, count in counts.items() if count]
    in_words = (
        f"Of {sum(counts.values())} claim{'s' * (sum(counts.values()) > 1)} {', '.join(said)}" if said else "No claims"
    )
    if controls:
        plural = len(controls) > 1
        in_words += f"; {failed} of {len(controls)} negative control{'s' * plural} failed"
        in_words += f", {'as' if failed == len(controls) else 'though'} {'they' if plural else 'it'} must"
    return {"counts": counts, "controls": len(controls), "failed": failed, "in_words": f"{in_words}."}
