"""The score of always guessing the class that most training rows have, which any training should beat."""

import math
from functools import partial

import numpy as np
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

_SCORES = {
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "f1_macro": partial(f1_score, average="macro"),
    "roc_auc": lambda y, guessed: 0.5,  # by scikit-learn's convention too: all rows tie
}


def guess(score: str, y_train: np.ndarray | None, y: np.ndarray | None) -> float:
    """The score of guessing on rows of the classes y (rows,), as `DummyClassifier(strategy="most_frequent")` has it.

    NaN of a loss, and where there are no rows, or none that are known.
    """
    if score not in _SCORES or y is None:
        return math.nan
    guessed = np.full_like(y, np.bincount(y_train).argmax())
    return round(float(_SCORES[score](y, guessed)), 6)
