"""What was claimed beforehand, against what the trainings say.

A claim names a measure and where it is taken: at one setting, as the difference of two, which may be those of other
studies, along several batch sizes, or of the ensembles. Its number is a mean over trainings, which is expected above,
below or within bounds. A claim may also be about a number that is fitted to all settings of the study.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from batchscope.evidence.across import Across
from batchscope.evidence.crossed import estimate_mean
from batchscope.evidence.measured import Measured
from batchscope.evidence.studentised import FEWEST, LEVEL, Estimate
from batchscope.evidence.trainings import (
    NOT_JUDGED,
    ROWS_AND_TRAININGS,
    THIS_SPLIT,
    TRAININGS,
    Trainings,
)
from batchscope.study.setting import SETTING, Setting

COLUMNS = [
    *("claim", "statement", "measure", *SETTING, *(f"against_{column}" for column in SETTING), "along", "expected"),
    *("estimate", "low", "high", "low_90", "high_90", "replicates", "diverged", "never"),
    *("reported", "reported_percentile", "verdict", "explanation"),
    *("over", "low_on_this_split", "high_on_this_split", "p_value", "p_value_holm", "verdict_on_this_split"),
    *("estimate_on_new_splits", "low_on_new_splits", "high_on_new_splits", "replicates_on_new_splits"),
    *("verdict_on_new_splits", "paired", "of_study", "against_study", "basis", "source", "control"),
]
NOT_TESTED = "not tested"  # a setting that the claim names is not trained
NOT_MEASURED = "not measured"  # no training of such a setting has the measure
VERDICTS = ("verdict", "verdict_on_this_split", "verdict_on_new_splits")
_OWN = ""  # the study of a claim that names no other


def judge(
    claims: list[dict],
    trainings: dict[str, Trainings],
    others: list[Trainings],
    seed: int,
    elsewhere: Mapping[str, Measured] = MappingProxyType({}),
    fitted: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A row per claim.

    Args:
        claims: as in the config, with settings in place of batch sizes; `not_tested` where one of them is not trained.
            One about other studies has their names in `of_study` and `against_study`, and where these are two whether
            their replicates are `paired`, with the `basis` of that in words.
        trainings, others: of the study, as `batchscope.evidence.measured.Measured` has them.
        seed: where the bootstrap starts from.
        elsewhere: the other studies that claims name.
        fitted: a row per `quantity` that is fitted to the whole study: `estimate`, `low`, `high`, `low_90`, `high_90`,
            `replicates`, and in `refused` why the data do not determine it, or nothing.

    `low` to `high` is the 95 % interval of the estimate over trainings alone, on these rows, `low_90` to `high_90` its
    90 % interval, and `verdict` goes by them. The interval `on_this_split` is for new rows too, where the measure is a
    mean over rows (`over` says so), and so is the verdict. A claim whose `rows` are `these` is about the very rows that
    were tested on. The others have an estimate, an interval and a verdict `on_new_splits` as well.

    A claim holds where the whole interval is where it is expected: the 95 % interval above or below a bound, the 90 %
    interval within two (two one-sided tests; Schuirmann 1987). It does not hold where the whole 95 % interval is
    elsewhere. Else it is undecided, and so it is with fewer than 6 trainings, where most diverged, and where most
    reached no target. It is not measured where no training of a setting has its measure, though some did not diverge.
    `p_value` is that of the verdict on this split, `p_value_holm` the same adjusted over all claims of the study (Holm
    1979). `reported_percentile` is the share of replicates below the number that the claim's source reports, ties
    counted half.

    Where trainings are not `paired`, two settings are compared as two samples, and `replicates` are those of the
    smaller one; the rank correlation along several is that of `batchscope.evidence.unpaired`. What is said of pairs is
    of all combinations of trainings then, and `diverged` counts trainings. What is fitted has an interval of its own
    and no p value; it is undecided where it is refused.
    """
    studies = {_OWN: Measured(trainings, others), **elsewhere}
    rows = []
    for claim in claims:
        if claim.get("not_tested"):
            row = _unjudged(claim, NOT_TESTED)
        elif fitted is not None and claim["measure"] in fitted["quantity"].tolist():
            row = _judge_fitted(claim, fitted.set_index("quantity").loc[claim["measure"]])
        else:
            row = _judge(claim, studies, seed)
        rows.append({"paired": claim.get("paired", trainings[THIS_SPLIT].paired)} | row)
    tested = [row for row in rows if not math.isnan(row["p_value"])]
    adjusted = multipletests([row["p_value"] for row in tested], LEVEL, "holm")[1] if tested else []
    for row, p_value in zip(tested, adjusted):
        row["p_value_holm"] = p_value
    return pd.DataFrame(rows, columns=COLUMNS)


