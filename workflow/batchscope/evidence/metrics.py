"""What the histories of a study say: of every replicate, and of the replicates of a setting together."""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat

import numpy as np
import pandas as pd
from scipy import stats

from batchscope.evidence.crossed import estimate_mean
from batchscope.evidence.statistics import median_time
from batchscope.results.history import metrics_of
from batchscope.study.scores import reaches
from batchscope.study.setting import CONSTANT, SETTING, Setting, rows_of

# A replicate has converged when its test score is this close to its level late in training.
_CLOSE = 0.01
# It is at the target, rather than touches it, where the mean of so many epochs is.
_EPOCHS_TO_STAY = 5
_ROUNDING = 1e-9
_TIMES = ("epochs_to_target", "updates_to_target", "seconds_to_target")


def measure_replicates(
    history: pd.DataFrame, timing: pd.DataFrame, score: str, target: float, by_run: bool = False
) -> pd.DataFrame:
    """A row per setting and replicate.

    Args:
        history: a row per setting, replicate and epoch, as in `batchscope.results.history`; in the order of the epochs,
            which need not be whole. What was not measured is NaN.
        timing: a row per setting and stretch of training, as in `batchscope.results.timing`; seconds may be NaN.
        score: one of `batchscope.study.scores.SCORES`; of a loss less is better, of all others more.
        target: the score that epochs, updates and seconds are counted to.
        by_run: each stretch is a whole run, those of a setting in the order of its replicates.

    Columns beside setting and replicate: `epochs`, `updates` and `seconds` of its training, `diverged`;
    `train_accuracy`, `test_accuracy` and `accuracy_gap` (test minus training) after the last epoch;
    `test_accuracy_volatility`, the standard deviation of the test accuracy over the last quarter of the epochs;
    `epochs_to_converge`, the first epoch whose test score is at most 0.01 worse than the mean of that quarter; and
    `epochs_to_target`, `updates_to_target`, `seconds_to_target`, infinite where the target is not reached: the first
    epoch at the target from which on the mean of 5 epochs, or of all that are left, is, too. Then the same of the loss,
    and what there is of the validation rows. `epochs_to_first_touch` counts to the first epoch at the target, whatever
    comes after. `_late` is the mean over the last quarter of the epochs. `best_epoch` is the first with the best score
    on the validation rows, and `_at_best_epoch` the test score there; there is none without validation rows. Where
    trainings are not evaluated after every epoch, evaluations count in place of epochs in means and quarters. A
    replicate diverged whose test score is NaN in the end; it has no accuracies, losses, volatility and convergence. A
    replicate's seconds are its share of the seconds of all trained with it, evaluation included: by the median pace of
    the stretches after the first, which warms up. A run's are its own, spread evenly over its epochs. Metrics that the
    history has are measured as accuracy is, on the rows that are not trained on.
    """
    columns = {name: history[name].to_numpy() for name in history if name not in SETTING}
    replicates = pd.DataFrame(
        setting._asdict()
        | {"replicate": replicate}
        | _measure({name: values[rows] for name, values in columns.items()}, seconds, score, target)
        for setting, replicate, rows, seconds in timed_curves(history, timing, by_run)
    )
    if history[f"validation_{score}"].isna().all():
        by_score = [f"validation_{time}" for time in ("epochs_to_first_touch", *_TIMES)]
        replicates[by_score] = math.nan
    return replicates


def timed_curves(
    history: pd.DataFrame, timing: pd.DataFrame, by_run: bool
) -> Iterator[tuple[Setting, int, np.ndarray, np.ndarray]]:
    """Every setting and replicate with the places of its rows in the history, and the seconds until each of them.

    The arguments, and what seconds are: see `measure_replicates`.
    """
    replicates, epochs = (history[column].to_numpy() for column in ("replicate", "epoch"))
    for setting, curves in sorted(history.groupby(SETTING).indices.items()):
        clocks = _clocks(rows_of(setting, timing).sort_values("stretch"), epochs[curves].max(), by_run)
        one_by_one = curves[np.argsort(replicates[curves], kind="stable")]
        numbers, starts = np.unique(replicates[one_by_one], return_index=True)
        for clock, replicate, rows in zip(clocks, numbers, np.split(one_by_one, starts[1:])):
            yield Setting(*setting), replicate, rows, clock(epochs[rows])


