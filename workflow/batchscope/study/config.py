"""The config, read strictly: every mistake is found before anything runs, and told in one line that names its place."""

import copy
import math
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import jsonschema
import yaml

from batchscope.errors import ConfigError, one_line, suggestion

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue  # `<<`, whose keys may be written over
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ConfigError(f"{self.name}, line {line}", f"the key {key!r} stands twice; keep one of them")
            seen.add(key)
        return super().construct_mapping(node, deep)


def check_file(path: str | Path) -> None:
    """Read a config file as strictly as YAML allows.

    Snakemake merges the files and keeps the last of two keys in silence, so each file is looked at on its own here.

    Raises:
        ConfigError: a key stands twice in a mapping, or the file is no YAML mapping.
    """
    with open(path) as file:
        try:
            content = yaml.load(file, _StrictLoader)
        except yaml.YAMLError as error:
            raise ConfigError(str(path), one_line(error)) from None
    if content is not None and not isinstance(content, dict):
        raise ConfigError(str(path), "this is no mapping of keys to values; it starts with `studies:`")


def check_config(config: dict) -> dict:
    """A copy of the config with every default filled in.

    Raises:
        ConfigError: the config does not follow the schema; the message has a line for every mistake.
    """
    config = copy.deepcopy(config)
    mistakes = sorted(_validator().iter_errors(config), key=lambda error: [str(step) for step in error.absolute_path])
    if mistakes:
        raise ConfigError("", "\n".join(line for mistake in mistakes for line in _explain(mistake)))
    return config


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
        case "uniqueItems":
            repeated = next(item for item in error.instance if error.instance.count(item) > 1)
            yield f"{place}: {repeated!r} is repeated; expected {expected}"
        case _:
            yield f"{place}: {_show(error.instance)}; expected {expected}"


def _property(schema: dict, key: str) -> str:
    return schema["properties"][key].get("description", key)


def _show(value: object) -> str:
    if isinstance(value, str) and (number := _as_number(value)) is not None:
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


@cache
def _validator() -> jsonschema.protocols.Validator:
    """JSON schema as it is, but 4.0 is no integer, infinity no number, and defaults are filled in."""
    draft = jsonschema.Draft202012Validator
    types = draft.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
            "number": lambda _, value: (
                isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            ),
        }
    )

    def fill_defaults(validator, properties, instance, schema):
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from draft.VALIDATORS["properties"](validator, properties, instance, schema)

    validator = jsonschema.validators.extend(draft, {"properties": fill_defaults}, type_checker=types)
    return validator(yaml.safe_load(SCHEMA.read_text()))