def _judge(claim: dict, studies: dict[str, Measured], seed: int) -> dict:
    names = [claim.get(f"{key}_study", _OWN) for key in ("of", "against") if key in claim]
    named = [studies[name] for name in dict.fromkeys(names or [_OWN])]
    measured = _together(claim, [study.by(claim["measure"]) for study in named])
    new = _together(claim, [study.on_new_splits(claim["measure"]) for study in named])
    if not _is_measured(claim, measured.on_these_rows):
        return _unjudged(claim, NOT_MEASURED)
    about_new_rows = claim.get("rows", "new") == "new"
    population = measured.over(claim["measure"]) if about_new_rows and "along" not in claim else TRAININGS
    number = _Number.of(claim, measured.on_these_rows, seed)
    alone = _Judged.of(claim, number)
    split = _for_new_rows(claim, measured, alone, population, seed)
    row = {
        **_stated(claim),
        **{name: getattr(alone.estimate, name) for name in ("estimate", "low", "high", "low_90", "high_90")},
        "replicates": alone.estimate.values,
        "diverged": number.lost,
        "never": number.never,
        **_reported(claim, number.of_each),
        "verdict": alone.verdict,
        "over": population,
        "low_on_this_split": split.estimate.low,
        "high_on_this_split": split.estimate.high,
        "p_value": split.p_value,
        "p_value_holm": math.nan,
        "verdict_on_this_split": split.verdict,
        "verdict_on_new_splits": NOT_JUDGED,
        "paired": measured.paired,
    }
    if new is not None and about_new_rows:
        on_new = _Judged.of(claim, _Number.of(claim, new.on_these_rows, seed))
        on_new = _for_new_rows(claim, new, on_new, population, seed)
        row |= {f"{name}_on_new_splits": getattr(on_new.estimate, name) for name in ("estimate", "low", "high")}
        row |= {"replicates_on_new_splits": on_new.estimate.values, "verdict_on_new_splits": on_new.verdict}
    return row


def _together(claim: dict, trainings: list[Trainings | None]) -> Trainings | Across | None:
    """The trainings that a claim is about, of one study or of two; None where a study has none."""
    if None in trainings:
        return None
    return trainings[0] if len(trainings) == 1 else Across(tuple(trainings), claim["paired"])


def _judge_fitted(claim: dict, fitted: pd.Series) -> dict:
    """The verdict on a number that is fitted to the whole study, by its interval."""
    replicates = 0 if math.isnan(fitted["replicates"]) else int(fitted["replicates"])  # none where nothing is fitted
    estimate = Estimate(*fitted[["estimate", "low", "high", "low_90", "high_90"]], math.nan, replicates)
    decided = not fitted["refused"] and estimate.values >= FEWEST and not math.isnan(estimate.low)
    found = verdict(claim, estimate) if decided else "undecided"
    return _unjudged(claim, found) | {
        **{name: getattr(estimate, name) for name in ("estimate", "low", "high", "low_90", "high_90")},
        "replicates": estimate.values,
        "low_on_this_split": estimate.low,
        "high_on_this_split": estimate.high,
        "basis": fitted["refused"],
    }


def _stated(claim: dict) -> dict:
    """What a row has of the claim itself."""
    return {
        "claim": claim["name"],
        "statement": claim["statement"],
        "measure": claim["measure"],
        **dict(zip(SETTING, claim.get("of", ()))),
        **{f"against_{column}": value for column, value in zip(SETTING, claim.get("against", ()))},
        "along": ", ".join(Setting(*setting).batch_sizes for setting in claim.get("along", ())),
        "expected": _expectation(claim),
        "control": claim.get("control", False),
        **{key: claim.get(key, "") for key in ("explanation", "of_study", "against_study", "basis", "source")},
    }


def _settings(claim: dict) -> list[Setting]:
    """The settings of a claim; none of one about ensembles."""
    named = claim["along"] if "along" in claim else [claim[key] for key in ("of", "against") if key in claim]
    return [Setting(*setting) for setting in named]


def _is_measured(claim: dict, trainings: Trainings | Across) -> bool:
    """Whether every setting of a claim has its measure in some training, or nothing but such as diverged."""
    settings = _settings(claim)
    if not settings:
        return True
    values, _ = trainings.values(claim["measure"], settings)
    has_it, is_sound = ~np.isnan(values[..., 0]), trainings.diverged(settings, claim["measure"]).T == 0
    return bool((has_it.any(axis=1) | ~is_sound.any(axis=1)).all())


def _unjudged(claim: dict, verdict: str) -> dict:
    counts = dict.fromkeys(("replicates", "diverged", "never"), 0)
    verdicts = {"verdict": verdict, "verdict_on_this_split": verdict, "verdict_on_new_splits": NOT_JUDGED}
    reported = _reported(claim, np.empty(0))
    return _stated(claim) | counts | verdicts | reported | {"over": TRAININGS, "p_value": math.nan}


