"""The files that training programs write of themselves, row by row: which columns mean what is told elsewhere.

In all tables here a cell that nothing is written in is null, as half of those of Lightning are; NaN is a number.
"""

import gzip
import json
import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from batchscope.errors import one_line
from batchscope.results.event_files import read_events, read_zip


def read_rows(path: str | Path) -> pyarrow.Table:
    """The rows of a file by its suffix: CSV (perhaps packed by gzip), JSON lines or Parquet; of TensorBoard's a folder.

    See `batchscope.results.event_files` for the rows of the last, which may also be a zip.

    Raises:
        ValueError: the file is not there, cannot be read or has no rows; the message names it.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"there is no file {str(path)!r}")
    read = read_events if path.is_dir() else _reader(path)
    try:
        table = read(path)
    except UnicodeDecodeError:
        raise ValueError(f"{str(path)!r} is not UTF-8; save it in that encoding") from None
    except ImportError:
        problem = "TensorBoard's events are read by the package tensorboard; `pip install tensorboard`"
        raise ValueError(f"{str(path)!r} cannot be read: {problem}") from None
    except Exception as error:  # half a file, or one of another kind
        raise ValueError(f"{str(path)!r} cannot be read: {one_line(error)}") from None
    if table.num_rows == 0:
        raise ValueError(f"{str(path)!r} has no rows")
    if twice := [name for name in table.column_names if table.column_names.count(name) > 1]:
        raise ValueError(f"{str(path)!r} has two columns {twice[0]!r}")
    return table


def numbers(table: pyarrow.Table, column: str) -> np.ndarray:
    """A column (rows,) as float64: NaN where nothing is written, infinite where what is written is not finite.

    Raises:
        ValueError: a cell holds no number; the message names column and row.
    """
    cells = _plain(table[column])
    try:
        values = cells.cast(pyarrow.float64())
    except pyarrow.ArrowInvalid:
        values = [None if cell is None else _number(cell, column, row) for row, cell in enumerate(cells.to_pylist())]
        values = pyarrow.chunked_array([values], pyarrow.float64())
    values = pyarrow.compute.if_else(pyarrow.compute.is_finite(values), values, math.inf)
    return values.to_numpy()


def written(table: pyarrow.Table, column: str) -> np.ndarray:
    """Whether something is written in the cells of a column (rows,)."""
    return _plain(table[column]).is_valid().to_numpy()


def labels(table: pyarrow.Table, column: str) -> list[int | float | str | None]:
    """A column as numbers, whole ones as integers, or as texts where one is no number; None where none is written."""
    cells = _plain(table[column])
    # A rate of 0.1 in single precision is 0.1, not the 0.10000000149011612 that it is in double precision.
    precision = cells.type.to_pandas_dtype() if pyarrow.types.is_floating(cells.type) else str
    texts = [None if cell is None else str(precision(cell)) for cell in cells.to_pylist()]
    found = [None if text is None else as_label(text) for text in texts]
    return texts if any(isinstance(label, str) for label in found) else found


def as_label(text: str) -> int | float | str:
    """A text as the finite number that it is, a whole one as an integer, however large; else as it stands."""
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        if math.isfinite(number := float(text)):
            return as_number(number)
    return text


def as_number(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _number(cell: str, column: str, row: int) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"its column {column!r} has {cell[:40]!r} in row {row + 1}, which is no number") from None


def _plain(cells: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Cells as numbers, or else as texts without the space around them, of which an empty one is null."""
    if pyarrow.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if pyarrow.types.is_integer(cells.type) or pyarrow.types.is_floating(cells.type):
        return cells
    if not (pyarrow.types.is_string(cells.type) or pyarrow.types.is_large_string(cells.type)):
        texts = [None if cell is None else str(cell) for cell in cells.to_pylist()]
        cells = pyarrow.chunked_array([texts], pyarrow.string())
    cells = pyarrow.compute.utf8_trim_whitespace(cells)
    return pyarrow.compute.if_else(pyarrow.compute.not_equal(cells, ""), cells, None)


def _reader(path: Path):
    for endings, read in _READERS.items():
        if path.name.lower().endswith(endings):
            return read
    known = ", ".join(ending for endings in _READERS for ending in endings)
    raise ValueError(f"{str(path)!r} is of no kind that is known; known: {known}, a folder of TensorBoard")


def _read_csv(path: Path) -> pyarrow.Table:
    """All cells are texts, so that labels stay as they are written."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.name.lower().endswith(".gz") else data).decode("utf-8-sig")
    if not text.strip():
        raise ValueError("it is empty")
    header, _, _ = text.lstrip().partition("\n")
    for mark, name in {";": "semicolons", "\t": "tabs"}.items():
        if mark in header and "," not in header:
            raise ValueError(f"its cells are separated by {name}; write commas")
    data, parse = pyarrow.py_buffer(text.encode()), pyarrow.csv.ParseOptions(newlines_in_values=True)
    with pyarrow.csv.open_csv(pyarrow.BufferReader(data), parse_options=parse) as reader:
        types = dict.fromkeys(reader.schema.names, pyarrow.string())
    read = pyarrow.csv.ReadOptions(use_threads=False)
    return pyarrow.csv.read_csv(pyarrow.BufferReader(data), read, parse, pyarrow.csv.ConvertOptions(column_types=types))


def _read_json_lines(path: Path) -> pyarrow.Table:
    """Python's json reads NaN and Infinity as it writes them, which pyarrow does not."""
    rows = []
    for number, line in enumerate(path.read_bytes().decode("utf-8-sig").splitlines(), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                raise ValueError(f"line {number} is no JSON, {line[:40]!r}") from None
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is no object of names and values, {line[:40]!r}")
            rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return pyarrow.table({name: _array([row.get(name) for row in rows]) for name in names})


def _array(cells: list) -> pyarrow.Array:
    """Numbers as numbers; of anything else the texts."""
    if all(type(cell) in (int, float) or cell is None for cell in cells):
        with suppress(OverflowError, pyarrow.ArrowInvalid):  # whole numbers that are larger than float64 has them
            return pyarrow.array(cells)
    return pyarrow.array([None if cell is None else str(cell) for cell in cells], pyarrow.string())


def _read_parquet(path: Path) -> pyarrow.Table:
    return pyarrow.parquet.read_table(path, partitioning=None)  # folders may be called `learning_rate=0.1`


_READERS = {
    (".csv", ".csv.gz"): _read_csv,
    (".jsonl", ".ndjson"): _read_json_lines,
    (".parquet",): _read_parquet,
    (".zip",): read_zip,
}
