"""What the histories of a study say: of every replicate, and of the replicates of a setting together."""

import math

import numpy as np
import pandas as pd

from batchscope.setting import SETTING, rows_of
from batchscope.statistics import estimate_mean, median_time

# A replicate has converged when its test accuracy is this close to its level late in training.
_CLOSE = 0.01


def measure_replicates(history: pd.DataFrame, timing: pd.DataFrame, target_accuracy: float) -> pd.DataFrame:
    """A row per setting and replicate.

    Args:
        history: a row per setting, replicate and epoch, as in `batchscope.history`.
        timing: a row per setting and stretch of training, as in `batchscope.timing`.
        target_accuracy: the test accuracy that epochs, updates and seconds are counted to.

    Columns beside setting and replicate: `epochs`, `updates` and `seconds` of its training, `diverged`;
    `train_accuracy`, `test_accuracy` and `accuracy_gap` (test minus training) after the last epoch;
    `test_accuracy_volatility`, the standard deviation of the test accuracy over the last quarter of the epochs;
    `epochs_to_converge`, the first epoch at most 0.01 below the mean of that quarter; and `epochs_to_target`,
    `updates_to_target`, `seconds_to_target`, infinite where the target is not reached. A diverged replicate has no
    accuracies, no volatility and no convergence. A replicate's seconds are its share of the seconds of all that were
    trained with it.
    """
    rows = []
    for setting, curves in history.groupby(SETTING):
        seconds = _seconds_by_epoch(rows_of(setting, timing), epochs=curves["epoch"].max())
        for replicate, curve in curves.groupby("replicate"):
            rows.append(
                dict(zip(SETTING, setting)) | {"replicate": replicate} | _measure(curve, seconds, target_accuracy)
            )
    return pd.DataFrame(rows)


def _measure(curve: pd.DataFrame, seconds: np.ndarray, target_accuracy: float) -> dict:
    accuracy, updates = curve["test_accuracy"].to_numpy(), curve["updates"].to_numpy()
    last = curve.iloc[-1]
    diverged = bool(np.isnan(last["test_loss"]))
    late = accuracy[-math.ceil(len(accuracy) / 4) :]
    reached = first_epoch(accuracy >= target_accuracy)
    converged = math.nan if diverged else first_epoch(accuracy >= late.mean() - _CLOSE)
    return {
        "epochs": len(accuracy),
        "updates": updates[-1],
        "seconds": seconds[-1],
        "diverged": diverged,
        "train_accuracy": last["train_accuracy"],
        "test_accuracy": last["test_accuracy"],
        "accuracy_gap": last["test_accuracy"] - last["train_accuracy"],
        "test_accuracy_volatility": late.std(),
        "epochs_to_converge": converged,
        "epochs_to_target": reached,
        "updates_to_target": updates[int(reached) - 1] if math.isfinite(reached) else math.inf,
        "seconds_to_target": seconds[int(reached) - 1] if math.isfinite(reached) else math.inf,
    }


def first_epoch(reached: np.ndarray) -> float:
    """The first epoch, from 1, of which (epochs,) is true; infinite where none is."""
    return float(np.argmax(reached)) + 1 if reached.any() else math.inf


def _seconds_by_epoch(timing: pd.DataFrame, epochs: int) -> np.ndarray:
    """Seconds that a replicate of a setting has taken at the end of each epoch, (epochs,), on average."""
    timing = timing.sort_values("stretch")
    per_epoch = np.repeat(timing["seconds"] / timing["epochs"], timing["epochs"])
    replicates = np.repeat(timing["replicates"], timing["epochs"])
    # A row for each stack of replicates: they were trained one after the other.
    stacks, sizes = (values.to_numpy().reshape(-1, epochs) for values in (per_epoch, replicates))
    return stacks.sum(axis=0).cumsum() / sizes[:, 0].sum()


def seconds_per_epoch(timing: pd.DataFrame) -> pd.DataFrame:
    """A row per setting and stretch of training: `seconds_per_epoch` of one replicate."""
    values = timing["seconds"] / timing["epochs"] / timing["replicates"]
    return timing[[*SETTING, "stretch"]].assign(seconds_per_epoch=values)


def summarize(replicates: pd.DataFrame, target_accuracy: float, seed: int) -> pd.DataFrame:
    """The summary of a study, a row per setting.

    Args:
        replicates: as from `measure_replicates`.
        target_accuracy: what it was given.
        seed: where the bootstrap starts from.

    Means, standard deviations, intervals and volatility are over the replicates that did not diverge. The epochs to
    target are over all of them: one that never gets there counts as later than every other.
    """
    return pd.DataFrame(
        _summarize_setting(dict(zip(SETTING, setting)), group, target_accuracy, seed)
        for setting, group in replicates.groupby(SETTING)
    )


def _summarize_setting(setting: dict, replicates: pd.DataFrame, target_accuracy: float, seed: int) -> dict:
    updates_per_epoch = replicates["updates"].iloc[0] / replicates["epochs"].iloc[0]
    row = {
        "batch_size": setting["batch_size"],
        "learning_rate": setting["learning_rate"],
        "replicates": len(replicates),
        "diverged": replicates["diverged"].sum(),
        "updates_per_epoch": int(updates_per_epoch) if updates_per_epoch.is_integer() else round(updates_per_epoch, 6),
    }
    for measure in ("train_accuracy", "test_accuracy"):
        estimate = estimate_mean(replicates[measure].to_numpy(), seed)
        row |= {
            f"{measure}_mean": round(estimate.estimate, 6),
            f"{measure}_sd": round(replicates[measure].std(ddof=1), 6),
            f"{measure}_low": round(estimate.low, 6),
            f"{measure}_high": round(estimate.high, 6),
        }
    reached = replicates["epochs_to_target"].to_numpy()
    median, _, _ = median_time(reached, replicates["epochs"].to_numpy())
    return row | {
        "test_accuracy_volatility": round(replicates["test_accuracy_volatility"].mean(), 6),
        "target_accuracy": target_accuracy,
        "epochs_to_target": median if math.isfinite(median) else math.nan,
        "reached_target": round(np.isfinite(reached).mean(), 6),
        "seconds_per_replicate": round(replicates["seconds"].iloc[0], 6),
        "schedule": setting["schedule"],
    }