def _for_new_rows(
    claim: dict, trainings: Trainings | Across, alone: "_Judged", population: str, seed: int
) -> "_Judged":
    """What was judged over trainings alone, with the wider interval where it is for new rows too."""
    if population != ROWS_AND_TRAININGS:
        return alone
    return alone.wider(_Judged.of(claim, _Number.of(claim, trainings, seed)))


class _Number(NamedTuple):
    """The number of a claim, and what is behind it."""

    estimate: Callable[..., Estimate]  # given what it might be by its null
    of_each: np.ndarray  # what it is of each training or pair, (n,)
    lost: int  # of these, to divergence
    never: int  # trainings that were not seen to get where their time ends
    decisive: bool  # whether neither is most

    @classmethod
    def of(cls, claim: dict, trainings: Trainings | Across, seed: int) -> "_Number":
        form, measure = trainings.form, claim["measure"]
        if not (settings := _settings(claim)):
            table = trainings.replicates
            values = table.loc[table["members"] == table["members"].max(), measure].to_numpy()  # of whole ensembles
            lost = np.isnan(values)
            return cls(partial(estimate_mean, values, seed), values, lost.sum(), 0, lost.mean() <= 0.5)
        values, censored = trainings.values(measure, settings)
        diverged = trainings.diverged(settings, measure)
        if "along" in claim:
            sizes = [setting.batch_size for setting in settings]
            estimate = partial(form.rank_correlation, values, sizes, seed)
            of_each = form.rank_correlations(values, sizes)
        elif len(settings) == 2:
            estimate, of_each = partial(form.difference, *values, seed), form.differences(*values)[:, 0]
        else:
            estimate, of_each = partial(estimate_mean, values[0], seed), values[0, :, 0]
        decisive = form.share(1 - diverged) >= 0.5 and form.share(censored) <= 0.5
        return cls(estimate, of_each, form.lost(diverged), int(np.nansum(censored)), decisive)


class _Judged(NamedTuple):
    """The number of a claim, its verdict, and the p value of that: of the number being at a bound."""

    claim: dict
    estimate: Estimate
    decided: bool
    p_value: float

    @classmethod
    def of(cls, claim: dict, number: _Number) -> "_Judged":
        bounds = [bound for bound in bounds_expected(claim) if math.isfinite(bound)]
        estimate, *others = (number.estimate(null=bound) for bound in bounds)
        decided = estimate.values >= FEWEST and number.decisive
        p_value = max(each.p_value for each in (estimate, *others)) if decided else math.nan
        if others and bounds[0] < estimate.estimate < bounds[1]:
            p_value /= 2  # inside, each side is tested by itself (two one-sided tests)
        return cls(claim, estimate, decided, p_value)

    def wider(self, other: "_Judged") -> "_Judged":
        return self._replace(estimate=self.estimate.wider(other.estimate), p_value=np.fmax(self.p_value, other.p_value))

    @property
    def verdict(self) -> str:
        return verdict(self.claim, self.estimate) if self.decided else "undecided"


def _reported(claim: dict, values: np.ndarray) -> dict[str, float]:
    """The number that the claim's source reports, and its place among those of the replicates."""
    reported, sound = claim.get("reported", math.nan), values[~np.isnan(values)]
    known = len(sound) and not math.isnan(reported)
    percentile = stats.percentileofscore(sound, reported, kind="mean") / 100 if known else math.nan
    return {"reported": reported, "reported_percentile": percentile}


def bounds_expected(claim: dict) -> tuple[float, float]:
    """Between which numbers a claim of the config expects its measure; a side that is open is infinite."""
    return claim.get("within") or (claim.get("above", -math.inf), claim.get("below", math.inf))


def _expectation(claim: dict) -> str:
    low, high = bounds_expected(claim)
    if math.isinf(low):
        return f"below {high:g}"
    return f"above {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"


def verdict(claim: dict, estimate: Estimate) -> str:
    """`holds`, `does not hold` or `undecided`; see `judge`."""
    low, high = bounds_expected(claim)
    if "within" in claim:
        holds = low < estimate.low_90 and estimate.high_90 < high
    else:
        holds = low < estimate.low and estimate.high < high
    if holds:
        return "holds"
    return "does not hold" if estimate.high < low or estimate.low > high else "undecided"


def read_claims(path: str | Path) -> pd.DataFrame:
    """The table that `judge` made, from its file; names and statements are text, whatever they look like."""
    text = ("claim", "statement", "measure", "along", "expected", "explanation", "schedule", "over", *VERDICTS)
    text = (*text, "of_study", "against_study", "basis", "source")
    numbers = [column for column in COLUMNS if column not in text]
    return pd.read_csv(
        path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values={column: [""] for column in numbers}
    )
