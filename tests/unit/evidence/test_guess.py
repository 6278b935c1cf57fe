import math

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer

from batchscope.evidence.guess import guess

Y_TRAIN = np.repeat([0, 1, 2], [20, 70, 10])
Y = np.repeat([0, 1, 2], [8, 5, 2])


@pytest.mark.parametrize(
    ("score", "scorer"),
    [
        *((name, name) for name in ("accuracy", "balanced_accuracy", "f1_macro")),
        ("roc_auc", "roc_auc_ovr"),
    ],
)
def test_guessing_is_scikit_learns_dummy_that_says_the_class_of_most_training_rows(score, scorer):
    dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((100, 1)), Y_TRAIN)
    assert guess(score, Y_TRAIN, Y) == pytest.approx(get_scorer(scorer)(dummy, np.zeros((15, 1)), Y), abs=1e-6)


def test_a_loss_and_a_part_that_is_not_there_have_none():
    assert math.isnan(guess("loss", Y_TRAIN.astype(np.float32), Y.astype(np.float32)))
    assert math.isnan(guess("accuracy", Y_TRAIN, None))
