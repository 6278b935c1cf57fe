"""Gradients of small matrix products in a form that XLA compiles to one fused loop.

On a CPU, XLA hands each replicate's product with a transposed factor to a library, whose call costs more than a small
product itself. The same sums written as multiply and add are two to twenty times faster for the networks studied here.
"""

import math

from batchscope.hardware.backend import tf

# Measured for a stack of 30 replicates: beyond these the library is faster.
MOST_COLUMNS = 8  # of the factor that would be transposed
_LARGEST_PRODUCT = 2**13  # multiplications per replicate

_NAME = "BatchscopeSmallMatMul"


def fast_gradients(graph: tf.Graph):
    """A context in which matrix products added to a graph have the gradients of this module, for `tf.gradients`."""
    return graph.gradient_override_map({"MatMul": _NAME})


@tf.RegisterGradient(_NAME)
def _matmul_gradient(op: tf.Operation, gradient: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Gradients of a (rows, inner) times b (inner, columns) from the gradient of their product (rows, columns)."""
    turned = op.get_attr("transpose_a"), op.get_attr("transpose_b")
    a, b = (tf.transpose(factor) if turn else factor for factor, turn in zip(op.inputs, turned))
    columns = b.shape[1] or math.inf  # what is not known while the graph is made counts as large
    if gradient.dtype.size < 4:
        columns = math.inf  # a sum in half precision would be rounded at every term; the library rounds it once
    products = (a.shape.num_elements() or math.inf) * columns
    if columns <= MOST_COLUMNS:
        of_a = tf.add_n([gradient[:, column, None] * b[None, :, column] for column in range(columns)])
    else:
        of_a = tf.matmul(gradient, b, transpose_b=True)
    if products <= _LARGEST_PRODUCT:
        # The longer axis comes last, where it fills the vector registers.
        if columns >= b.shape[0]:
            of_b = tf.reduce_sum(a[:, :, None] * gradient[:, None, :], axis=0)
        else:
            of_b = tf.transpose(tf.reduce_sum(gradient[:, :, None] * a[:, None, :], axis=0))
    else:
        of_b = tf.matmul(a, gradient, transpose_a=True)
    return tuple(tf.transpose(value) if turn else value for value, turn in zip((of_a, of_b), turned))
