"""The yardstick: plain `Model.fit`, one replicate after the other, on the same weights and batch orders."""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from batchscope.backend import keras, tf
from batchscope.task import Task


class FitEngine:
    """Trains with `keras.Model.fit`. See `CompiledEngine` for what `train` yields."""

    def __init__(self, task: Task):
        self._task = task

    def train(
        self, replicates: int, learning_rates: Sequence[float], report: Callable[[float, int, np.ndarray], None]
    ) -> Iterator[tuple[float, int, np.ndarray, float]]:
        for replicate in range(replicates):
            for learning_rate in learning_rates:
                begin = time.perf_counter()
                history = fit_replicate(self._task, replicate, learning_rate)[None]
                report(learning_rate, self._task.epochs, history)
                yield learning_rate, replicate, history, time.perf_counter() - begin


def fit_replicate(task: Task, replicate: int, learning_rate: float) -> np.ndarray:
    """The history of one replicate, (epochs, 4): train loss, train accuracy, test loss, test accuracy."""
    model = task.build_replicate(replicate)
    model.compile(
        optimizer=task.build_optimizer(learning_rate),
        loss=task.loss_function,
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    logs = model.fit(
        _batches(task, replicate),
        steps_per_epoch=math.ceil(len(task.dataset.y_train) / task.batch_size),
        validation_data=(task.dataset.x_test, task.dataset.y_test),
        epochs=task.epochs,
        shuffle=False,  # the batches come in the replicate's order already
        verbose=0,
    ).history
    history = np.array([logs[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy")], np.float64).T
    # Keras gives a rounded quotient; the number of correct rows behind it is whole.
    rows = np.array([len(task.dataset.y_train), len(task.dataset.y_test)])
    history[:, 1::2] = np.rint(history[:, 1::2] * rows) / rows
    return history


def _batches(task: Task, replicate: int) -> tf.data.Dataset:
    """The batches of all epochs in one stream, each epoch in the replicate's own order."""
    rows = tf.TensorSpec([len(task.dataset.y_train)], tf.int32)
    orders = tf.data.Dataset.from_generator(lambda: task.batch_orders(replicate), output_signature=rows)
    batches = orders.flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(task.batch_size))
    x, y = tf.constant(task.dataset.x_train), tf.constant(task.dataset.y_train)
    return batches.map(lambda rows: (tf.gather(x, rows), tf.gather(y, rows))).prefetch(tf.data.AUTOTUNE)
