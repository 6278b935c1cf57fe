"""The gradient noise scale: the batch size at which a gradient is as much noise as signal (McCandlish et al. 2018).

B_simple = tr(Sigma) / |G|^2, where G is the mean of the gradients g_i of the N training rows and Sigma their
covariance: tr(Sigma) = sum |g_i - G|^2 / (N - 1). Of n rows drawn without replacement, with the mean g, the variance
s^2 = n / (n - 1) (mean |g_i|^2 - |g|^2) has the expectation tr(Sigma), and

    E |g|^2 = |G|^2 + (1 / n - 1 / N) tr(Sigma)

(Cochran 1977, theorem 2.2, for each component). So |g|^2 - (1 / n - 1 / N) s^2 is an unbiased estimate of |G|^2, and at
n = N it is |G|^2 itself. The estimators of McCandlish et al., here from batches of one row, whose |g_1|^2 is averaged
over the n rows, and of all n, are tr(Sigma) = (|g_1|^2 - |g|^2) / (1 - 1 / n), which is s^2, and
|G|^2 = (n |g|^2 - |g_1|^2) / (n - 1), which is |g|^2 - s^2 / n. They take rows to be without end: of N rows the latter
has the expectation |G|^2 - tr(Sigma) / N, which s^2 / N mends. It matters where the noise scale is not far below N.
What a layer draws at random for each row, as Dropout does, is without end: its part of tr(Sigma) / N stays in |G|^2.

Both are averaged over moments and replicates before they are divided, as the ratio of a noisy numerator and a noisy
denominator is biased, and has no mean.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from batchscope.evidence.scaling import Bounds, bounds, read_quantities
from batchscope.evidence.studentised import DRAWS, FEWEST
from batchscope.results.gradients import ALL_LAYERS
from batchscope.study.scores import (
    CRITICAL_BATCH_SIZE,
    NOISE_SCALE,
    NOISE_SCALE_GROWTH,
    NOISE_SCALE_OF_CRITICAL,
    reaches,
)

MOMENT, ALL, TO_RESULT = "moment", "all", "to_result"
LOST_IN_NOISE = "the gradient is not distinguishable from 0"
_TEXTS = ("layer", "over", "refused")
_ONE_MOMENT = "it is measured at one moment alone: do it more often"
_NO_MOMENT = "every replicate diverges, or is at the result when it is first measured"
_ENDS = [*Bounds._fields]
_COLUMNS = [
    *("batch_size", "learning_rate", "layer", "over", "epoch", "updates", "gradient_squared", "trace", "noise_scale"),
    *(*_ENDS, "replicates", "moments", "refused", "rows", "train_rows", "schedule"),
]
_FOUND = 0.975  # of samples have a gradient where it is distinguishable from 0


class _Signal(NamedTuple):
    """|G|^2 / tr(Sigma), one over the noise scale, as measured and in samples (samples,); no more than 0 in noise."""

    measured: float
    samples: np.ndarray
    replicates: int

    @property
    def refused(self) -> str:
        """Why there is no noise scale, or nothing."""
        if not self.replicates:
            return _NO_MOMENT
        if self.replicates < FEWEST:
            return f"fewer than {FEWEST} replicates"
        is_there = self.measured > 0 and (self.samples > 0).mean() >= _FOUND
        return "" if is_there else LOST_IN_NOISE

    @property
    def logs(self) -> tuple[float, np.ndarray]:
        """The logarithm of the noise scale, as measured and in samples, (samples,); infinite without a gradient."""
        values = np.append(self.measured, self.samples)
        logs = -np.log(values, out=np.full(len(values), -math.inf), where=values > 0)
        return float(logs[0]), logs[1:]

    @property
    def ends(self) -> Bounds:
        """Of the noise scale; a lower one alone where the gradient is lost in noise."""
        if self.replicates < FEWEST:
            return Bounds(*[math.nan] * 4)
        if not self.refused:
            return Bounds(*np.exp(bounds(*self.logs, self.replicates)))
        most = bounds(self.measured, self.samples, self.replicates)
        low, low_90 = (1 / end if end > 0 else math.nan for end in (most.high, most.high_90))
        return Bounds(low, math.inf, low_90, math.inf)


def with_estimates(gradients: pd.DataFrame) -> pd.DataFrame:
    """The same with `trace` and `gradient_squared`, the unbiased estimates of tr(Sigma) and |G|^2, see above.

    Args:
        gradients: as from `batchscope.results.gradients.gradients_table`.
    """
    rows, train_rows = gradients["rows"], gradients["train_rows"]
    trace = rows / (rows - 1) * (gradients["mean_square"] - gradients["square_of_mean"])
    return gradients.assign(
        trace=trace, gradient_squared=gradients["square_of_mean"] - (1 / rows - 1 / train_rows) * trace
    )


def find_noise_scale(
    gradients: pd.DataFrame,
    seed: int,
    score: str | None = None,
    result: float | None = None,
    scaling: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The noise scale by layer and moment, and what it comes to.

    Args:
        gradients: as from `batchscope.results.gradients.gradients_table`, of one setting.
        seed: where the draws of replicates start from.
        score, result: what updates are counted to, if they are; see `batchscope.evidence.steps_to_result`.
        scaling: the law of these, as from `batchscope.evidence.scaling.read_quantities`.

    Replicates that diverge are left out: on the way there their gradients would outweigh all others.

    The first table has for each layer (empty: all together) a row per moment, one `over` all moments, and one over
    those of each replicate before the result; columns: `gradient_squared` and `trace`, means over replicates; their
    ratio `noise_scale` with its 95 % and 90 % interval over trainings; how many `replicates`, `moments` and `rows` are
    behind it; and why it is `refused`, where the gradient is lost in noise: then there is a lower bound alone.

    The second has a row per `quantity`: `noise_scale`, up to the result where there is one; `noise_scale_growth`, that
    of the second half of the moments over that of the first; and `noise_scale_of_critical`, the noise scale over the
    critical batch size of `scaling`, with an interval by both of theirs (MOVER; Zou and Donner 2008, in logarithms).
    """
    there = with_estimates(gradients)
    diverged = there.loc[~np.isfinite(there["mean_square"]), "replicate"]
    there = there[~there["replicate"].isin(diverged)]
    before = pd.Series(True, there.index) if score is None else _before_result(there, score, result)
    rows = []
    for layer, of_layer in there.groupby("layer", sort=False):
        rows += [_row(layer, MOMENT, moment, seed) for _, moment in of_layer.groupby("epoch")]
        rows.append(_row(layer, ALL, of_layer, seed))
        if score is not None:
            rows.append(_row(layer, TO_RESULT, of_layer[before[of_layer.index]], seed))
    known = gradients.iloc[0][["batch_size", "learning_rate", "schedule", "rows", "train_rows"]]
    table = pd.DataFrame(rows, columns=_COLUMNS).assign(**known)
    whole = there[there["layer"] == ALL_LAYERS]
    taken = whole[before[whole.index]]
    summary = {NOISE_SCALE: _quantity(_signal(taken, seed), taken), NOISE_SCALE_GROWTH: _growth(whole, seed)}
    if score is not None:
        summary[NOISE_SCALE_OF_CRITICAL] = _of_critical(summary[NOISE_SCALE], scaling)
    quantities = pd.DataFrame({"quantity": name, **found} for name, found in summary.items())
    return table, quantities[["quantity", "estimate", *_ENDS, "replicates", "points", "refused"]]


