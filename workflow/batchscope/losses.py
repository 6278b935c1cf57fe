"""What a study's loss says of the study."""

_OF_NUMBERS = (
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
)


def is_regression(spec: dict | str) -> bool:
    """Whether the loss is one of numbers; every other one is of classes."""
    name = spec if isinstance(spec, str) else next(iter(spec))
    return name in _OF_NUMBERS
