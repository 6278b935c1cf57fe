"""Every setting against a reference, in pairs of trainings that start from the same weights where there are any."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from batchscope.evidence.pairs import CENSORED
from batchscope.evidence.studentised import FEWEST, LEVEL, Estimate
from batchscope.evidence.trainings import NEW_SPLITS, NOT_JUDGED, ROWS_AND_TRAININGS, THIS_SPLIT, Trainings
from batchscope.study.scores import more_is_better
from batchscope.study.setting import SETTING, Setting

COLUMNS = [
    *("measure", *SETTING, *(f"reference_{column}" for column in SETTING)),
    *("pairs", "diverged", "reference_diverged", "never", "reference_never", "mean", "reference_mean"),
    *("difference", "low", "high", "low_90", "high_90", "p_value", "p_value_holm", "superiority", "margin", "verdict"),
    *("p_value_max_t", "correlation", "superiority_low", "superiority_high", "superiority_verdict", "over"),
    *(f"{name}_on_this_split" for name in ("low", "high", "p_value", "verdict")),
    *(f"{name}_on_new_splits" for name in ("pairs", "difference", "low", "high", "p_value", "verdict")),
    *("paired", "trainings", "reference_trainings"),
]
# From this share of pairs on, being better more often matters (Bouthillier et al. 2021).
_MOSTLY = 0.75


def compare(trainings: dict[str, Trainings], reference: Setting, margins: dict[str, float], seed: int) -> pd.DataFrame:
    """A row per measure and setting other than the reference.

    Args:
        trainings: population -> its trainings, as from `batchscope.evidence.trainings.read_trainings`.
        reference: the setting that the others are compared with.
        margins: measure -> the difference that still counts as none; which way each is better says
            `batchscope.study.scores.more_is_better`.
        seed: where the bootstrap starts from.

    `difference` is the mean over pairs of setting minus reference. Over trainings alone, on these rows: `low` to `high`
    is its 95 % interval, `low_90` to `high_90` its 90 % interval, `p_value` that of its being 0, adjusted over the
    settings compared in this measure in `p_value_max_t` (see `studentised.adjust`) and by Holm's method in
    `p_value_holm`, and `verdict` goes by these. `on_this_split` the same is for new rows too, where the measure is a
    mean over rows (`over` says so), with the wider interval and the larger p value, and `on_new_splits` for trainings
    on those. Their p values are adjusted by the largest distance.

    A verdict is, in this order, `equivalent` where the 90 % interval lies within the margin on both sides (two one-
    sided tests; Schuirmann 1987), `better` or `worse` where the adjusted p value is at most 0.05, else `undecided`; on
    this split and on new ones `equivalent but better` (or worse) where both are shown.

    `correlation` is that of the pairs, over trainings: what pairing takes off the variance. `superiority` is the share
    of pairs in which the setting is better, with its 95 % interval for new rows too; its verdict is `mostly better`
    where that is above 0.5 and reaches 0.75, `mostly worse` the other way round, `about as often` where all of it lies
    between 0.25 and 0.75, else `undecided`.

    A pair with a diverged replicate is left out; where that is most of the pairs, the setting that diverged more is
    worse. Epochs to target are censored by the length of the training, see `batchscope.evidence.pairs`. Where in most
    pairs neither replicate gets there, and where fewer than 6 pairs are left, the verdict is `undecided`.

    Trainings that are not `paired` are compared as two samples: `difference` is that of their means, what is said of
    pairs is of all combinations, and `pairs` is the smaller number of trainings that did not diverge; there is no
    correlation. `trainings` and `reference_trainings` are those that there are, diverged ones among them.
    """
    own, new = trainings[THIS_SPLIT], trainings.get(NEW_SPLITS)
    settings = [setting for setting in own.settings if setting != reference]
    rows = []
    for measure in sorted(margins, key=CENSORED.__contains__):  # times come last
        margin = margins[measure]
        split, alone = _compare_both(own, measure, settings, reference, margin, seed)
        on_new = [None] * len(settings)
        if new is not None:
            on_new, _ = _compare_both(new, measure, settings, reference, margin, seed)
        p_values = np.array([each.estimate.p_value for each in alone])
        tested = ~np.isnan(p_values)
        holm = np.full(len(settings), math.nan)
        if tested.any():
            holm[tested] = multipletests(p_values[tested], LEVEL, "holm")[1]
        for setting, p_holm, *compared in zip(settings, holm, alone, split, on_new):
            described = _describe(own, measure, setting, reference, seed)
            rows.append(described | {"p_value_holm": p_holm, "margin": margin} | _columns(*compared))
    return pd.DataFrame(rows, columns=COLUMNS)


def compare_on_this_split(
    trainings: Trainings, reference: Setting, measure: str, margin: float, seed: int
) -> pd.DataFrame:
    """What `compare` has of a measure on this split, and no more than that: other columns are NaN.

    Args:
        trainings: those on this split.
        reference, margin, seed: as `compare` takes them.
    """
    settings = [setting for setting in trainings.settings if setting != reference]
    split, alone = _compare_both(trainings, measure, settings, reference, margin, seed)
    rows = [setting._asdict() | _columns(*compared, None) for setting, *compared in zip(settings, alone, split)]
    return pd.DataFrame(rows, columns=COLUMNS)


class _Compared(NamedTuple):
    """A setting against the reference on one population."""

    estimate: Estimate
    p_value: float  # adjusted over the settings
    margin: float
    direction: int  # 1 where more is better
    worse_by_divergence: bool | None  # None where enough pairs are left
    nothing_seen: bool

    def wider(self, other: "_Compared") -> "_Compared":
        return self._replace(estimate=self.estimate.wider(other.estimate), p_value=max(self.p_value, other.p_value))

    @property
    def equivalent(self) -> bool:
        return -self.margin < self.estimate.low_90 and self.estimate.high_90 < self.margin

    @property
    def shown(self) -> str | None:
        """`better` or `worse`, where a difference is shown."""
        if not self.p_value <= LEVEL:
            return None
        return "better" if self.estimate.estimate * self.direction > 0 else "worse"

    def verdict(self, both: bool = True) -> str:
        if self.worse_by_divergence is not None:
            return "worse" if self.worse_by_divergence else "better"
        if self.nothing_seen or self.estimate.values < FEWEST:
            return "undecided"
        if self.equivalent:
            return f"equivalent but {self.shown}" if both and self.shown else "equivalent"
        return self.shown or "undecided"


def _compare_both(
    trainings: Trainings, measure: str, settings: list[Setting], reference: Setting, margin: float, seed: int
) -> tuple[list[_Compared], list[_Compared]]:
    """For new rows, with the wider of both intervals, and over trainings alone; alike of what is no mean over rows."""
    alone = _compare_all(trainings.on_these_rows, measure, settings, reference, margin, seed)
    if trainings.over(measure) != ROWS_AND_TRAININGS:
        return alone, alone
    for_new_rows = _compare_all(trainings, measure, settings, reference, margin, seed)
    return [one.wider(other) for one, other in zip(for_new_rows, alone)], alone


def _compare_all(
    trainings: Trainings, measure: str, settings: list[Setting], reference: Setting, margin: float, seed: int
) -> list[_Compared]:
    if not settings:
        return []
    form, direction = trainings.form, 1 if more_is_better(measure) else -1
    pairs, never = zip(*(trainings.values(measure, [setting, reference]) for setting in settings))
    estimates, p_values = form.differences_from(*np.stack(pairs, axis=1), seed)
    compared = []
    for setting, estimate, p_value, of_pair in zip(settings, estimates, p_values.tolist(), never):
        diverged = trainings.diverged([setting, reference])
        lost, reference_lost = np.nanmean(diverged, axis=0)
        few = form.share(1 - diverged) < 0.5 and lost != reference_lost
        worse = lost > reference_lost if few else None
        compared.append(_Compared(estimate, p_value, margin, direction, worse, form.share(of_pair) > 0.5))
    return compared


def _describe(own: Trainings, measure: str, setting: Setting, reference: Setting, seed: int) -> dict:
    """What is no matter of a population: who is compared, how many, and how often which is better."""
    values, never = own.on_these_rows.values(measure, [setting, reference])
    one, other = own.form.sound(values[..., 0])
    diverged = own.diverged([setting, reference])
    values, _ = own.values(measure, [setting, reference])
    share = own.form.superiority(*(values if more_is_better(measure) else -values), seed)
    return {
        "measure": measure,
        **setting._asdict(),
        **{f"reference_{column}": value for column, value in reference._asdict().items()},
        "pairs": min(len(one), len(other)),
        **_of_both("diverged", np.nansum(diverged, axis=0)),
        **_of_both("never", np.nansum(never, axis=0)),
        "mean": one.mean() if len(one) else math.nan,
        "reference_mean": other.mean() if len(other) else math.nan,
        "correlation": own.form.correlation(one, other),
        **dict(zip(("superiority", "superiority_low", "superiority_high"), share)),
        "superiority_verdict": _mostly(*share[1:]),
        "over": own.over(measure),
        "paired": own.paired,
        **_of_both("trainings", np.sum(~np.isnan(diverged), axis=0)),
    }


def _of_both(name: str, counts: np.ndarray) -> dict[str, int]:
    """The counts of a setting and of the reference, as columns."""
    return {name: int(counts[0]), f"reference_{name}": int(counts[1])}


def _columns(alone: _Compared, split: _Compared, new: _Compared | None) -> dict:
    estimate = alone.estimate
    row = {
        "difference": estimate.estimate,
        **{name: getattr(estimate, name) for name in ("low", "high", "low_90", "high_90", "p_value")},
        "p_value_max_t": alone.p_value,
        "verdict": alone.verdict(both=False),
        "low_on_this_split": split.estimate.low,
        "high_on_this_split": split.estimate.high,
        "p_value_on_this_split": split.p_value,
        "verdict_on_this_split": split.verdict(),
        "verdict_on_new_splits": NOT_JUDGED,
    }
    if new is None:
        return row
    return row | {
        "pairs_on_new_splits": new.estimate.values,
        "difference_on_new_splits": new.estimate.estimate,
        "low_on_new_splits": new.estimate.low,
        "high_on_new_splits": new.estimate.high,
        "p_value_on_new_splits": new.p_value,
        "verdict_on_new_splits": new.verdict(),
    }


def _mostly(low: float, high: float) -> str:
    if low > 0.5 and high >= _MOSTLY:
        return "mostly better"
    if high < 0.5 and low <= 1 - _MOSTLY:
        return "mostly worse"
    return "about as often" if low > 1 - _MOSTLY and high < _MOSTLY else "undecided"
