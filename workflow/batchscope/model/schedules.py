"""Learning rates that change while a network is trained: Keras's schedules, by their names in the config."""

import inspect
from collections.abc import Callable, Sequence

import numpy as np

from batchscope.errors import ConfigError, check_arguments, reason, suggestion
from batchscope.hardware.backend import keras
from batchscope.names import name_and_arguments

# Arguments that count updates -> what the same is called in epochs.
_IN_EPOCHS = {
    "decay_steps": "decay_epochs",
    "first_decay_steps": "first_decay_epochs",
    "warmup_steps": "warmup_epochs",
    "boundaries": "boundary_epochs",
}


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule of Keras's whose initial learning rate can be set anew, without compiling anew.

    Args:
        spec: the name of a schedule and its arguments, without the initial learning rate; none leaves that as it is.
            Lengths are in updates or, by the names of `_IN_EPOCHS`, in epochs. `PiecewiseConstantDecay` takes its
            values as ratios to the first.
        updates: the updates made in so many epochs from the start.
        warmup: over so many updates the rate rises in equal steps to that of the schedule (Goyal et al. 2017).
        stages: how many times that of the schedule the rate is from which update on, counted from 0; the first from 0.

    Raises:
        ConfigError: Keras has no such schedule or it refuses the arguments.
    """

    def __init__(
        self,
        spec: dict | str | None,
        updates: Callable[[float], int],
        warmup: int = 0,
        stages: Sequence[tuple[int, float]] = (),
    ):
        self._initial = keras.Variable(1.0, trainable=False, name="initial_learning_rate")
        self._warmup = warmup
        self._stages = stages
        self._class = None
        if spec is None:
            return
        name, arguments = name_and_arguments(spec)
        self._place = f"learning_rate_schedule.{name}"
        self._class = _find(name)
        self._arguments = _in_updates(arguments, self._class, self._place, updates)
        try:
            self(0)
        except Exception as error:  # whatever Keras says of the arguments is for the user
            raise ConfigError(self._place, reason(error)) from None

    def start_at(self, learning_rate: float) -> None:
        self._initial.assign(learning_rate)

    def __call__(self, step):
        rate = self._of_keras(step)
        if self._warmup:
            rate = rate * keras.ops.minimum(1.0, (keras.ops.cast(step, rate.dtype) + 1) / self._warmup)
        if self._stages:
            first_updates, times = zip(*self._stages)
            stage = keras.ops.count_nonzero(keras.ops.cast(step, "int32") >= np.array(first_updates, np.int32)) - 1
            rate = rate * keras.ops.take(keras.ops.convert_to_tensor(times, rate.dtype), stage)
        return rate

    def _of_keras(self, step):
        initial = keras.ops.convert_to_tensor(self._initial)
        if self._class is None:
            return initial
        if "values" not in self._arguments:
            return self._class(initial, **self._arguments)(step)
        first, *_ = values = self._arguments["values"]
        return self._class(**self._arguments | {"values": [initial * (value / first) for value in values]})(step)


def start_at(optimizer: keras.optimizers.Optimizer, learning_rate: float) -> None:
    """Set the learning rate of an optimizer, or the one that its schedule starts at."""
    if isinstance(schedule := optimizer._learning_rate, Schedule):  # Keras shows its present value alone
        schedule.start_at(learning_rate)
    else:
        optimizer.learning_rate = learning_rate


def _find(name: str) -> type:
    schedules = keras.optimizers.schedules
    known = [key for key in dir(schedules) if key[0].isupper() and key != "LearningRateSchedule"]
    if name not in known:
        raise ConfigError(
            "learning_rate_schedule", f"keras.optimizers.schedules has no {name!r}{suggestion(name, known)}"
        )
    return getattr(schedules, name)


def _in_updates(arguments: dict, schedule: type, place: str, updates: Callable[[float], int]) -> dict:
    """The arguments with all lengths in updates."""
    known = set(inspect.signature(schedule).parameters)
    if "initial_learning_rate" in arguments:
        raise ConfigError(place, "the initial learning rate goes under the study's `learning_rates`")
    known -= {"initial_learning_rate", "name"}
    in_epochs = {_IN_EPOCHS[argument]: argument for argument in known & _IN_EPOCHS.keys()}
    check_arguments(arguments, known | in_epochs.keys(), place)
    for epochs in in_epochs.keys() & arguments:
        if in_epochs[epochs] in arguments:
            raise ConfigError(place, f"give one of `{in_epochs[epochs]}` and `{epochs}`")
    translated = {}
    for argument, value in arguments.items():
        values = value if isinstance(value, list) else [value]
        if argument in in_epochs:
            if not all(isinstance(epochs, int | float) and epochs > 0 for epochs in values):
                raise ConfigError(f"{place}.{argument}", f"{value!r} does not fit; expected numbers of epochs above 0")
            values = [updates(epochs) for epochs in values]
        translated[in_epochs.get(argument, argument)] = values if isinstance(value, list) else values[0]
    return translated
