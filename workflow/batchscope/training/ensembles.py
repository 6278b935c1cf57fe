"""Several replicates together: their mean prediction, and the best of them on the validation rows."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from batchscope.files import replacing

COLUMNS = (
    *("ensemble", "members", "one", "mean_prediction", "best_on_validation"),
    *("ensemble_gain", "selection_gain"),
)


def ensemble_accuracies(
    test: np.ndarray, y_test: np.ndarray, validation: np.ndarray, y_validation: np.ndarray
) -> Iterator[tuple[int, float, float, float]]:
    """For the first 1, 2, ... members of an ensemble: how many, and the test accuracy of one, of all and of the best.

    Args:
        test, validation: predicted probabilities on these rows, (members, rows, classes).
        y_test, y_validation: the classes, (rows,).

    One is the average over the members, all is the mean prediction, the best is chosen on the validation rows; of
    members that are equally good there the first is taken. A member that diverged finds all classes equally probable.
    """
    test, validation = (np.nan_to_num(part, nan=1 / part.shape[-1]) for part in (test, validation))
    alone = _accuracy(test, y_test)
    on_validation = _accuracy(validation, y_validation)
    for members in range(1, len(test) + 1):
        together = _accuracy(test[:members].mean(axis=0), y_test)
        yield members, alone[:members].mean(), float(together), alone[np.argmax(on_validation[:members])]


def _accuracy(probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return (probabilities.argmax(axis=-1) == classes).mean(axis=-1)


def write_ensembles(ensembles: list[list[tuple[int, float, float, float]]], path: str | Path) -> None:
    """A row per ensemble and number of members; the gains are over one replicate."""
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for index, ensemble in enumerate(ensembles):
            writer.writerows(
                [index, members, *(round(float(value), 6) for value in (one, mean, best, mean - one, best - one))]
                for members, one, mean, best in ensemble
            )
