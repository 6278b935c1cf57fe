"""Which runs there are in histories that were written elsewhere: the setting and the replicate of each."""

import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from batchscope.errors import ConfigError, suggestion
from batchscope.results.run_files import as_label, labels, read_rows
from batchscope.study.setting import Setting, setting_in_words
from batchscope.study.userfiles import PLACEHOLDER, matching

KEYS = ("batch_size", "learning_rate", "replicate")
_WRITTEN = {"batch_size": r"\d+", "learning_rate": r"[+-]?[\d.]+(?:[eE][+-]?\d+)?", "replicate": "[^/]+"}


class Run(NamedTuple):
    """A training whose history was written elsewhere.

    `label` is what its source calls the replicate, as in `seed 17`. Where its file has other runs too, `rows` are
    columns and the values that its rows have there. `says` is what its rows have to say where they have such columns.
    """

    setting: Setting
    replicate: int
    label: str
    path: str
    rows: dict[str, int | float | str]
    says: dict[str, int | float | str]

    @property
    def key(self) -> tuple[Setting, int]:
        """What tells it from all others, as its name does not, which rounds its learning rate."""
        return self.setting, self.replicate

    @property
    def is_of_program(self) -> bool:
        """Whether a program was told to make it, which is given a seed."""
        return "seed" in self.says

    @property
    def name(self) -> str:
        return f"{setting_in_words(self.setting)}, {self.label}"


def as_run(fields: list) -> Run:
    """A run that was a list in JSON."""
    setting, *rest = fields
    return Run(Setting(*setting), *rest)


def find_runs(histories: dict) -> list[Run]:
    """The runs that a study's `histories` has, by setting and replicate.

    Args:
        histories: `table`, a file with a row per run and epoch, or `path`, a pattern of files such as
            `runs/bs{batch_size}_s{replicate}.csv`; `columns`, our names to those of the files, or to a number where it
            is the same for all; `paired`, whether the same label is the same replicate at every setting.

    Replicates are numbered from 0 in the order of their labels: over all settings where they are paired, else within
    each. Without labels each setting has one run.

    Raises:
        ConfigError: no file is found, one cannot be read, a column is missing, a setting is none, a run stands in two
            files, or no label is at two settings although they are paired.
    """
    columns, found = histories["columns"], []
    constants = {key: columns[key] for key in KEYS if isinstance(columns.get(key), int | float)}
    for key, value in constants.items():
        _check(key, value, f"histories.columns.{key}")
    if "table" in histories:
        found = list(_in_file(histories["table"], constants, columns, "histories.table"))
    else:
        for key in constants:
            if f"{{{key}}}" in histories["path"]:
                raise ConfigError(f"histories.columns.{key}", f"`path` has {{{key}}} too; keep one of them")
        for path, values in _matching(histories["path"]):
            found += _in_file(path, values | constants, columns, "histories.path")
    _refuse_repeated(found)
    if histories["paired"] and len({run.setting for run in found}) > 1:
        _refuse_unpaired(found)
    return _numbered(found, histories["paired"])


def column_of(columns: dict, name: str) -> str:
    """What a file calls one of our columns, by what the config says, which may have a unit beside it."""
    spec = columns.get(name, name)
    return spec["column"] if isinstance(spec, dict) else spec


def _matching(pattern: str) -> list[tuple[str, dict]]:
    """The files that a pattern fits, in sorted order, and the keys that stand in their paths."""
    place, pattern = "histories.path", os.path.normpath(pattern)
    literals, names = PLACEHOLDER.split(pattern)[::2], PLACEHOLDER.findall(pattern)
    for name in names:
        if name not in KEYS:
            raise ConfigError(place, f"there is no {{{name}}}{suggestion(name, KEYS)}")
        if names.count(name) > 1:
            raise ConfigError(place, f"{{{name}}} stands twice; keep one of them")
    for index, (first, second) in enumerate(pairwise(names), start=1):
        if not literals[index]:
            problem = f"nothing stands between {{{first}}} and {{{second}}}, so that where one ends is not known"
            raise ConfigError(place, f"{problem}; rename the files")
    paths = matching(pattern)
    if not paths:
        raise ConfigError(place, f"no file is called like {pattern!r}, seen from the folder of the run")
    if closed := [path for path in paths if not os.access(path, os.R_OK)]:
        raise ConfigError(place, f"{closed[0]!r} is a link to nothing or may not be read; correct it or move it away")
    strict, loose = (
        re.compile("".join(_with_groups(literals, names, written)))
        for written in (_WRITTEN, dict.fromkeys(KEYS, "[^/]*"))
    )
    return [(path, _values_in(path, strict, loose, place)) for path in paths]


