"""The gradients of single rows, as if each were a batch: whether a model has them, and by which layer."""

import re
from collections.abc import Callable

import numpy as np

from batchscope.errors import ConfigError, reason
from batchscope.hardware.backend import keras, tf
from batchscope.model.model_file import own_steps
from batchscope.training.compiled import sees_micro_batches
from batchscope.training.task import Task

_REMEDY = "leave `noise_scale` out, or take a model whose rows do not see each other"
_ROWS_TRIED = 4
_ROUNDING = 1e-3  # of the largest gradient


def check_single_gradients(task: Task) -> None:
    """Raise where the gradient of a batch is not the mean of those of its rows, so that there is no noise scale.

    Raises:
        ConfigError: a layer mixes the rows of a batch, or a method of the model trains in a way of its own.
    """
    model, place = _in_full_precision(task), "noise_scale"
    if steps := own_steps(model):
        raise ConfigError(place, f"the model has a {steps[0]} of its own, whose gradients are not known; leave it out")
    mixing = f"the gradient of a batch is not the mean of those of its rows{{}}, which a noise scale is of; {_REMEDY}"
    if layers := sees_micro_batches(model):
        raise ConfigError(place, mixing.format(f", by {', '.join(map(_without_number, layers))}"))
    if any("seed_generator" in variable.path for variable in model.non_trainable_variables):
        return  # rows that are drawn for otherwise in a batch cannot be compared
    rows = np.arange(min(_ROWS_TRIED, task.rows[0]))
    differentiate = gradients_by_tape(task, model, eagerly=True)
    try:
        of_rows = [*map(differentiate, rows[:, None])]
    except Exception as error:  # whatever a model says of a single row is for the user
        raise ConfigError(place, f"the model fails on a single row: {reason(error)}; {_REMEDY}") from None
    single = [np.mean(each, axis=0) for each in zip(*of_rows)]
    batch = differentiate(rows)
    largest = max(np.abs(gradient).max() for gradient in batch)
    if any(np.abs(one - other).max() > _ROUNDING * largest for one, other in zip(single, batch)):
        raise ConfigError(place, mixing.format(""))


def gradients_by_tape(task: Task, model: keras.Model, eagerly: bool) -> Callable[[np.ndarray], list[np.ndarray]]:
    """What gives the gradients of a batch, each shaped as its weight, of rows by their positions in `x` of the task.

    Args:
        eagerly: whether the model can only be called so; else it is traced once.
    """

    def differentiate(x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        of_rows = None if task.class_weight is None else tf.gather(task.class_weight, y)
        with tf.GradientTape() as tape:
            loss = task.loss_function(y, model(x, training=True), of_rows) + sum(model.losses)
        weights = [each.value for each in model.trainable_variables]
        gradients = tape.gradient(loss, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [*map(tf.convert_to_tensor, gradients)]

    function = differentiate if eagerly else tf.function(differentiate)

    def of_batch(rows: np.ndarray) -> list[np.ndarray]:
        x, y = tf.constant(task.x[rows], keras.config.floatx()), tf.constant(task.y[rows])
        return [gradient.numpy() for gradient in function(x, y)]

    return of_batch


def layers_of_weights(model: keras.Model) -> list[str]:
    """The layer of each trainable weight, as `1 dense`: its place among those that have any, and its name."""
    layers = [variable.path.rpartition("/")[0].removeprefix(f"{model.name}/") for variable in model.trainable_variables]
    places = {layer: place for place, layer in enumerate(dict.fromkeys(layers), 1)}
    return [f"{places[layer]} {_without_number(layer)}".strip() for layer in layers]


def _in_full_precision(task: Task) -> keras.Model:
    """The model as rounding in half precision does not make its gradients differ."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(keras.config.floatx())
    try:
        return task.build_replicate(0)
    finally:
        keras.config.set_dtype_policy(policy)


def _without_number(layer: str) -> str:
    """The name of a layer, perhaps inside of others, without the number that Keras gives it."""
    return re.sub(r"_[0-9]+(?=/|$)", "", layer)
