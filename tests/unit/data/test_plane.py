import numpy as np
import pytest

from batchscope.data.dataset import Dataset
from batchscope.data.plane import SIDE, fit_plane
from batchscope.errors import ConfigError


def dataset(x_train: np.ndarray, x_test: np.ndarray) -> Dataset:
    y_train, y_test = (np.arange(len(x)) % 2 for x in (x_train, x_test))
    return Dataset(np.float32(x_train), y_train, np.float32(x_test), y_test)


def test_with_two_features_the_grid_lies_over_all_rows_and_a_margin():
    plane = fit_plane(dataset([[0, -1], [2, 4]], [[10, 0], [1, 1]]))
    assert plane.grid.dtype == np.float32
    assert plane.grid.shape == (SIDE**2, 2)
    np.testing.assert_allclose(plane.grid[[0, SIDE - 1, -1]], [[-0.5, -1.25], [10.5, -1.25], [10.5, 4.25]])
    np.testing.assert_allclose(plane.positions(plane.grid), plane.grid, atol=1e-6)
    assert np.isnan(plane.variance).all()


def test_of_more_features_it_is_the_plane_of_the_first_two_principal_components_of_the_training_rows():
    generator = np.random.default_rng(0)
    hidden = generator.normal(size=(300, 3)) * [5, 2, 0.1]
    turned, _ = np.linalg.qr(generator.normal(size=(6, 3)))
    rows = hidden @ turned.T + 100
    plane = fit_plane(dataset(rows[:200], rows[200:]))
    centred = rows[:200] - rows[:200].mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(centred.T))
    np.testing.assert_allclose(plane.variance, values[:-3:-1] / values.sum(), rtol=1e-4)
    np.testing.assert_allclose(np.abs(plane.directions @ vectors[:, :-3:-1]), np.eye(2), atol=1e-4)
    positions = plane.positions(np.float32(rows))
    np.testing.assert_allclose(positions, (rows - rows[:200].mean(axis=0)) @ plane.directions.T, atol=1e-3)
    for axis, points in enumerate((plane.across, plane.up)):
        assert points[0] < positions[:, axis].min() < positions[:, axis].max() < points[-1]
    np.testing.assert_allclose(
        plane.positions(plane.grid).reshape(SIDE, SIDE, 2)[3, 7], [plane.across[7], plane.up[3]], atol=1e-3
    )


def test_rows_that_are_all_alike_have_a_grid_too():
    plane = fit_plane(dataset(np.ones((4, 3)), np.ones((2, 3))))
    assert len(np.unique(plane.across)) == len(np.unique(plane.up)) == SIDE
    assert np.isfinite(plane.grid).all()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 1), "a plane needs rows of two features or more, these have one feature; take `confusion` in its place"),
        ((4, 8, 8), "a plane needs rows of two features or more, these have the shape (8, 8); take `confusion` in its"),
        ((1, 3), "a plane needs two training rows or more; set it to false"),
    ],
)
def test_rows_without_a_plane_are_refused(shape, message):
    with pytest.raises(ConfigError) as error:
        fit_plane(dataset(np.ones(shape), np.ones((2, *shape[1:]))))
    assert str(error.value).startswith(f"explorer.boundary: {message}")
