"""Keras models, optimizers and losses from their names and arguments in the config."""

import inspect
import math
from collections.abc import Callable, Iterator
from functools import cache

from batchscope.errors import ConfigError, check_arguments, reason, suggestion
from batchscope.hardware.backend import keras, tf
from batchscope.model.losses import OF_CLASSES, OF_INTEGERS, OF_LOGITS, OF_NUMBERS, OF_PROBABILITIES
from batchscope.model.model_file import call_model_file
from batchscope.model.schedules import Schedule
from batchscope.names import name_and_arguments

# Arguments whose names Keras looks up only when a layer is made, without saying what it would know.
_NAMED_OBJECTS = {"activation": keras.activations, "initializer": keras.initializers}
_OF_OPTIMIZERS = ("LossScaleOptimizer", "MultiOptimizer", "OptimizerMap")


def build_model(spec: list[dict | str] | dict, input_shape: tuple[int, ...], outputs: int) -> keras.Model:
    """A model from (rows, *input_shape) features to (rows, outputs): hidden layers, or a function in a file.

    Raises:
        ConfigError: Keras has no such layer, it refuses the arguments, the layers do not fit together, or the function
            returns no model that fits.
    """
    if isinstance(spec, dict):
        return call_model_file(spec, input_shape, outputs)
    return _stack_layers(spec, input_shape, outputs)


def _stack_layers(layers: list[dict | str], input_shape: tuple[int, ...], outputs: int) -> keras.Model:
    """The hidden layers, then a Dense layer."""
    *hidden, last = make_layers(layers, outputs)
    try:
        model = keras.Sequential([keras.Input(input_shape), *hidden, last])
    except Exception as error:
        raise ConfigError("model", f"the layers do not fit together: {reason(error)}") from None
    if model.output_shape != (None, outputs):
        raise ConfigError(
            "model",
            f"the hidden layers end in the shape {hidden[-1].output.shape[1:]}, of which {outputs} outputs cannot "
            "be made; end them with Flatten or a global pooling layer",
        )
    return model


def make_layers(layers: list[dict | str], outputs: int) -> list[keras.Layer]:
    """The hidden layers and the Dense layer after them, not built.

    Raises:
        ConfigError: Keras has no such layer, or it refuses the arguments.
    """
    hidden = [_build_layer(spec, f"model[{index}]") for index, spec in enumerate(layers)]
    return [*hidden, keras.layers.Dense(outputs, dtype=keras.config.floatx())]  # in full precision under every policy


def build_optimizer(
    spec: dict | str, learning_rate: float | Schedule, dense_gradients: bool = False
) -> keras.optimizers.Optimizer:
    """A Keras optimizer at a learning rate, or with a schedule of it; it may make sparse gradients dense.

    Raises:
        ConfigError: Keras has no such optimizer or it refuses the arguments.
    """
    name, arguments = name_and_arguments(spec)
    known = _classes(keras.optimizers, keras.optimizers.Optimizer)
    function = _find(name, known, "optimizer", "keras.optimizers")
    if name in _OF_OPTIMIZERS:
        raise ConfigError("optimizer", f"{name} is made of other optimizers; name one of these itself")
    if "learning_rate" in arguments:
        raise ConfigError(f"optimizer.{name}", "the learning rate goes under the study's `learning_rates`")
    _check_arguments(function, arguments, f"optimizer.{name}")
    if dense_gradients:
        function = type(name, (_DenseGradients, function), {})
    return _call(function, arguments | {"learning_rate": learning_rate}, f"optimizer.{name}")


class _DenseGradients:
    """An optimizer that sees the gradients of embeddings as it sees all others."""

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        super().apply([None if grad is None else tf.convert_to_tensor(grad) for grad in grads], trainable_variables)


