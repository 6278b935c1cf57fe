"""The yardstick: plain `Model.fit`, one replicate after the other, on the same weights, batch orders and splits."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from batchscope.backend import keras, tf
from batchscope.task import Stage, Task, Trained


class FitEngine:
    """Trains with `keras.Model.fit`; has the same methods as `CompiledEngine`."""

    def __init__(self, task: Task):
        self._task = task
        self._model: keras.Model | None = None

    def train(
        self, replicates: int, learning_rates: Sequence[float], report: Callable[[float, int, np.ndarray], None]
    ) -> Iterator[Trained]:
        for replicate in range(replicates):
            for learning_rate in learning_rates:
                begin = time.perf_counter()
                self._model, history, updates = fit_replicate(self._task, replicate, learning_rate)
                report(learning_rate, self._task.epochs, history[None])
                stretch = self._task.epochs, time.perf_counter() - begin
                yield Trained(learning_rate, replicate, history[None], updates, [stretch])

    def predict(self, x: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(keras.ops.softmax(self._model.predict(x, verbose=0)))[None]


def fit_replicate(task: Task, replicate: int, learning_rate: float) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """One replicate: the trained model, its history and its updates, both as in `Trained`."""
    model = task.build_replicate(replicate)
    model.compile(
        optimizer=task.build_optimizer(learning_rate),
        loss=task.loss_function,
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    _, test_rows = task.split(replicate)
    updates = []
    count = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: updates.append(int(keras.ops.convert_to_numpy(model.optimizer.iterations)))
    )
    logs = {name: [] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    for stage in task.stages:
        stage_logs = model.fit(
            _batches(task, replicate, first_epoch=len(updates), stage=stage),
            steps_per_epoch=math.ceil(len(task.dataset.y_train) / stage.batch_size),
            validation_data=(task.x[test_rows], task.y[test_rows]),
            epochs=stage.epochs,
            shuffle=False,  # the batches come in the replicate's order already
            callbacks=[count],
            verbose=0,
        ).history
        for name, values in logs.items():
            values += stage_logs[name]
    history = np.array(list(logs.values()), np.float64).T
    # Keras gives a rounded quotient; the number of correct rows behind it is whole.
    rows = np.array([len(task.dataset.y_train), len(task.dataset.y_test)])
    history[:, 1::2] = np.rint(history[:, 1::2] * rows) / rows
    return model, history, np.array(updates)


def _batches(task: Task, replicate: int, first_epoch: int, stage: Stage) -> tf.data.Dataset:
    """The batches of all epochs of a stage in one stream, each epoch in the replicate's own order."""
    orders = tf.data.Dataset.from_generator(
        lambda: islice(task.batch_orders(replicate), first_epoch, first_epoch + stage.epochs),
        output_signature=tf.TensorSpec([len(task.dataset.y_train)], tf.int32),
    )
    batches = orders.flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(stage.batch_size))
    x, y = tf.constant(task.x), tf.constant(task.y)
    return batches.map(lambda rows: (tf.gather(x, rows), tf.gather(y, rows))).prefetch(tf.data.AUTOTUNE)