def _measure(curve: dict[str, np.ndarray], seconds: np.ndarray, score: str, target: float) -> dict:
    epochs, last = curve["epoch"], {name: values[-1] for name, values in curve.items()}
    diverged = bool(np.isnan(last[f"test_{score}"]))
    late = _late(curve[f"test_{score}"])
    close = late.mean() + (_CLOSE if score == "loss" else -_CLOSE)
    converged = _first(epochs, reaches(curve[f"test_{score}"], score, close))
    return {
        "epochs": last["epoch"],
        "updates": last["updates"],
        "seconds": seconds[-1],
        "diverged": diverged,
        "train_accuracy": last["train_accuracy"],
        "test_accuracy": last["test_accuracy"],
        "accuracy_gap": last["test_accuracy"] - last["train_accuracy"],
        "test_accuracy_volatility": _volatility(curve["test_accuracy"]),
        "epochs_to_converge": math.nan if diverged else converged,
        **_times(curve, seconds, "test", score, target),
        "train_loss": last["train_loss"],
        "test_loss": last["test_loss"],
        "loss_gap": last["test_loss"] - last["train_loss"],
        "test_loss_volatility": _volatility(curve["test_loss"]),
        "validation_accuracy": last["validation_accuracy"],
        "validation_accuracy_volatility": _volatility(curve["validation_accuracy"]),
        "validation_loss": last["validation_loss"],
        "validation_loss_volatility": _volatility(curve["validation_loss"]),
        **{f"validation_{name}": time for name, time in _times(curve, seconds, "validation", score, target).items()},
        "epochs_to_first_touch": _first(epochs, reaches(curve[f"test_{score}"], score, target)),
        "validation_epochs_to_first_touch": _first(epochs, reaches(curve[f"validation_{score}"], score, target)),
        **{
            f"{part}_{measure}_late": _late(curve[f"{part}_{measure}"]).mean()
            for part in ("test", "validation")
            for measure in ("accuracy", "loss")
        },
        **_at_best_epoch(curve, score, diverged),
        **_of_metrics(curve),
    }


def _of_metrics(curve: dict[str, np.ndarray]) -> dict[str, float]:
    """Final value, volatility and late mean of each metric that there is, on test and validation rows."""
    measures = [f"{part}_{metric}" for metric in metrics_of(curve) for part in ("test", "validation")]
    rows = {}
    for measure in measures:
        rows[measure] = curve[measure][-1]
        rows[f"{measure}_volatility"] = _volatility(curve[measure])
        rows[f"{measure}_late"] = _late(curve[measure]).mean()
    return rows


def _at_best_epoch(curve: dict[str, np.ndarray], score: str, diverged: bool) -> dict[str, float]:
    """The epoch that is best on the validation rows, and the test scores there."""
    choices = curve[f"validation_{score}"]
    measures = [f"test_{each}" for each in ("accuracy", "loss", *metrics_of(curve))]
    if diverged or np.isnan(choices).any():
        return {"best_epoch": math.nan} | {f"{measure}_at_best_epoch": math.nan for measure in measures}
    best = int(np.argmin(choices) if score == "loss" else np.argmax(choices))
    return {"best_epoch": curve["epoch"][best]} | {
        f"{measure}_at_best_epoch": curve[measure][best] for measure in measures
    }


def _late(values: np.ndarray) -> np.ndarray:
    """Of values (epochs,) those of the last quarter of the epochs."""
    return values[-math.ceil(len(values) / 4) :]


def _volatility(values: np.ndarray) -> float:
    """The standard deviation of values (epochs,) over the last quarter of the epochs."""
    late = _late(values)
    return (late - late[0]).std()  # equal values have exactly 0


def _stays(values: np.ndarray, score: str, target: float) -> np.ndarray:
    """Whether values (epochs,) are at the target and on average stay there, from each epoch on for 5, or all left."""
    lead = target - values if score == "loss" else values - target
    # Sums over each epoch and the next ones; a training that diverges among them has NaN, and does not stay.
    ahead = np.convolve(lead, np.ones(_EPOCHS_TO_STAY))[_EPOCHS_TO_STAY - 1 :]
    return (lead >= 0) & (ahead >= -_ROUNDING)


def _times(curve: dict[str, np.ndarray], seconds: np.ndarray, part: str, score: str, target: float) -> dict[str, float]:
    """Epochs, updates and seconds to the target on a part of the rows."""
    there = _stays(curve[f"{part}_{score}"], score, target)
    return {
        "epochs_to_target": _first(curve["epoch"], there),
        "updates_to_target": _first(curve["updates"], there),
        "seconds_to_target": math.nan if np.isnan(seconds).any() else _first(seconds, there),
    }


def _first(values: np.ndarray, there: np.ndarray) -> float:
    """The first of values (epochs,) at which it is there; infinite where it never is."""
    return float(values[np.argmax(there)]) if there.any() else math.inf


def _clocks(timing: pd.DataFrame, epochs: float, by_run: bool) -> Iterable[Callable[[np.ndarray], np.ndarray]]:
    """That of each replicate of a setting, in their order."""
    if not by_run:
        return repeat(_clock(timing, epochs))
    return (_clock(run, epochs) for _, run in timing.groupby("stretch"))


def _clock(timing: pd.DataFrame, epochs: float) -> Callable[[np.ndarray], np.ndarray]:
    """The seconds that a replicate of a setting has taken at the end of epochs, on average.

    At one batch size all epochs take as long; those of a schedule do not, and are taken as they were measured, evenly
    within each stretch.
    """
    if (timing["schedule"] == CONSTANT).all():
        pace = _warm(timing)["seconds_per_epoch"].median()
        return lambda ends: pace * ends
    # Stacks of replicates were trained one after the other: each begins where the one before has all its epochs.
    stack = np.ceil(timing["epochs"].cumsum() / epochs - _ROUNDING)
    pieces = [of_stack for _, of_stack in timing.groupby(stack)]
    trained = sum(of_stack["replicates"].iloc[0] for of_stack in pieces)
    clocks = [(np.r_[0, of_stack["epochs"].cumsum()], np.r_[0, of_stack["seconds"].cumsum()]) for of_stack in pieces]
    return lambda ends: sum(np.interp(ends, *clock) for clock in clocks) / trained


