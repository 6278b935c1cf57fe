"""The gradient of max pooling in a form that XLA compiles to one fused loop.

On a CPU, XLA searches every window for its maximum again and scatters the gradients one by one, a quarter of an update
of a small convolutional network. Where windows do not overlap, comparing with the maximum that is known says the same.
"""

from batchscope.hardware.backend import tf

_LARGEST_WINDOW = 16  # of comparisons written out

_NAME = "BatchscopeMaxPool"


def fast_pooling(graph: tf.Graph):
    """A context in which max pooling added to a graph has the gradient of this module, for `tf.gradients`."""
    return graph.gradient_override_map({"MaxPool": _NAME})


@tf.RegisterGradient(_NAME)
def _max_pool_gradient(op: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """Gradient of features (rows, height, width, channels): that of a window goes to the first of its maxima."""
    names = ("ksize", "strides", "padding", "data_format", "explicit_paddings")
    ksize, strides, padding, data_format, paddings = map(op.get_attr, names)
    [x], [pooled] = op.inputs, op.outputs
    _, high, wide, _ = ksize
    apart = ksize == strides and padding == b"VALID" and data_format == b"NHWC" and ksize[0] == ksize[3] == 1
    if not apart or high * wide > _LARGEST_WINDOW or None in (*x.shape[1:], *pooled.shape[1:]):
        return tf.raw_ops.MaxPoolGrad(
            orig_input=x,
            orig_output=pooled,
            grad=gradient,
            ksize=ksize,
            strides=strides,
            padding=padding.decode(),
            data_format=data_format.decode(),
            explicit_paddings=paddings,
        )
    _, down, across, channels = pooled.shape
    windows = tf.reshape(x[:, : down * high, : across * wide], (-1, down, high, across, wide, channels))
    given, of_rows = tf.zeros_like(pooled, tf.bool), []
    for row in range(high):
        of_columns = []
        for column in range(wide):
            is_maximum = windows[:, :, row, :, column] == pooled
            of_columns.append(tf.where(is_maximum & ~given, gradient, tf.zeros_like(gradient)))
            given |= is_maximum
        of_rows.append(tf.stack(of_columns, axis=3))
    within = tf.reshape(tf.stack(of_rows, axis=2), (-1, down * high, across * wide, channels))
    _, height, width, _ = x.shape  # rows and columns beyond the last window have no gradient
    return tf.pad(within, [[0, 0], [0, height - down * high], [0, width - across * wide], [0, 0]])
