"""What became of the data: its rows and parts, its classes or numbers, its columns, and what looks wrong with them."""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from batchscope.data.columns import AS_ASKED, FEW
from batchscope.data.dataset import Dataset
from batchscope.data.prepare import SplitRows
from batchscope.data.targets import numbers_instead

_FEWEST_ROWS = 10  # that tell an ID, or a copy, from chance
_HAIR = 1e-3  # of the range of a column
_PARTS = ("train", "validation", "test")


def describe(rows: SplitRows, dataset: Dataset) -> dict:
    """Of values that JSON has.

    Args:
        dataset: what was made of the rows.

    `rows` counts those of each part, `unused` those of none. Of a classification `classes` counts each class in each
    part, of a regression `target` has the mean, standard deviation, least and largest number of the training rows. Of a
    table `columns` has for each its `kind`, how many cells are `missing`, and in `remarks` what looks wrong. `remarks`
    has what looks wrong with the file or the target.
    """
    parts = {part: rows.parts[part] for part in _PARTS if part in rows.parts}
    used = np.concatenate([*parts.values()])
    remarks = list(rows.remarks or [])
    described = {
        "rows": {part: len(positions) for part, positions in parts.items()},
        "unused": len(rows.y) - len(used),
    }
    if rows.labels is None:
        y = rows.y[parts["train"]]
        numbers = {"mean": y.mean(), "sd": y.std(), "least": y.min(), "largest": y.max()}
        described["target"] = {name: float(value) for name, value in numbers.items()}
    else:
        described["classes"] = [
            {"class": str(label)}
            | {part: int((rows.y[positions] == number).sum()) for part, positions in parts.items()}
            for number, label in enumerate(rows.labels)
        ]
        if rows.is_table and (instead := numbers_instead(rows.labels)):
            remarks.append(f"the target has {len(rows.labels)} different numbers{instead}")
    if rows.is_table:
        described["columns"] = _describe_columns(rows, used, dataset.features)
    return described | {"remarks": remarks}


def _describe_columns(rows: SplitRows, used: np.ndarray, features: np.ndarray) -> list[dict]:
    table, described = rows.x.take(used), []
    seen = {_pattern(pd.Series(rows.y[used])): "the target"}
    for column, note in rows.columns.items():
        if column not in table:
            described.append({"column": column, "kind": note, "missing": None, "remarks": []})
            continue
        values = table[column]
        if values.dtype.kind == "f":
            kind = "number" + (f", {note}" if note else "")
        else:
            ways = sum(name.startswith(f"{column}=") for name in features)
            kind = f"category of {values.nunique()} values" + f", as {ways}" * (ways <= values.nunique() - FEW)
        remarks = list(_remarks(values, note))
        if len(used) >= _FEWEST_ROWS and values.nunique() > 1:
            copied = seen.setdefault(_pattern(values), repr(column))
            remarks += [f"a copy of {copied}"] * (copied != repr(column))
        described.append({"column": column, "kind": kind, "missing": int(values.isna().sum()), "remarks": remarks})
    return described


def _remarks(values: pd.Series, note: str) -> Iterator[str]:
    """What looks wrong with a column by itself."""
    different = values.nunique(dropna=False)
    if different == 1:
        yield "constant"
        return
    is_number = values.dtype.kind == "f"
    whole = is_number and not (values % 1).any() and not values.isna().any()
    if different == len(values) >= _FEWEST_ROWS and (whole or not is_number):
        yield "differs in every row, as an ID does"
    if is_number:
        known = values.dropna().sort_values(key=lambda column: (column - values.median()).abs())
        rest = known.iloc[: len(known) - max(1, len(known) // 100)]
        if 0 < np.ptp(rest) <= _HAIR * np.ptp(known):
            share = np.ptp(rest) / np.ptp(known)
            yield f"the extreme value {known.iloc[-1]:g} leaves the rest within {share:.0e} of the range"
    elif note != AS_ASKED:
        begins = values.dropna().str.match(r"\W*\d")
        if begins.mean() > 0.5:
            example = values.dropna()[begins].iloc[0]
            yield f"names that begin with numbers, such as {example!r}; if that is right, list it in `categories`"


def _pattern(values: pd.Series) -> bytes:
    """Alike for columns that can be told from each other: that are equal up to the names of values, or to the unit."""
    if values.dtype.kind == "f" and values.is_unique and np.ptp(values) > 0:
        scaled = (values - values.mean()) / values.std()
        return (scaled.to_numpy() * np.sign(scaled.iloc[0])).round(6).tobytes()
    return pd.factorize(values, use_na_sentinel=False)[0].tobytes()


def in_a_line(described: dict) -> str:
    """The description in one line, for the terminal."""
    counts = described["rows"]
    total = sum(counts.values()) + described["unused"]
    parts = [f"{count} {part}" for part, count in counts.items()] + [f"{described['unused']} unused"] * bool(
        described["unused"]
    )
    sentences = [f"{total} rows ({', '.join(parts)})"]
    if "classes" in described:
        classes = described["classes"]
        share = max(each["train"] for each in classes) / counts["train"]
        sentences.append(f"{len(classes)} classes, the largest {share:.0%} of the training rows")
    else:
        target = described["target"]
        sentences.append(f"numbers from {target['least']:g} to {target['largest']:g}, {target['mean']:g} on average")
    if "columns" in described:
        kinds = Counter(re.split(",| of ", each["kind"])[0] for each in described["columns"])
        words = {"number": "numbers", "category": "categories", "dropped": "dropped"}
        said = [f"{kinds[one]} {one if kinds[one] == 1 else several}" for one, several in words.items() if kinds[one]]
        said += [kind for kind in ("groups", "target") if kinds[kind]]
        sentences.append(f"{len(described['columns'])} columns: {', '.join(said)}")
    wrong = _what_looks_wrong(described)
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        sentences.append(f"looks wrong: {', '.join(wrong[:3])}{more}")
    return "; ".join(sentences)


def in_lines(described: dict) -> list[str]:
    """The description in some lines, for the log."""
    lines = [in_a_line(described)]
    for each in described.get("classes", []):
        counts = ", ".join(f"{each[part]} {part}" for part in described["rows"])
        lines.append(f"class {each['class']!r}: {counts}")
    for each in described.get("columns", []):
        missing = f", {each['missing']} missing" if each["missing"] else ""
        remarks = "".join(f"; {remark}" for remark in each["remarks"])
        lines.append(f"column {each['column']!r}: {each['kind']}{missing}{remarks}")
    return lines + described["remarks"]


def _what_looks_wrong(described: dict) -> list[str]:
    """A text for each column or thing that does."""
    of_columns = [
        f"{each['column']!r} ({', '.join(each['remarks'])})" for each in described.get("columns", []) if each["remarks"]
    ]
    return described["remarks"] + of_columns
