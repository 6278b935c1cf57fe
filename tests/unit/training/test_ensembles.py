import numpy as np
import pandas as pd
import pytest

from batchscope.training.ensembles import ensemble_accuracies, write_ensembles


def certain(*classes: int) -> np.ndarray:
    """Predictions of one member that are sure of these classes, (rows, 2)."""
    return np.eye(2)[list(classes)]


def test_together_alone_and_the_best():
    y_test, y_validation = np.array([0, 0, 1, 1]), np.array([0, 1])
    test = np.stack([certain(1, 0, 1, 1), certain(0, 1, 1, 1) * 0.9 + 0.05, certain(0, 0, 1, 0) * 0.8 + 0.1])
    validation = np.stack([certain(1, 1), certain(0, 1), certain(1, 0)])
    one, two, three = ensemble_accuracies(test, y_test, validation, y_validation)
    assert one == (1, 0.75, 0.75, 0.75)
    assert two == (2, 0.75, 0.75, 0.75)  # the more certain member wins both rows they differ on
    assert three == (3, pytest.approx(0.75), 1.0, 0.75)  # each row has two members that are right


def test_the_best_is_chosen_without_a_look_at_the_test_rows():
    y = np.array([0, 1])
    right, wrong = certain(0, 1), certain(1, 0)
    *_, last = ensemble_accuracies(np.stack([right, wrong]), y, np.stack([wrong, right]), y)
    assert last[3] == 0


def test_a_member_that_diverged_leaves_the_decision_to_the_others():
    y = np.array([0, 1, 1])
    right, diverged = certain(0, 1, 1), np.full((3, 2), np.nan)
    *_, last = ensemble_accuracies(np.stack([right, diverged]), y, np.stack([right, diverged]), y)
    assert last == (2, pytest.approx((1 + 1 / 3) / 2), 1, 1)


def test_the_table_has_the_gains(tmp_path):
    write_ensembles([[(1, 0.7, 0.7, 0.7), (2, 0.7, 0.9, 0.8)], [(1, 0.6, 0.6, 0.6)]], tmp_path / "ensembles.csv")
    table = pd.read_csv(tmp_path / "ensembles.csv")
    assert table["ensemble"].tolist() == [0, 0, 1]
    assert table["ensemble_gain"].tolist() == [0, 0.2, 0]
    assert table["selection_gain"].tolist() == [0, 0.1, 0]
