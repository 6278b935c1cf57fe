"""The plane over the features on which what a network predicts is drawn, and a grid of points on it."""

from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from batchscope.data.dataset import Dataset
from batchscope.errors import ConfigError

SIDE = 31  # of a grid: its 961 points go in two blocks of the tutorial's 500 test rows
_MARGIN = 0.05  # of the range of all rows, on each side
_ROWS = 10_000  # at most, that principal components are fitted to
_DIGITS = 8  # of what is fitted, so that it does not depend on how many threads fitted it


class Plane(NamedTuple):
    """Through `origin` (features,), along `directions` (2, features) of length 1; a grid has its points `across` and
    `up`, (side,) each. `variance` (2,) is the share of the training rows' variance along each principal component; NaN
    where the plane is that of both features.
    """

    origin: np.ndarray
    directions: np.ndarray
    across: np.ndarray
    up: np.ndarray
    variance: np.ndarray

    @property
    def grid(self) -> np.ndarray:
        """The features of the points, float32 (side * side, features), from the lowest line up, each from the left."""
        across, up = np.meshgrid(self.across, self.up)
        points = np.stack([across.ravel(), up.ravel()], axis=1)
        return (points @ self.directions + self.origin).astype(np.float32)

    def positions(self, x: np.ndarray) -> np.ndarray:
        """Where rows with these features (rows, features) lie across and up, (rows, 2)."""
        return x @ self.directions.T - self.origin @ self.directions.T


def fit_plane(dataset: Dataset) -> Plane:
    """The plane of both features, or else of the first two principal components of the training rows.

    Of many training rows some are taken, evenly spaced. The grid reaches over the rows of all parts.

    Raises:
        ConfigError: a row is no vector of two features or more.
    """
    shape = dataset.x_train.shape[1:]
    if len(shape) != 1 or shape[0] < 2:
        of = f"the shape {shape}" if len(shape) != 1 else "one feature"
        remedy = "take `confusion` in its place, or set it to false"
        raise ConfigError("explorer.boundary", f"a plane needs rows of two features or more, these have {of}; {remedy}")
    if shape[0] == 2:
        origin, directions, variance = np.zeros(2), np.eye(2), np.full(2, np.nan)
    elif len(dataset.x_train) < 2:
        raise ConfigError("explorer.boundary", "a plane needs two training rows or more; set it to false")
    else:
        rows = dataset.x_train[:: -(-len(dataset.x_train) // _ROWS)].astype(np.float64)
        with np.errstate(invalid="ignore"):  # of rows that are all alike, whose variance has no shares
            components = PCA(2, random_state=0).fit(rows)
        fitted = components.mean_, components.components_, components.explained_variance_ratio_
        origin, directions, variance = (np.round(values, _DIGITS) for values in fitted)
    plane = Plane(origin, directions, *np.empty((2, 0)), variance)
    positions = np.concatenate([plane.positions(x) for x, _ in dataset.parts])
    low, high = positions.min(axis=0), positions.max(axis=0)
    margin = _MARGIN * np.where(high > low, high - low, 1)
    across, up = np.linspace(low - margin, high + margin, SIDE).T
    return plane._replace(across=across, up=up)
