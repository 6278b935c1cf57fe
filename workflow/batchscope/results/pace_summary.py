"""What the probe of the pace says of whole trainings. Knows no Keras."""

import pandas as pd

STACKED, ALONE, FIT = WAYS = ("stacked", "alone", "Model.fit")
COLUMNS = [
    *("training", "batch_size", "schedule", "way", "replicates"),
    *("seconds_per_training", "low", "high", "processes", "seconds_per_epoch"),
]


def sum_up(pace: pd.DataFrame, trainings: list[dict]) -> pd.DataFrame:
    """A row per training and way, from what all processes measured.

    Args:
        pace: as from `batchscope.training.pace.measure_pace`, with the number of the `process`.
        trainings: each with its name as `training`, its `batch_size` and `schedule` as in tables, and the batch size
            and epochs of its `stages`.

    `seconds_per_training` is the median over the processes of what a process makes of it, by the medians over its
    rounds; `low` and `high` are the fastest and the slowest process. `seconds_per_epoch` is its share of an epoch.
    """
    medians = pace.groupby(["batch_size", "way", "process"])["seconds_per_epoch"].median()
    replicates = pace.groupby("way")["replicates"].max()
    rows = []
    for training in trainings:
        for way in WAYS:
            if all((batch_size, way) in medians for batch_size, _ in training["stages"]):
                seconds = sum(epochs * medians[batch_size, way] for batch_size, epochs in training["stages"])
                epochs = sum(epochs for _, epochs in training["stages"])
                rows.append(
                    {name: training[name] for name in COLUMNS[:3]}
                    | {"way": way, "replicates": replicates[way], "seconds_per_training": seconds.median()}
                    | {"low": seconds.min(), "high": seconds.max(), "processes": len(seconds)}
                    | {"seconds_per_epoch": seconds.median() / epochs}
                )
    return pd.DataFrame(rows, columns=COLUMNS)
