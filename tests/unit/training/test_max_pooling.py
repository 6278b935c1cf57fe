import numpy as np
import pytest

from batchscope.hardware.backend import tf
from batchscope.training.max_pooling import fast_pooling


def gradient(x, fast, **pooling):
    @tf.function(jit_compile=True)
    def compute(x):
        with fast_pooling(x.graph) if fast else tf.name_scope("plain"):
            pooled = tf.nn.max_pool2d(x, **pooling)
        weights = tf.reshape(tf.range(tf.size(pooled), dtype=tf.float32), pooled.shape)
        return tf.gradients(tf.reduce_sum(pooled * weights), x)[0]

    return compute(tf.constant(x)).numpy()


@pytest.mark.parametrize(
    "pooling",
    [
        {"ksize": 2, "strides": 2, "padding": "VALID"},
        {"ksize": (3, 2), "strides": (3, 2), "padding": "VALID"},  # a row and a column are left over
        {"ksize": 3, "strides": 2, "padding": "VALID"},  # windows overlap
        {"ksize": 2, "strides": 2, "padding": "SAME"},
        {"ksize": 5, "strides": 5, "padding": "VALID"},
    ],
    ids=str,
)
def test_gradients_go_to_the_first_of_the_maxima_as_in_tensorflow(pooling):
    x = np.random.default_rng(0).integers(0, 3, (4, 7, 5, 2)).astype(np.float32)  # most windows have several
    np.testing.assert_array_equal(gradient(x, fast=True, **pooling), gradient(x, fast=False, **pooling))
