"""The config, read strictly: every mistake is found before anything runs, and told in one line that names its place."""

import copy
import io
import math
import sys
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import jsonschema
import yaml

from batchscope.errors import ConfigError, one_line, suggestion

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"


_MOST_VALUES = 1_000_000  # of a file, aliases counted as often as they stand
_LARGEST = 2**63  # numbers from here on fit nowhere


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, and a number that YAML 1.1 reads as another one.

    What YAML takes for a date, a number and so on and Python cannot read is an error with a place, as all others are.
    """

    def construct_object(self, node, deep=False):
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, AttributeError, KeyError):
            kind = node.tag.rpartition(":")[2]
            problem = f"{str(node.value)[:40]!r} is no {kind} that can be read; text stands in quotes"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    def construct_yaml_int(self, node):
        number = super().construct_yaml_int(node)
        if ":" in node.value or (node.value.lstrip("+-0") and node.value.lstrip("+-").startswith("0")):
            place = f"{self.name}, line {node.start_mark.line + 1}"
            raise ConfigError(place, f"{node.value} is the number {number} for YAML; write that, or text in quotes")
        return number

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():  # YAML itself refuses others
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue  # `<<`, whose keys may be written over
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, Hashable):
                break  # as YAML itself says too
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ConfigError(f"{self.name}, line {line}", f"the key {key!r} stands twice; keep one of them")
            seen.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _StrictLoader.construct_yaml_int)


def read_file(path: str | Path) -> dict:
    """Read a config file as strictly as YAML allows.

    Snakemake merges the files and keeps the last of two keys in silence, and of a mistake in YAML says neither file nor
    line, so each file is looked at on its own here.

    Raises:
        ConfigError: the file is no YAML mapping, a key stands twice in a mapping, or a number is read as another one.
    """
    data = Path(path).read_bytes()
    try:
        file = io.StringIO(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}", "this is not UTF-8; save the file in that encoding") from None
    file.name = str(path)
    try:
        content = yaml.load(file, _StrictLoader)
        values = _count(content, ())
    except yaml.MarkedYAMLError as error:
        ends = "<stream end>" in (error.problem or "")  # of what is not closed the place is where it opens
        mark = error.context_mark if ends or error.problem_mark is None else error.problem_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise ConfigError(f"{path}, line {mark.line + 1}", f"this is no YAML: {what}") from None
    except yaml.YAMLError as error:
        raise ConfigError(str(path), one_line(error)) from None
    except RecursionError:
        raise ConfigError(str(path), "it is nested too deeply, or an alias contains itself") from None
    if values > _MOST_VALUES:
        raise ConfigError(str(path), f"it holds more than {_MOST_VALUES} values")
    if not isinstance(content, dict):
        raise ConfigError(str(path), "this is no mapping of keys to values; it starts with `studies:`")
    return content


def _count(value: object, inside: tuple[int, ...], so_far: int = 0) -> int:
    """How many values there are in one, counted no further than what a config may hold.

    Raises:
        RecursionError: one contains itself.
    """
    if id(value) in inside:
        raise RecursionError
    so_far += 1
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        if so_far > _MOST_VALUES:
            break
        so_far = _count(part, (*inside, id(value)), so_far)
    return so_far


def check_config(config: dict) -> dict:
    """A copy of the config with every default filled in.

    Raises:
        ConfigError: the config does not follow the schema, or holds what JSON has not or what is no size for a number;
            the message has a line for every mistake.
    """
    if unfit := list(_unfit(config)):
        raise ConfigError("", "\n".join(unfit))
    config = copy.deepcopy(config)
    mistakes = sorted(_validator().iter_errors(config), key=lambda error: [str(step) for step in error.absolute_path])
    if mistakes:
        lines = dict.fromkeys(line for mistake in mistakes for line in _explain(mistake))  # each once
        raise ConfigError("", "\n".join(lines))
    return config


def _unfit(value: object, place: str = "") -> Iterator[str]:
    """A line for all that YAML reads and nothing can work with, also where the schema leaves values open."""
    if isinstance(value, dict):
        for key, part in value.items():
            inside = f"{place}.{key}" if place else str(key)
            if not isinstance(key, str | int | float | None):
                yield f"{inside}: YAML reads this key as {type(key).__name__}; write text in quotes"
            yield from _unfit(part, inside)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _unfit(part, f"{place}[{index}]")
    elif isinstance(value, int):
        if not -_LARGEST < value < _LARGEST:
            yield f"{place}: an integer of 2^63 or more, or of as much below 0, fits nowhere; write a smaller one"
    elif not isinstance(value, str | float | None):
        yield f"{place}: YAML reads this as {type(value).__name__}; write text in quotes"


def _explain(error: jsonschema.ValidationError) -> Iterator[str]:
    place = error.json_path.removeprefix("$").removeprefix(".") or "config"
    expected = error.schema.get("description", "")
    match error.validator:
        case "additionalProperties":
            known = error.schema["properties"]
            for key in error.instance.keys() - known.keys():
                yield f"{place}: unknown key {key!r}{suggestion(key, known)}"
        case "required":
            for key in error.validator_value:
                if key not in error.instance:
                    yield f"{place}: the key {key!r} is missing; it is {_property(error.schema, key)}"
        case "oneOf":
            keys = [key for choice in error.validator_value for key in choice["required"]]
            yield f"{place}: give one of {' and '.join(f'`{key}`' for key in keys)}"
        case "uniqueItems":
            repeated = next(item for item in error.instance if error.instance.count(item) > 1)
            yield f"{place}: {repeated!r} is repeated; expected {expected}"
        case _:
            yield f"{place}: {_show(error.instance, error.schema)}; expected {expected}"


def _property(schema: dict, key: str) -> str:
    return schema["properties"][key].get("description", key)


def _show(value: object, schema: dict) -> str:
    may_be_number = schema.get("type") not in ("string", "array", "object", "boolean")
    if may_be_number and isinstance(value, str) and (number := _as_number(value)) is not None:
        return f"{value!r} is text for YAML, write {number}"
    return f"{value!r} does not fit"


def _as_number(text: str) -> int | str | None:
    """The number a text stands for, spelled so that YAML 1.1 reads a number, unlike `1e-3`."""
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        if math.isfinite(number := float(text)):
            return format(number, ".1e" if "e" in repr(number) else "")
    return None


def _is_number(value: object) -> bool:
    """Whether it is a number of a size that can be worked with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST


@cache
def _validator() -> jsonschema.protocols.Validator:
    """JSON schema as it is, but 4.0 is no integer, infinity no number, and defaults are filled in."""
    draft = jsonschema.Draft202012Validator
    types = draft.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: _is_number(value) and isinstance(value, int),
            "number": lambda _, value: _is_number(value),
        }
    )

    def fill_defaults(validator, properties, instance, schema):
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from draft.VALIDATORS["properties"](validator, properties, instance, schema)

    validator = jsonschema.validators.extend(draft, {"properties": fill_defaults}, type_checker=types)
    return validator(yaml.load(SCHEMA.read_text(), yaml.CSafeLoader))


def check_files(paths: Iterable[str | Path]) -> None:
    """Read config files, and end the program in a line at the first that cannot be read."""
    for path in paths:
        try:
            read_file(path)
        except ConfigError as error:
            sys.exit(str(error))
        except OSError as error:
            sys.exit(f"{path}: {error.strerror}")
