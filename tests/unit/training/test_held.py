import numpy as np
import pytest

from batchscope.hardware.backend import keras, tf
from batchscope.training.held import held_shape, reshaped


def weight(*shape, name="kernel"):
    return keras.Variable(np.zeros(shape), name=name)


@pytest.mark.parametrize(("rows", "shape"), [(4, (3, 50)), (1, (150,))])
def test_a_narrow_matrix_is_held_without_a_short_last_axis(rows, shape):
    assert held_shape(weight(50, 3), rows) == shape


@pytest.mark.parametrize(
    "weight",
    [weight(2, 50), weight(3, 3), weight(64, 10), weight(3, 3, 1), weight(50), weight(50, 3, name="embeddings")],
    ids=lambda weight: f"{weight.name} {tuple(weight.shape)}",
)
def test_all_else_is_held_as_it_is(weight):
    assert held_shape(weight, 4) == tuple(weight.shape)


@pytest.mark.parametrize("held", [(3, 50), (150,)])
def test_what_is_held_comes_back(held):
    stack = np.random.default_rng(0).normal(size=(2, 50, 3))
    there = reshaped(tf.constant(stack), held)
    assert there.shape == (2, *held)
    np.testing.assert_array_equal(reshaped(there, (50, 3)), stack)