def read_tables(noise: str | Path, summary: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables from their files, where a text that says nothing is an empty cell."""
    by_moment = pd.read_csv(noise, dtype=dict.fromkeys(_TEXTS, str)).fillna(dict.fromkeys(_TEXTS, ""))
    return by_moment, read_quantities(summary)


def _before_result(gradients: pd.DataFrame, score: str, result: float) -> pd.Series:
    """Whether each moment is before its replicate is first at the result, on test rows."""
    there = reaches(gradients[f"test_{score}"], score, result)
    keys = [gradients["layer"], gradients["replicate"]]
    return there.groupby(keys).cummax().eq(False)


def _signal(moments: pd.DataFrame, seed: int) -> _Signal:
    """Of the means over moments and replicates; replicates are drawn, each with all its moments."""
    means = moments.groupby("replicate")[["gradient_squared", "trace"]].mean().to_numpy()
    if not len(means):
        return _Signal(math.nan, np.full(DRAWS, math.nan), 0)
    drawn = np.random.default_rng(seed).integers(len(means), size=(DRAWS, len(means)))
    squared, trace = means.mean(axis=0)
    squares, traces = means[drawn].mean(axis=1).T
    return _Signal(squared / trace, squares / traces, len(means))


def _row(layer: str, over: str, moments: pd.DataFrame, seed: int) -> dict:
    """A row of the first table."""
    found = _quantity(_signal(moments, seed), moments)
    found["noise_scale"], found["moments"] = found.pop("estimate"), found.pop("points")
    means = moments.groupby("replicate")[["gradient_squared", "trace"]].mean().mean()
    of_one = moments[["epoch", "updates"]].iloc[0] if over == MOMENT else {}
    return {"layer": layer, "over": over, **of_one, **means, **found}


def _quantity(signal: _Signal, moments: pd.DataFrame) -> dict:
    """What a noise scale over some moments comes to."""
    return {
        "estimate": math.nan if signal.refused else 1 / signal.measured,
        **signal.ends._asdict(),
        "replicates": signal.replicates,
        "points": moments["epoch"].nunique(),
        "refused": signal.refused,
    }


def _growth(whole: pd.DataFrame, seed: int) -> dict:
    """From the first half of the moments to the second, in the same samples of replicates."""
    moments = np.sort(whole["epoch"].unique())
    is_late = whole["epoch"].isin(moments[len(moments) // 2 :])
    first, second = (_signal(half, seed) for half in (whole[~is_late], whole[is_late]))
    known = {"replicates": second.replicates, "points": len(moments)}
    if refused := _ONE_MOMENT * (len(moments) == 1) or first.refused or second.refused:
        return {"estimate": math.nan, **known, "refused": refused}
    (before, befores), (after, afters) = first.logs, second.logs
    there = np.isfinite(befores) & np.isfinite(afters)
    ends = bounds(after - before, (afters - befores)[there], first.replicates)
    return {"estimate": math.exp(after - before), **Bounds(*np.exp(ends))._asdict(), **known, "refused": ""}


def _of_critical(noise: dict, scaling: pd.DataFrame) -> dict:
    """The noise scale over the critical batch size."""
    critical = scaling.set_index("quantity").loc[CRITICAL_BATCH_SIZE]
    known = {key: noise[key] for key in ("replicates", "points")}
    if refused := noise["refused"] or critical["refused"]:
        return {"estimate": math.nan, **known, "refused": refused}
    (one, *ends), (other, *others) = (
        np.log(each[["estimate", *_ENDS]].astype(float)) for each in (pd.Series(noise), critical)
    )
    differences = {}
    for low, high, name in ((0, 1, ""), (2, 3, "_90")):
        below = math.hypot(one - ends[low], others[high] - other)
        above = math.hypot(ends[high] - one, other - others[low])
        differences |= {f"low{name}": one - other - below, f"high{name}": one - other + above}
    of_critical = {"estimate": one - other, **differences}
    return {**{name: math.exp(value) for name, value in of_critical.items()}, **known, "refused": ""}
