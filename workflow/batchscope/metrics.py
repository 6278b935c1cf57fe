"""What the replicates of every setting say together: a row per setting."""

import math

import numpy as np
import pandas as pd
from scipy import stats

SETTING = ["batch_size", "learning_rate"]


def summarize(
    history: pd.DataFrame, seconds: pd.DataFrame, train_rows: int, target_accuracy: float, seed: int
) -> pd.DataFrame:
    """The summary of a study, a row per setting.

    Args:
        history: a row per setting, replicate and epoch, as in `batchscope.history`.
        seconds: columns batch_size, learning_rate and seconds: what the training of a setting took.
        train_rows: number of training rows.
        target_accuracy: the test accuracy that epochs are counted to.
        seed: where the bootstrap starts from.

    Means, standard deviations, intervals and volatility are over the replicates that did not diverge. The epochs to
    target are over all of them: one that never gets there counts as later than every other.
    """
    rows = []
    for (batch_size, learning_rate), setting in history.groupby(SETTING):
        finals = setting[setting["epoch"] == setting["epoch"].max()].set_index("replicate")
        sound = finals[finals["test_loss"].notna()]
        row = {
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "replicates": len(finals),
            "diverged": len(finals) - len(sound),
            "updates_per_epoch": math.ceil(train_rows / batch_size),
        }
        for measure in ("train_accuracy", "test_accuracy"):
            values = sound[measure].to_numpy()
            low, high = mean_interval(values, seed)
            row |= {
                f"{measure}_mean": values.mean() if len(values) else math.nan,
                f"{measure}_sd": values.std(ddof=1) if len(values) > 1 else math.nan,
                f"{measure}_low": low,
                f"{measure}_high": high,
            }
        row["test_accuracy_volatility"] = volatility(setting[setting["replicate"].isin(sound.index)])
        reached = epochs_to_target(setting, target_accuracy)
        median = reached.median()
        row |= {
            "target_accuracy": target_accuracy,
            "epochs_to_target": median if math.isfinite(median) else math.nan,
            "reached_target": np.isfinite(reached).mean(),
        }
        rows.append(row)
    summary = pd.DataFrame(rows).merge(seconds, on=SETTING, how="left", validate="one_to_one")
    summary["seconds_per_replicate"] = summary.pop("seconds") / summary["replicates"]
    return summary.round({column: 6 for column in summary.columns if column not in SETTING})


def mean_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    """The 95 % bootstrap interval (BCa; Efron 1987) of the mean of values (n,); NaN for fewer than two values."""
    if len(values) < 2:
        return math.nan, math.nan
    if np.ptp(values) == 0:
        return values[0], values[0]  # every bootstrap sample has this mean; BCa is not defined here
    interval = stats.bootstrap((values,), np.mean, method="BCa", rng=np.random.default_rng(seed)).confidence_interval
    return interval.low, interval.high


def volatility(setting: pd.DataFrame) -> float:
    """The mean over replicates of the standard deviation of test accuracy over the last quarter of the epochs."""
    epochs = setting["epoch"].max()
    late = setting[setting["epoch"] > epochs - math.ceil(epochs / 4)] if len(setting) else setting
    return late.groupby("replicate")["test_accuracy"].std(ddof=0).mean()


def epochs_to_target(setting: pd.DataFrame, target_accuracy: float) -> pd.Series:
    """For each replicate the first epoch whose test accuracy is at the target or above, infinite where none is."""
    reached = setting[setting["test_accuracy"] >= target_accuracy].groupby("replicate")["epoch"].min()
    return reached.reindex(setting["replicate"].unique()).fillna(math.inf)