def seconds_per_epoch(timing: pd.DataFrame, by_run: bool = False) -> pd.DataFrame:
    """A row per setting and stretch of training: `seconds_per_epoch` of one replicate.

    The first stretch of a setting, which warms up, is left out where there are others that are not runs by themselves.
    """
    if by_run:
        return _paces(timing)
    return pd.concat(_warm(of_setting) for _, of_setting in timing.groupby(SETTING, sort=False))


def _paces(timing: pd.DataFrame) -> pd.DataFrame:
    values = timing["seconds"] / timing["epochs"] / timing["replicates"]
    return timing[[*SETTING, "stretch"]].assign(seconds_per_epoch=values)


def _warm(timing: pd.DataFrame) -> pd.DataFrame:
    """The paces of a setting without that of the first stretch, if that is not the only one."""
    table = _paces(timing)
    return table[table["stretch"] > table["stretch"].min()] if len(table) > 1 else table


def summarize(replicates: pd.DataFrame, score: str, target: float, seed: int) -> pd.DataFrame:
    """The summary of a study, a row per setting.

    Args:
        replicates: as from `measure_replicates`.
        score, target: what it was given.
        seed: where the bootstrap starts from.

    Means, standard deviations, intervals and volatility are over the replicates that did not diverge, and so is `_iqm`,
    the mean of the middle half of them. The epochs to target are over all of them: one that never gets there counts as
    later than every other.
    """
    return pd.DataFrame(
        _summarize_setting(dict(zip(SETTING, setting)), group, score, target, seed)
        for setting, group in replicates.groupby(SETTING)
    )


def _summarize_setting(setting: dict, replicates: pd.DataFrame, score: str, target: float, seed: int) -> dict:
    updates_per_epoch = round(replicates["updates"].iloc[0] / replicates["epochs"].iloc[0], 6)
    row = {
        "batch_size": setting["batch_size"],
        "learning_rate": setting["learning_rate"],
        "replicates": len(replicates),
        "diverged": replicates["diverged"].sum(),
        "updates_per_epoch": int(updates_per_epoch) if updates_per_epoch.is_integer() else updates_per_epoch,
    }
    for measure in ("train_accuracy", "test_accuracy"):
        row |= _summarize_measure(replicates[measure], seed)
    reached = replicates["epochs_to_target"].to_numpy()
    median, _, _ = median_time(reached)
    touched, _, _ = median_time(replicates["epochs_to_first_touch"].to_numpy())
    row |= {
        "test_accuracy_volatility": round(replicates["test_accuracy_volatility"].mean(), 6),
        "target_accuracy": target if score == "accuracy" else math.nan,
        "epochs_to_target": median if math.isfinite(median) else math.nan,
        "reached_target": round(np.isfinite(reached).mean(), 6),
        "seconds_per_replicate": round(replicates["seconds"].mean(), 6),
        "schedule": setting["schedule"],
        "test_loss_volatility": round(replicates["test_loss_volatility"].mean(), 6),
        "target_loss": target if score == "loss" else math.nan,
    }
    for measure in ("train_loss", "test_loss", "validation_accuracy", "validation_loss"):
        row |= _summarize_measure(replicates[measure], seed)
    row["epochs_to_first_touch"] = touched if math.isfinite(touched) else math.nan
    for measure in ("test_accuracy_late", "test_loss_late"):
        row |= _summarize_measure(replicates[measure], seed)
    for measure in ("test_accuracy", "test_loss"):
        row[f"{measure}_iqm"] = round(_interquartile_mean(replicates[measure].dropna()), 6)
    for metric in metrics_of(replicates):
        row[f"test_{metric}_volatility"] = round(replicates[f"test_{metric}_volatility"].mean(), 6)
        row[f"target_{metric}"] = target if score == metric else math.nan
        for measure in (f"test_{metric}", f"validation_{metric}", f"test_{metric}_late"):
            row |= _summarize_measure(replicates[measure], seed)
        row[f"test_{metric}_iqm"] = round(_interquartile_mean(replicates[f"test_{metric}"].dropna()), 6)
    return row


def _interquartile_mean(values: pd.Series) -> float:
    return stats.trim_mean(values, 0.25) if len(values) else math.nan


def _summarize_measure(values: pd.Series, seed: int) -> dict[str, float]:
    return {name: round(value, 6) for name, value in mean_with_interval(values, seed).items()}


def mean_with_interval(values: pd.Series, seed: int) -> dict[str, float]:
    """Mean, standard deviation and 95 % interval of the mean of values (replicates,), as columns of the summary."""
    estimate = estimate_mean(values.to_numpy(), seed)
    return {
        f"{values.name}_mean": estimate.estimate,
        f"{values.name}_sd": values.std(ddof=1),
        f"{values.name}_low": estimate.low,
        f"{values.name}_high": estimate.high,
    }
