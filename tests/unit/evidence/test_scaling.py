import math

import numpy as np
import pytest
from scipy import optimize

from batchscope.evidence.scaling import DIMINISHING, NO_MORE, PERFECT, bounds, fit, log_law, regime

SIZES = np.array([4, 16, 64, 256])


def test_the_law_is_found_where_it_holds():
    truth = np.log([[50.0, 30.0], [7.0, 500.0], [900.0, 2.0]])
    fewest, critical = fit(log_law(truth[:, 0], truth[:, 1], SIZES), SIZES)
    np.testing.assert_allclose(np.stack([fewest, critical], axis=1), truth, atol=1e-3)


def test_it_is_the_least_squares_fit_of_scipy():
    noisy = log_law(5.0, np.log([40.0]), SIZES) + np.random.default_rng(0).normal(0, 0.2, (8, 4))
    for found, updates in zip(np.stack(fit(noisy, SIZES), axis=1), noisy):
        there = optimize.least_squares(
            lambda both, updates=updates: log_law(both[0], np.array([both[1]]), SIZES)[0] - updates, [5.0, 3.0]
        )
        np.testing.assert_allclose(found, there.x, atol=2e-3)


def test_where_updates_do_not_fall_or_fall_all_the_way_there_is_no_critical_batch_size_in_sight():
    flat, perfect = np.zeros(4), -np.log(SIZES)
    _, critical = np.exp(fit(np.stack([flat, perfect]), SIZES))
    assert critical[0] < 0.1 * SIZES[0]
    assert critical[1] > 10 * SIZES[-1]


@pytest.mark.parametrize(
    ("batch_size", "where"), [(1, PERFECT), (10, PERFECT), (11, DIMINISHING), (999, DIMINISHING), (1000, NO_MORE)]
)
def test_regimes_end_where_ten_percent_are_left(batch_size, where):
    assert regime(batch_size, 100.0) == where
    updates = 1 + 100 / batch_size  # of the fewest
    assert (updates <= 1.1 * 100 / batch_size + 1e-9) == (where == PERFECT)
    assert (updates <= 1.1) == (where == NO_MORE)


def test_an_interval_moves_against_what_choosing_the_best_does():
    samples = np.random.default_rng(0).normal(0, 0.1, 999)
    plain, moved = bounds(0.0, samples, 20), bounds(0.0, samples - 0.05, 20)
    assert (plain.low, plain.high) == pytest.approx((-0.215, 0.215), abs=0.02)
    np.testing.assert_allclose(np.subtract(moved, plain), 0.025)
    assert plain.low < plain.low_90 < 0 < plain.high_90 < plain.high


def test_where_too_many_samples_never_get_there_an_interval_has_no_upper_end():
    samples = np.r_[np.linspace(-1, 1, 970), np.full(29, math.inf)]
    low, high, low_90, high_90 = bounds(0.0, samples, 20)
    assert (low, low_90) == pytest.approx((-0.95, -0.9), abs=0.01)
    assert high == high_90 == math.inf
    assert math.isfinite(bounds(0.0, samples[:-10], 20).high)