def build_loss(spec: dict | str, outputs: int, by_row: bool = False) -> Callable:
    """The loss as a function of the target (rows,) and the model's outputs (rows, outputs).

    It is the mean over the rows or, where `by_row` is true, (rows,). Weights (rows,) are a third argument, as in Keras.

    The target is classes, one for each output, or numbers, for a single output; see `batchscope.model.losses`.

    Raises:
        ConfigError: the loss is none of `OF_CLASSES` and `OF_NUMBERS` or refuses the arguments.
    """
    name, arguments = name_and_arguments(spec)
    known = OF_CLASSES + OF_NUMBERS
    if name not in known:
        raise ConfigError("loss", f"{name!r} is no loss for classes or standardised numbers{suggestion(name, known)}")
    if name == "SparseCategoricalCrossentropy" and not arguments:
        name = "CategoricalCrossentropy"  # has the same value, and does not check every label in every batch
    function = getattr(keras.losses, name)
    if "from_logits" in arguments:
        raise ConfigError(f"loss.{name}", "from_logits is always true here; leave it out")
    _check_arguments(function, arguments, f"loss.{name}")
    given = ({"from_logits": True} if name in OF_LOGITS else {}) | ({"reduction": "none"} if by_row else {})
    loss = _call(function, arguments | given, f"loss.{name}")
    if name in OF_NUMBERS:
        return lambda numbers, predicted, weights=None: loss(numbers[:, None], predicted, weights)
    activation = keras.ops.softmax if name in OF_PROBABILITIES else keras.activations.linear
    if name in OF_INTEGERS:
        return lambda classes, scores, weights=None: loss(classes, activation(scores), weights)
    return lambda classes, scores, weights=None: loss(
        keras.ops.one_hot(classes, outputs, dtype=scores.dtype), activation(scores), weights
    )


def values_per_row(model: keras.Model, input_shape: tuple[int, ...]) -> int:
    """How many numbers the layers of a model put out for one row, as far as Keras knows: what its memory grows with."""
    return sum(math.prod(shape) for layer in _leaves(model) for shape in _shapes(layer, "output", input_shape))


def multiplications_per_epoch(
    model: keras.Model, input_shape: tuple[int, ...], train_rows: int, other_rows: int
) -> int:
    """Roughly: each weight is used once per position of its layer, forward, and twice more in training, backward.

    Embeddings are looked up. The other rows are predicted after each epoch.
    """

    def positions(layer: keras.Layer) -> int:
        shapes = _shapes(layer, "input", input_shape) + _shapes(layer, "output", input_shape)
        return max([math.prod(shape[:-1]) for shape in shapes], default=1)

    multiplied = [layer for layer in _leaves(model) if not isinstance(layer, keras.layers.Embedding)]
    per_row = sum(layer.count_params() * positions(layer) for layer in multiplied)
    return per_row * (3 * train_rows + other_rows)


def _leaves(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers of a model and of the models in it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        else:
            yield layer


def _shapes(layer: keras.Layer, side: str, input_shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes of what a layer takes (`input`) or puts out (`output`) for a row; none where only calling would tell.

    A length that the model leaves open is the largest of the model's input.
    """
    try:
        tensors = keras.tree.flatten(getattr(layer, side))
    except (AttributeError, ValueError):
        return []
    return [tuple(max(input_shape) if size is None else size for size in tensor.shape[1:]) for tensor in tensors]


def _build_layer(spec: dict | str, place: str) -> keras.Layer:
    name, arguments = name_and_arguments(spec)
    layer = _find(name, _classes(keras.layers, keras.Layer), place, "keras.layers")
    place = f"{place}.{name}"
    _check_arguments(layer, arguments, place, inherited=keras.Layer)
    for argument, value in arguments.items():
        namespace = _NAMED_OBJECTS.get(argument.rsplit("_", 1)[-1])
        if namespace is not None and isinstance(value, str):
            try:
                namespace.get(value)
            except ValueError:
                known = [
                    key for key in dir(namespace) if key[0].islower() and key not in ("get", "serialize", "deserialize")
                ]
                raise ConfigError(
                    f"{place}.{argument}", f"{namespace.__name__} has no {value!r}{suggestion(value, known)}"
                ) from None
    return _call(layer, arguments, place)


@cache  # asked again for every replicate
def _classes(module, base: type) -> dict[str, type]:
    members = inspect.getmembers(module, lambda member: inspect.isclass(member) and issubclass(member, base))
    return {name: member for name, member in members if member is not base}


def _find(name: str, known: dict[str, type], place: str, where: str) -> type:
    if name not in known:
        raise ConfigError(place, f"{where} has no {name!r}{suggestion(name, known)}")
    return known[name]


def _check_arguments(function: type, arguments: dict, place: str, inherited: type | None = None) -> None:
    known = {
        name
        for source in (function, inherited)
        if source is not None
        for name, parameter in inspect.signature(source.__init__).parameters.items()
        if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    }
    check_arguments(arguments, known, place)


def _call(function: type, arguments: dict, place: str):
    try:
        return function(**arguments)
    except Exception as error:  # whatever Keras says of the arguments is for the user
        raise ConfigError(place, reason(error)) from None
