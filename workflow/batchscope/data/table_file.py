"""What a table's file holds, cell by cell: text is not yet told from numbers where the file does not tell it."""

import csv
import gzip
import io
import math
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv

from batchscope.errors import ConfigError, one_line

TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data")
ENDINGS = (*TEXT_ENDINGS, *(f"{ending}.gz" for ending in TEXT_ENDINGS), ".parquet", ".xlsx")
_SEPARATORS = ("\t", ";", ",", " ")  # in the order of trust: decimals have commas too, and texts have spaces
_RECORDS_TO_TRY = 200
_LINE_ENDS = "\r\n"
_NAMES_OF_SEPARATORS = {"\t": "a tab", " ": "a space", ",": "a comma", ";": "a semicolon"}


class TableFile(NamedTuple):
    """Of a text file all cells are texts, without the space around them. `remarks` say what looks wrong with it."""

    table: pd.DataFrame
    remarks: list[str]


def read_file(
    path: str,
    separator: str | None = None,
    encoding: str = "utf-8",
    header: bool = True,
    columns: list[str] | None = None,
    sheet_name: str | None = None,
) -> TableFile:
    """Read a table, of the kind that its ending says.

    Args:
        path: of a text file with a row per line, perhaps packed by gzip, of a Parquet file or of an Excel workbook.
        separator: of the cells of a text file; found where left out.
        encoding: of a text file, by Python's name.
        header: the first row holds the names of the columns.
        columns: their names where there is no header; `column 1` and so on where left out.
        sheet_name: of a workbook; its first sheet where left out.

    Raises:
        ConfigError: the file cannot be read, has no rows, or rows that are longer or shorter than the others.
    """
    ending = next((ending for ending in ENDINGS if path.lower().endswith(ending)), None)
    if ending is None:
        raise ConfigError("dataset.table.path", f"{path!r} does not end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    try:
        if ending == ".parquet":
            rows = pd.read_parquet(path).rename(columns=str)
        elif ending == ".xlsx":
            rows = _read_workbook(path, sheet_name)
        else:
            data = gzip.decompress(Path(path).read_bytes()) if ending.endswith(".gz") else Path(path).read_bytes()
            rows = _parse(_decode(data, encoding, path), separator, header, path)
    except ConfigError:
        raise
    except Exception as error:  # an empty file, half a file, or another kind of file
        raise ConfigError("dataset.table.path", f"{path!r} cannot be read: {one_line(error)}") from None
    file = TableFile(rows, []) if ending == ".parquet" else _with_names(rows, header, columns)
    if file.table.empty:
        raise ConfigError("dataset.table.path", f"{path!r} has no rows")
    return file


def _read_workbook(path: str, sheet_name: str | None) -> pd.DataFrame:
    """The cells of a sheet, its first row among them.

    Raises:
        ConfigError: there is no such sheet, or there are several and none is named.
    """
    import openpyxl  # here, so that only who has a workbook waits for it

    book = openpyxl.load_workbook(path, data_only=True)
    names = [sheet.title for sheet in book.worksheets]
    if sheet_name not in names and (sheet_name or len(names) > 1):
        problem = f"has no sheet {sheet_name!r}" if sheet_name else "has several sheets"
        raise ConfigError("dataset.table.sheet_name", f"{path!r} {problem}; take one of {', '.join(map(repr, names))}")
    rows = pd.DataFrame(book[sheet_name or names[0]].values, dtype=object).dropna(how="all")
    return rows.map(lambda cell: cell.strip() if isinstance(cell, str) else cell).reset_index(drop=True)


def _decode(data: bytes, encoding: str, path: str) -> str:
    """The text of a file, without a mark of its byte order.

    Raises:
        ConfigError: the encoding is unknown, or not that of the file.
    """
    if encoding.lower().replace("-", "") in ("utf8", "utf8sig"):
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ConfigError("dataset.table.path", f"{path!r} is UTF-16; set `encoding: utf-16`")
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except LookupError:
        problem = f"Python knows no {encoding!r}; take utf-8, latin-1, cp1252 or another of its names"
        raise ConfigError("dataset.table.encoding", problem) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"{path!r} is not {encoding.removesuffix('-sig')}, see line {line}"
        raise ConfigError(
            "dataset.table.path", f"{problem}; set `encoding`, such as `encoding: latin-1` or `encoding: cp1252`"
        ) from None


def _parse(text: str, separator: str | None, header: bool, path: str) -> pd.DataFrame:
    """The rows of a text, its first one among them.

    Raises:
        ConfigError: rows differ in length.
    """
    separator = separator or _find_separator(text)
    if separator == " ":  # any space is one separator
        text = "\n".join(" ".join(line.split()) for line in text.splitlines())
    rows, odd, width = _parse_rows(text, separator)
    if odd and header and len(rows) == 1 and {cells for _, cells, _ in odd} == {width + 1}:
        # R gives the names of rows no name of their own.
        rows, odd, _ = _parse_rows(f"row_names{separator}{text.lstrip(_LINE_ENDS)}", separator)
        if not _are_names_of_rows(rows[0][1:], rows[width][1:]):
            problem = f"its rows have {width + 1} cells and its header {width}"
            if (rows[width][1:] == "").all():
                problem += f", as {_NAMES_OF_SEPARATORS.get(separator, repr(separator))} stands at the end of every row"
            raise ConfigError("dataset.table.path", f"{path!r}: {problem}; make them alike")
        rows = rows.drop(columns=0)
    if odd:
        number, cells, line = odd[0]
        raise ConfigError(
            "dataset.table.path",
            f"{path!r}: row {number - header} has {cells} cells where the {'header' if header else 'first'} has "
            f"{width}, {line[:60]!r}; correct it, or set `separator`",
        )
    return rows


def _find_separator(text: str) -> str:
    """The one that cuts all of the first rows alike; a header may lack one cell, as R writes it.

    Raises:
        ValueError: there are no rows.
    """
    if not text.strip():
        raise ValueError("it is empty")
    widths = {}
    for separator in _SEPARATORS:
        lines = io.StringIO(text.replace("\t", " ") if separator == " " else text, newline="")
        stripped = (line.lstrip(" ") for line in lines)
        records = csv.reader(stripped, delimiter=separator, skipinitialspace=True)
        widths[separator] = [len(record) for record in islice(records, _RECORDS_TO_TRY) if record]
    alike = {
        separator: first
        for separator, (first, *others) in widths.items()
        if first > 1 and {*others} in ({first}, {first + 1}, set())
    }
    if alike.get(" ", 0) > alike.get("\t", math.inf):  # tabs are among the spaces
        return " "
    return next(iter(alike), None) or max(widths, key=lambda separator: Counter(widths[separator]).most_common(1)[0][0])


def _parse_rows(text: str, separator: str) -> tuple[pd.DataFrame, list[tuple[int, int, str]], int]:
    """All rows of the first one's width, the others as (number from 1, cells, text), and that width."""
    first = next(csv.reader(io.StringIO(text.lstrip(_LINE_ENDS), newline=""), delimiter=separator))
    odd = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        odd.append((row.number, row.actual_columns, row.text))
        return "skip"

    names = [str(number) for number in range(len(first))]
    table = pyarrow.csv.read_csv(
        io.BytesIO(text.encode()),
        pyarrow.csv.ReadOptions(use_threads=False, column_names=names),
        pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=note),
        pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False),
    )
    columns = {number: table[name].to_pandas().astype("str").str.strip() for number, name in enumerate(names)}
    return pd.DataFrame(columns), odd, len(first)


