"""The shapes in which a stack holds weights: none whose last axis leaves most of a vector register empty.

XLA works along the last axis. A matrix with three columns is therefore held turned, which halves an update of the
tutorial's network at batch size 4. The products of a single row with a turned matrix XLA would add up in another order:
for these it is held flat. The bytes of a history are those that they were without either.
"""

import math

from batchscope.hardware.backend import keras, tf
from batchscope.training.small_matmul import MOST_COLUMNS


def held_shape(weight: keras.Variable, rows: int) -> tuple[int, ...]:
    """The shape in which each replicate's values of a weight are held, where so many rows are trained on at once."""
    shape = tuple(weight.shape)
    if weight.name != "kernel" or len(shape) != 2 or shape[1] > MOST_COLUMNS or shape[1] >= shape[0]:
        return shape
    return shape[::-1] if rows > 1 else (math.prod(shape),)


def reshaped(stack: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """A stack of values (width, ...) in the other of their two shapes: that of the weight, or the one it is held in."""
    turn = len(stack.shape) == 1 + len(shape)
    return tf.linalg.matrix_transpose(stack) if turn else tf.reshape(stack, (-1, *shape))
