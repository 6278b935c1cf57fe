"""Metrics are those of scikit-learn, and what each row moves says how other rows would move them."""

from functools import partial

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from batchscope.evidence.crossed import estimate_mean
from batchscope.study.scores import METRICS
from batchscope.training.metrics import measure

PREDICTED = {"balanced_accuracy": balanced_accuracy_score, "f1_macro": partial(f1_score, average="macro")}


def by_sklearn(metric: str, y: np.ndarray, outputs: np.ndarray) -> float:
    """Of one replicate; of more than two classes ROC AUC is written out, as scikit-learn asks for all of them."""
    if metric in PREDICTED:
        return PREDICTED[metric](y, outputs.argmax(axis=-1))
    probabilities = softmax(outputs.astype(float), axis=-1)
    if probabilities.shape[-1] == 2:
        return roc_auc_score(y, outputs[:, 1].astype(float) - outputs[:, 0])
    return np.mean([roc_auc_score(y == label, probabilities[:, label]) for label in np.unique(y)])


def draw(random: np.random.Generator, classes: int, replicates: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes of which the first is the most frequent, the same for all replicates, and outputs with many ties."""
    shares = np.r_[classes, np.ones(classes - 1)]
    y = np.tile(random.choice(classes, rows, p=shares / shares.sum()), (replicates, 1))
    outputs = random.normal(0, 1, (replicates, rows, classes)) + 1.2 * np.eye(classes)[y]
    return y, outputs.round(1).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("metric", METRICS)
def test_metrics_are_those_of_scikit_learn(metric, classes):
    y, outputs = draw(np.random.default_rng(classes), classes, 5, 300)
    y[4] = np.roll(y[4], 7)  # on new splits every replicate has rows of its own
    measured, influence = measure(metric, y, outputs)
    expected = [by_sklearn(metric, *replicate) for replicate in zip(y, outputs)]
    np.testing.assert_allclose(measured, expected, rtol=1e-12)
    np.testing.assert_allclose(influence.mean(axis=-1), 0, atol=1e-12)


def test_of_more_than_two_classes_roc_auc_is_that_of_each_against_the_rest():
    y, outputs = draw(np.random.default_rng(0), 4, 1, 200)
    expected = roc_auc_score(y[0], softmax(outputs[0].astype(float), axis=-1), multi_class="ovr")
    assert measure("roc_auc", y, outputs)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("metric", METRICS)
def test_a_class_that_is_not_among_the_rows_does_not_count(metric):
    y, outputs = draw(np.random.default_rng(1), 5, 3, 200)
    y[y == 3] = 0
    expected = [by_sklearn(metric, *replicate) for replicate in zip(y, outputs)]
    measured, influence = measure(metric, y, outputs)
    np.testing.assert_allclose(measured, expected, rtol=1e-12)
    assert np.isfinite(influence).all()


def test_rows_of_a_single_class_have_no_roc_auc():
    assert np.isnan(measure("roc_auc", np.zeros((1, 9), int), np.random.default_rng(0).normal(size=(1, 9, 2)))[0])


@pytest.mark.parametrize("metric", METRICS)
def test_a_replicate_that_diverged_has_none_and_the_others_have(metric):
    y, outputs = draw(np.random.default_rng(2), 3, 2, 50)
    outputs[0, 3, 1] = np.nan
    measured, influence = measure(metric, y, outputs)
    assert np.isnan(measured).tolist() == [True, False]
    assert np.isnan(influence).all(axis=-1).tolist() == [True, False]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("metric", METRICS)
def test_influences_give_the_standard_error_that_a_bootstrap_over_rows_has(metric, classes):
    random = np.random.default_rng(10 + classes)
    y, outputs = draw(random, classes, 1, 600)
    _, influence = measure(metric, y, outputs)
    resampled = random.integers(0, 600, (800, 600))
    values = [by_sklearn(metric, y[0][rows], outputs[0][rows]) for rows in resampled]
    assert influence.std() / np.sqrt(600) == pytest.approx(np.std(values), rel=0.1)


@pytest.mark.slow
def test_intervals_for_new_rows_and_trainings_hold_the_truth_in_95_percent_of_studies():
    """One row in ten is of class 1; rows differ in how hard they are, and trainings in how good."""

    def study(random: np.random.Generator, trainings: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
        y = (random.random(rows) < 0.1).astype(int)
        right = 1.5 + random.normal(0, 0.1, (trainings, 1)) + random.normal(0, 1.2, rows)
        logits = np.where(y == 1, 1, -1) * (right + random.normal(0, 0.6, (trainings, rows))) - 0.3
        return np.tile(y, (trainings, 1)), np.stack([np.zeros_like(logits), logits], axis=-1)

    y, outputs = study(np.random.default_rng(0), 100, 40_000)
    truth = {metric: measure(metric, y, outputs)[0].mean() for metric in METRICS}
    held = dict.fromkeys(METRICS, 0)
    for seed in range(200):
        y, outputs = study(np.random.default_rng([1, seed]), 10, 250)
        for metric in METRICS:
            value, influence = measure(metric, y, outputs)
            estimate = estimate_mean(value[:, None] + influence, seed=0)
            held[metric] += estimate.low <= truth[metric] <= estimate.high
    assert all(184 <= count <= 199 for count in held.values()), held
