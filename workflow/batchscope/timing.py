"""How long the trainings of each setting took. Kept out of the histories, whose bytes do not depend on the clock."""

import csv
from pathlib import Path

from batchscope.files import replacing


def write_timing(batch_size: int, seconds: dict[float, float], path: str | Path) -> None:
    """A row per learning rate: seconds of training all its replicates, compilation left out."""
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["batch_size", "learning_rate", "seconds"])
        writer.writerows([batch_size, rate, duration] for rate, duration in seconds.items())