def _are_names_of_rows(first: pd.Series, last: pd.Series) -> bool:
    numbers = pd.to_numeric(first, errors="coerce")
    counted = np.array_equal(numbers, np.arange(1, len(first) + 1))
    return first.is_unique and (counted or numbers.isna().all()) and not (last == "").all()


def _with_names(rows: pd.DataFrame, header: bool, columns: list[str] | None) -> TableFile:
    """The rows with names of their columns, which are those of pandas where some are empty or stand twice.

    Raises:
        ConfigError: there are not as many names as columns.
    """
    if not header:
        names = columns or [f"column {number + 1}" for number in range(rows.shape[1])]
        if len(names) != rows.shape[1]:
            raise ConfigError(
                "dataset.table.columns", f"{len(names)} names for {rows.shape[1]} columns; give one for each"
            )
        return TableFile(rows.set_axis(names, axis=1), [])
    first = ["" if cell is None or cell != cell else str(cell) for cell in rows.iloc[0]] if len(rows) else []
    rows = rows.iloc[1:].reset_index(drop=True)
    numbers = [name for name in first if re.fullmatch(r"[+-]?\d*[.,]?\d+([eE][+-]?\d+)?", name)]
    found_below = [name for name, column in zip(first, rows) if name and rows[column].isin([name]).any()]
    remarks = []
    if numbers or len(found_below) * 2 > len(first):
        what = f"a number, {numbers[0]}" if numbers else f"a value of the column too, {found_below[0]!r}"
        remarks.append(
            f"the name of a column is {what}: if the file has no header, set `header: false` and `columns: [...]`"
        )
    names, seen = [], Counter()
    for number, name in enumerate(first):
        name = name or f"Unnamed: {number}"
        names.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    remarks += [
        f"{count} columns are called {name!r}; the second one is taken as {f'{name}.1'!r}"
        for name, count in seen.items()
        if count > 1
    ]
    rows = rows.set_axis(names, axis=1)
    empty = [
        name for name in names if name.startswith("Unnamed: ") and (rows[name].isin([""]) | rows[name].isna()).all()
    ]
    return TableFile(rows.drop(columns=empty), remarks)
