"""How long the trainings took. Kept out of the histories, whose bytes do not depend on the clock."""

import csv
from pathlib import Path

from batchscope.files import replacing
from batchscope.study.setting import SETTING, Setting


def write_timing(
    stretches: dict[Setting, list[tuple[int, float, float]]], where: dict[str, str], path: str | Path
) -> None:
    """A row per setting and stretch of its training: replicates, epochs, and seconds for all of them.

    Compilation is left out. `where` is the `hardware`, the `software` and the `engine` that trained.
    """
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*SETTING, "stretch", "replicates", "epochs", "seconds", *where])
        for setting, pieces in stretches.items():
            for index, (replicates, epochs, seconds) in enumerate(pieces):
                writer.writerow([*setting, index, replicates, f"{epochs:.12g}", seconds, *where.values()])
