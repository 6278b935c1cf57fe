from contextlib import nullcontext

import numpy as np
import pytest

from batchscope.hardware.backend import tf
from batchscope.training.convolution import fast_convolution


def gradients(x, kernel, fast, **convolution):
    @tf.function(jit_compile=True)
    def compute(x, kernel):
        with fast_convolution(x.graph) if fast else nullcontext():
            outputs = tf.nn.conv2d(x, kernel, **convolution)
        return tf.gradients(tf.reduce_sum(outputs**2), [x, kernel])

    return [each.numpy() for each in compute(tf.constant(x), tf.constant(kernel))]


@pytest.mark.parametrize(
    "convolution",
    [
        {"strides": 1, "padding": "VALID"},
        {"strides": 1, "padding": "SAME"},
        {"strides": 2, "padding": "SAME"},
        {"strides": 1, "padding": "VALID", "dilations": 2},
        {"strides": 1, "padding": [[0, 0], [1, 0], [0, 2], [0, 0]]},
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [2, 4], ids=["groups", "one group"])
def test_gradients_are_those_of_tensorflow(convolution, channels):
    draw = np.random.default_rng(0).normal
    x, kernel = draw(size=(3, 9, 8, 4)), draw(size=(3, 2, channels, 6))
    own, expected = (gradients(x, kernel, fast, **convolution) for fast in (True, False))
    for one, other in zip(own, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-10)
