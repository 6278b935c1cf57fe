"""Studies of which the truth is known: rows and trainings are drawn at random, and every row is right or wrong.

A row has a difficulty, the same at every setting, and suits a setting more or less; a training is better or worse, and
seven of a hundred are bad, so accuracies over trainings are skewed. All are normal on a latent scale, above 0 of which
a row is right, so that the expected accuracy of a setting follows from the normal distribution.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize, stats

EASE = 2.2  # of a row on average
_SD_OF_ROWS, _SD_OF_SUITING, _SD_OF_TRAININGS, _SD_OF_REST = 2.2, 0.45, 0.05, 0.7
_SD = math.hypot(_SD_OF_ROWS, _SD_OF_SUITING, _SD_OF_TRAININGS, _SD_OF_REST)
_BAD, _HOW_BAD = 0.07, 0.6


def accuracy(ease: float) -> float:
    """The expected accuracy of a setting."""
    return float((1 - _BAD) * stats.norm.cdf(ease / _SD) + _BAD * stats.norm.cdf((ease - _HOW_BAD) / _SD))


def ease_of(expected: float) -> float:
    """The ease at which a setting has an expected accuracy."""
    return float(optimize.brentq(lambda ease: accuracy(ease) - expected, -10, 20))


def study(random: np.random.Generator, eases: list[float], trainings: int, rows: int = 500) -> np.ndarray:
    """Right or wrong, 1 or 0, (settings, trainings, rows)."""
    difficulty = random.normal(0, _SD_OF_ROWS, rows)
    settings = []
    for ease in eases:
        bad = np.where(random.random(trainings) < _BAD, _HOW_BAD, 0)
        level = ease + random.normal(0, _SD_OF_TRAININGS, trainings) - bad
        suits = random.normal(0, _SD_OF_SUITING, rows)
        rest = random.normal(0, _SD_OF_REST, (trainings, rows))
        settings.append(level[:, None] + difficulty + suits + rest > 0)
    return np.array(settings, float)


def normal(random: np.random.Generator, size: int) -> np.ndarray:
    """Values of trainings without rows, of which the mean is 0."""
    return random.normal(size=size)


def with_bad_ones(random: np.random.Generator, size: int) -> np.ndarray:
    """The same, of which seven of a hundred are six standard deviations worse."""
    return random.normal(size=size) - 6 * (random.random(size) < _BAD) + 6 * _BAD


def skewed(random: np.random.Generator, size: int) -> np.ndarray:
    """The same, exponential."""
    return 1 - random.exponential(size=size)


def samples(
    random: np.random.Generator, draw: Callable, sizes: tuple[int, ...], spreads: tuple[float, ...]
) -> np.ndarray:
    """Values of settings that share nothing, of these sizes and spreads: (settings, trainings, 1), NaN at the end."""
    values = np.full((len(sizes), max(sizes), 1), math.nan)
    for of_setting, size, spread in zip(values, sizes, spreads):
        of_setting[:size, 0] = spread * draw(random, size)
    return values
