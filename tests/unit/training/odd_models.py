"""Models that a compiled program would silently train otherwise than `Model.fit`, or that are rare in another way."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf


@dataclass
class Sizes:
    """Of a dataclass in a file whose annotations are text, Python asks the module by its name."""

    units: int = 8


def _around(layer: keras.Layer, input_shape, outputs) -> keras.Model:
    features = keras.Input(input_shape)
    return keras.Model(features, keras.layers.Dense(outputs)(layer(keras.layers.Flatten()(features))))


def spectral(input_shape, outputs):
    """A wrapper that changes the weight that it wraps."""
    return _around(keras.layers.SpectralNormalization(keras.layers.Dense(Sizes().units)), input_shape, outputs)


class Standardized(keras.layers.Dense):
    """Standardises its own kernel in place."""

    def call(self, x):
        self.kernel.assign(self.kernel - keras.ops.mean(self.kernel, axis=0, keepdims=True))
        return super().call(x)


def standardized(input_shape, outputs):
    return _around(Standardized(8, activation="tanh"), input_shape, outputs)


class ReadAfterWrite(keras.layers.Layer):
    """A gradient flows through what is read back where no variable is in between."""

    def build(self, shape):
        self.mean = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.mean.assign(keras.ops.mean(x))
        return x - self.mean


def read_after_write(input_shape, outputs):
    features = keras.Input(input_shape)
    hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Flatten()(features))
    return keras.Model(features, keras.layers.Dense(outputs)(ReadAfterWrite()(hidden) ** 2))


class Counting(keras.layers.Layer):
    """Counts its calls, in evaluation too, and uses the count."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign_add(1.0)
        return x * (1 + 0.01 * self.calls)


def counting(input_shape, outputs):
    return _around(Counting(), input_shape, outputs)


class CountingOutsideKeras(keras.layers.Layer):
    """The same in a variable that Keras does not know."""

    def __init__(self):
        super().__init__()
        self.calls = tf.Variable(0.0)

    def call(self, x, training=False):
        if training:
            self.calls.assign_add(1.0)
        return x * (1 + 0.01 * tf.cast(self.calls, x.dtype))


def counting_outside_keras(input_shape, outputs):
    return _around(CountingOutsideKeras(), input_shape, outputs)


class Noise(keras.layers.Layer):
    """Draws without a seed generator of its own."""

    def call(self, x, training=False):
        return x + keras.random.normal(keras.ops.shape(x), dtype=x.dtype) if training else x


def unseeded_noise(input_shape, outputs):
    return _around(Noise(), input_shape, outputs)


class FourierFeatures(keras.layers.Layer):
    """Holds a random array that is no weight."""

    def __init__(self, inputs):
        super().__init__()
        self.frequencies = np.random.normal(size=(inputs, 16)).astype(keras.config.floatx())

    def call(self, x):
        return keras.ops.cos(keras.ops.matmul(x, self.frequencies))


def fourier_features(input_shape, outputs):
    return _around(FourierFeatures(int(np.prod(input_shape))), input_shape, outputs)


class Penalty(keras.layers.Layer):
    """Adds a sum over the rows that are evaluated at once."""

    def call(self, x):
        self.add_loss(0.01 * keras.ops.sum(x**2))
        return x


def penalty(input_shape, outputs):
    return _around(Penalty(), input_shape, outputs)


def same_start(input_shape, outputs):
    keras.utils.set_random_seed(42)
    return _around(keras.layers.Dense(4), input_shape, outputs)


def any_length(input_shape, outputs):
    series = keras.Input((None, input_shape[-1]))
    return keras.Model(series, keras.layers.Dense(outputs)(keras.layers.GlobalAveragePooling1D()(series)))


def words(input_shape, outputs):
    """Texts of any length."""
    tokens = keras.Input((None,), dtype="int32")
    hidden = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(50, 8)(tokens))
    return keras.Model(tokens, keras.layers.Dense(outputs)(hidden))


class Plain(keras.Model):
    """A step of its own in the form that Keras's guide shows, which updates no metrics."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
        return {"loss": loss}


def own_train_step(input_shape, outputs):
    features = keras.Input(input_shape)
    return Plain(features, keras.layers.Dense(outputs)(keras.layers.Flatten()(features)))


class SilentTest(keras.Model):
    def test_step(self, data):
        x, _ = data
        return {"distance": keras.ops.mean(self(x))}


def silent_test(input_shape, outputs):
    features = keras.Input(input_shape)
    return SilentTest(features, keras.layers.Dense(outputs)(keras.layers.Flatten()(features)))


class OwnCompile(keras.Model):
    def compile(self, optimizer, loss):
        super().compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])


def own_compile(input_shape, outputs):
    features = keras.Input(input_shape)
    return OwnCompile(features, keras.layers.Dense(outputs)(keras.layers.Flatten()(features)))


class TwoOptimizers(keras.Model):
    def compile(self, d_optimizer, g_optimizer, loss):
        super().compile(optimizer=d_optimizer, loss=loss)


def two_optimizers(input_shape, outputs):
    features = keras.Input(input_shape)
    return TwoOptimizers(features, keras.layers.Dense(outputs)(keras.layers.Flatten()(features)))


class Eager(keras.Model):
    """Looks at numbers while it is called."""

    def __init__(self, outputs):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.last = keras.layers.Dense(outputs)

    def call(self, x):
        x = self.flatten(x)
        return self.last(x / float(np.abs(x.numpy()).max() + 1))


def eager(input_shape, outputs):
    return Eager(outputs)


def dictionary(input_shape, outputs):
    features = keras.Input(input_shape)
    return keras.Model(features, {"logits": keras.layers.Dense(outputs)(keras.layers.Flatten()(features))})


def two_in_a_dictionary(input_shape, outputs):
    features = keras.Input(input_shape)
    hidden = keras.layers.Flatten()(features)
    return keras.Model(features, {"one": keras.layers.Dense(outputs)(hidden), "other": hidden})


def fixed_batch(input_shape, outputs):
    features = keras.Input(batch_shape=(10, *input_shape))
    return keras.Model(features, keras.layers.Dense(outputs)(keras.layers.Flatten()(features)))
