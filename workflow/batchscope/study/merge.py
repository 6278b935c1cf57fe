"""One config of several: the files, the later ones over the earlier, and the options of the command line over all."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from batchscope.study.config import read_file

# The keys of a study that name one thing, with its arguments; those within a key after that.
_ONE_OF = (
    *("dataset", "scaler", "optimizer", "loss", "learning_rate_schedule"),
    *("steps_to_result", "evaluate_every", "noise_scale.every"),
)
_LENGTHS = ("epochs", "updates")  # of which a study has one
# How deep keys are that a later file may set to null: those of the config, of studies, and the studies themselves.
_DEEPEST_NULL = 3
_NAMED_BY_THE_USER = ("claims", "questions", "learning_curves")


def merge(files: Iterable[str | Path], options: dict) -> dict:
    """The config of some files and of `options`, whose nested values Snakemake hands on as text.

    Mappings are merged, all else is replaced. Of mappings that name one thing, an optimizer for instance, the later one
    counts, and so does the later length of a study. What is null is left out, as if no file had it: a study, a key, or
    a claim, question or figure by its name.

    Raises:
        ConfigError: as `read_file`.
    """
    config = {}
    for part in [*map(read_file, files), _typed(options)]:
        config = _over(config, part, ())
    return config


def _over(below: object, above: object, place: tuple[str, ...]) -> object:
    if not isinstance(above, dict) or _is_batch_size(place):
        return above
    names_another = ".".join(map(str, place[2:])) in _ONE_OF and isinstance(below, dict) and not below.keys() & above
    merged = dict(below) if isinstance(below, dict) and not names_another else {}
    if len(place) == 2 and any(above.get(length) is not None for length in _LENGTHS):
        merged = {key: value for key, value in merged.items() if key not in _LENGTHS}
    for key, value in above.items():
        inside = (*place, key)
        if value is None and (len(inside) <= _DEEPEST_NULL or (len(place) == 3 and place[-1] in _NAMED_BY_THE_USER)):
            merged.pop(key, None)
        else:
            merged[key] = _over(merged.get(key), value, inside)
    return merged


def _is_batch_size(place: tuple[str, ...]) -> bool:
    """Whether a mapping there is a schedule of batch sizes, which is one value, and no study or claim of that name."""
    return len(place) > 3 and place[-1] == "batch_size" and place[-2] not in _NAMED_BY_THE_USER


def _typed(value: object) -> object:
    """Text that is a number, true, false or null in JSON as such."""
    if isinstance(value, dict):
        return {_typed(key): _typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [*map(_typed, value)]
    with suppress(ValueError, TypeError):
        read = json.loads(value, parse_constant=str)
        return value if isinstance(read, str | list | dict) else read
    return value