def _with_groups(literals: list[str], names: list[str], written: dict[str, str]) -> Iterator[str]:
    for literal, name in zip(literals, [*names, None]):
        yield re.escape(literal)
        if name:
            yield f"(?P<{name}>{written[name]})"


def _values_in(path: str, strict: re.Pattern, loose: re.Pattern, place: str) -> dict:
    """The keys in a path."""
    texts = (strict.fullmatch(path) or loose.fullmatch(path)).groupdict()
    values = {key: as_label(text) for key, text in texts.items()}
    for key, value in values.items():
        _check(key, value, f"{place}: {path!r}")
    return values


def _check(key: str, value: int | float | str | None, place: str) -> None:
    if key != "replicate" and isinstance(value, str):  # as all cells of a column are where one is no number
        value = as_label(value)
    if key == "batch_size" and not (isinstance(value, int) and value >= 1):
        raise ConfigError(place, f"{value!r} is no batch size, which is a whole number of at least 1")
    if key == "replicate" and value == "":
        raise ConfigError(place, "the replicate has no label")
    if key == "learning_rate" and not (isinstance(value, int | float) and 0 < value <= sys.float_info.max):
        raise ConfigError(place, f"{value!r} is no learning rate, which is a number above 0")


def _in_file(path: str, fixed: dict, columns: dict, place: str) -> Iterator[Run]:
    """The runs in a file by the keys that are not fixed already, with labels in place of the numbers of replicates."""
    asked = [key for key in KEYS if key not in fixed]
    if not asked:
        yield _found(path, fixed, {}, {}, fixed)
        return
    try:
        table = read_rows(path)
    except ValueError as error:
        raise ConfigError(place, str(error)) from None
    named = {}
    for key in asked:
        column = column_of(columns, key)
        if column in table.column_names:
            named[key] = column
        elif key != "replicate" or key in columns:
            close = suggestion(column, table.column_names)
            raise ConfigError(f"histories.columns.{key}", f"{path!r} has no column {column!r}{close}")
    cells = {key: labels(table, column) for key, column in named.items()}
    seen = {} if named else {(): 0}
    for row, values in enumerate(zip(*cells.values())):
        seen.setdefault(values, row)
    for values, row in seen.items():
        of_run = dict(zip(named, values))
        for key, value in of_run.items():
            at = f"histories.columns.{key}: {path!r}, row {row + 1}"
            if value is None:
                raise ConfigError(at, f"its column {named[key]!r} is empty")
            _check(key, value, at)
        yield _found(path, fixed | of_run, named, {named[key]: value for key, value in of_run.items()}, fixed)


def _found(path: str, values: dict, named: dict[str, str], rows: dict, says: dict) -> Run:
    setting = Setting(values["batch_size"], float(values["learning_rate"]))
    label = values.get("replicate")
    in_words = "the only run" if label is None else f"{named.get('replicate', 'replicate')} {label}"
    return Run(setting, label, in_words, path, rows, says)


def _refuse_repeated(found: list[Run]) -> None:
    seen = {}
    for run in found:
        first = seen.setdefault((run.setting, run.replicate), run)
        if first is not run:
            problem = f"{first.path!r} and {run.path!r} are both {setting_in_words(run.setting)}, {run.label}"
            remedy = "" if run.replicate is not None else "; tell them apart by {replicate} or `columns.replicate`"
            raise ConfigError("histories.path", f"{problem}{remedy}")


def _refuse_unpaired(found: list[Run]) -> None:
    settings = defaultdict(set)
    for run in found:
        settings[run.replicate].add(run.setting)
    if all(len(of_label) == 1 for of_label in settings.values()):
        problem = "no replicate is at two settings, so there are no pairs; set `paired: false`"
        raise ConfigError("histories.paired", problem)


def _numbered(found: list[Run], paired: bool) -> list[Run]:
    """The runs in the order of setting and replicate."""
    of_group = defaultdict(set)
    for run in found:
        of_group[None if paired else run.setting].add(run.replicate)
    numbers = {
        group: {label: number for number, label in enumerate(_in_order(of_labels))}
        for group, of_labels in of_group.items()
    }
    runs = [run._replace(replicate=numbers[None if paired else run.setting][run.replicate]) for run in found]
    return sorted(runs, key=lambda run: (run.setting, run.replicate))


def _in_order(of_labels: Iterable) -> list:
    """Numbers by their size, before texts."""
    return sorted(of_labels, key=lambda label: (isinstance(label, str), label if label is not None else 0))
