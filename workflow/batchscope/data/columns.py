"""What a column of a table holds: numbers, however they are written, or names; and which texts stand for no value."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

# What stands for a missing value where the config does not say: marks in every column, words in all but a target.
MARKS = ("", "?", "-", "--", "\N{EN DASH}", "\N{EM DASH}", ".")
WORDS = ("NA", "N/A", "n/a", "#N/A", "<NA>", "nan", "NaN", "NAN", "null", "NULL", "None", "#DIV/0!", "#VALUE!", "#REF!")
FEW = 20  # different values, as categories have and numbers that are measured have not

# The kinds of columns, as pandas.api.types.infer_dtype tells them.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "empty")
_TEXTS = ("string", "boolean", "categorical", "mixed", "mixed-integer")
_DATE_KINDS = ("date", "datetime", "datetime64", "period", "time", "timedelta", "timedelta64")

_CURRENCY = r"(?:US|R|A|C)?\$|[€£¥₹₽₩₺₫₪฿₱¢]|USD|EUR|GBP|CHF|JPY|INR|Rs\.?"
_WRITTEN = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<currency>{_CURRENCY})?\s*(?P<inner>[+-]?)\s*"
    r"(?P<digits>\d[\d.,'\s]*(?<=[\d.,])|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    r"\s*(?P<unit>[^\d\s.,+'(/:-][^\d,]*[23]?)?"
)
_TYPED = str.maketrans({"\N{MINUS SIGN}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'"})
_ORDINALS = ("st", "nd", "rd", "th")
_MOST_UNITS = 10
# How digits are written: with commas between thousands (lakhs too) and a decimal point, or the other way round.
_DIGITS = {
    "english": re.compile(r"(?:[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}|\d*)(?:\.\d*)?"),
    "european": re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d*)(?:,\d*)?"),
}
CONVENTIONS = tuple(_DIGITS)
AS_ASKED = "names, as asked"  # of a column that only the config calls names
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATES = "it holds dates or times, of which a number can be made, such as days since a first one"
_DATE = re.compile(
    r"(?:\d{1,4}([./-])\d{1,2}\1\d{1,4}|\d{4}-\d{2}"
    rf"|\d{{1,2}}[\s.-]*(?:{_MONTHS})[a-z]*[\s.,-]*\d{{2,4}}|(?:{_MONTHS})[a-z]*[\s.-]*\d{{1,2}},?\s+\d{{4}})?"
    r"(?:[T\s]*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]m|z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)


class UnreadableError(Exception):
    """Why a column can be neither numbers nor names, and what to do where it is a feature."""

    def __init__(self, problem: str, remedy: str = "take it as names with `categories`, or `drop` it"):
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem


@dataclass(frozen=True)
class Numbers:
    """A column of numbers as it is written, which may be by either convention."""

    texts: pd.Series
    fits: frozenset[str]  # the conventions that all texts follow
    plain: pd.Series | None = None  # the numbers by that of English, float64, where the texts are nothing but numbers
    written: dict[str, tuple[str, str]] | None = None  # else text -> its digits with the sign, and its exponent
    decorations: tuple[str, ...] = ()  # what stands around the digits

    @property
    def convention(self) -> str | None:
        """The convention that its digits show; None where they follow both."""
        return next(iter(self.fits)) if len(self.fits) == 1 else None

    @property
    def example(self) -> str | None:
        """A text whose digits have a comma or a point among them."""
        marked = self._digits[self._digits.str.contains("[.,]")]
        return next(iter(marked.index if self.plain is None else marked), None)

    @cached_property
    def _digits(self) -> pd.Series:
        if self.plain is not None:
            return self.texts.dropna()
        return pd.Series({text: digits for text, (digits, _) in self.written.items()}, dtype="str")

    def number(self, text: str, convention: str) -> float:
        """What a text stands for by a convention."""
        thousands, decimal = (",", ".") if convention == "english" else (".", ",")
        digits, exponent = (text, "") if self.written is None else self.written[text]
        return float(digits.replace(thousands, "").replace(decimal, ".") + exponent)

    def by(self, convention: str) -> pd.Series:
        """The numbers, float64, by a convention."""
        if self.plain is not None and convention == "english":
            return self.plain
        numbers = {text: self.number(text, convention) for text in self.texts.dropna().unique()}
        return self.texts.map(numbers).astype(np.float64)

    def how(self, convention: str) -> str:
        """How the texts are read, in words; nothing of plain numbers."""
        parts = [f"without {mark!r}" for mark in self.decorations]
        if self._digits.str.match(r"0\d").any():
            parts.append("without zeros at the beginning")
        commas, points = (self._digits.str.contains(mark, regex=False).any() for mark in ",.")
        if convention == "english":
            parts += ["commas between thousands"] * bool(commas)
        else:
            parts += ["decimal commas"] * bool(commas) + ["points between thousands"] * bool(points)
        return ", ".join(parts)


def cells_of(column: pd.Series) -> pd.Series:
    """A column as numbers (float64) or texts, without the space around them; missing cells are NaN.

    Raises:
        UnreadableError: it holds dates, or neither numbers nor text.
    """
    if isinstance(column.dtype, pd.StringDtype):
        return column.str.strip()
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _NUMBERS:
        return column.astype(np.float64)
    known = column.dropna()
    if kind in _DATE_KINDS or (kind == "mixed" and known.map(lambda cell: hasattr(cell, "isoformat")).any()):
        raise UnreadableError(_DATES)
    if kind not in _TEXTS or not known.map(lambda cell: isinstance(cell, (str, int, float))).all():
        raise UnreadableError(f"it holds neither numbers nor text but {kind}", "`drop` it")
    return names_of(column)


def names_of(column: pd.Series) -> pd.Series:
    """A column as texts, whatever it holds; missing cells are NaN."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.str.strip()
    known = column.dropna()
    if pd.api.types.is_float_dtype(known) and not (known % 1).any():
        known = known.astype(np.int64)  # which a missing cell had made floats
    return known.map(str).str.strip().reindex(column.index).astype("str")


def without_missing(texts: pd.Series, missing: tuple[str, ...] | list[str]) -> pd.Series:
    """The texts with NaN where one stands for a missing value; beside a plus, a minus does not."""
    marks = {*missing, ""} - ({"-"} if texts.isin(["+"]).any() else set())
    return texts.where(~texts.isin(marks))


def find_numbers(texts: pd.Series) -> Numbers | None:
    """The numbers that a column of texts holds, or None where they are names.

    Raises:
        UnreadableError: most of its texts are dates, or numbers that are written in several ways or beside other text.
    """
    plain = pd.to_numeric(texts, errors="coerce")
    known = texts.dropna()
    if len(known) and plain.count() == len(known):
        dotted = known[known.str.contains(".", regex=False)]
        both = dotted.str.fullmatch(_DIGITS["european"].pattern).all()
        return Numbers(texts, frozenset(_DIGITS if both else ["english"]), plain.astype(np.float64))
    counts = known.value_counts()
    if sum(counts[text] for text in counts.index if _is_date(text)) * 2 >= len(known) > 0:
        raise UnreadableError(_DATES)
    return _decorated(texts, counts)


def numbers_or_names(texts: pd.Series) -> Numbers | pd.Series:
    """The numbers that a column of texts holds, or the texts where they are names.

    Raises:
        UnreadableError: as `find_numbers`.
    """
    found = find_numbers(texts)
    return texts if found is None else found


def first_row(true: pd.Series) -> int:
    """The first row of the file, counted from 1, in which a mask is true."""
    return int(true.idxmax()) + 1


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text)) and bool(re.search(r"\d", text))


def _decorated(texts: pd.Series, counts: pd.Series) -> Numbers | None:
    """The numbers with something around them."""
    matches = {text: _WRITTEN.fullmatch(text.translate(_TYPED)) for text in counts.index}
    digits = {text: re.sub(r"['\s]", "", match["digits"]) for text, match in matches.items() if match}
    fits = {
        text: frozenset(name for name, written in _DIGITS.items() if written.fullmatch(number))
        for text, number in digits.items()
    }
    numbers = [text for text in fits if fits[text] and (matches[text]["unit"] or "").strip().lower() not in _ORDINALS]
    strays = counts.index.difference(numbers, sort=False)
    if not numbers or (counts[numbers].sum() < counts[strays].sum() and len(numbers) <= len(strays)):
        return None
    units = {(matches[text]["unit"] or "").strip().lower().rstrip("s.") for text in numbers}
    if len(units) > 1 and (len(numbers) <= _MOST_UNITS or len(units) > min(_MOST_UNITS, len(numbers) / 2)):
        return None  # names that begin with a number
    if len(strays):
        raise UnreadableError(
            f"it has text among its numbers, {strays[0]!r} in row {first_row(texts == strays[0])}",
            "correct it, name it in `missing`, take the column as names with `categories`, or `drop` it",
        )
    currencies = {matches[text]["currency"] for text in numbers} - {None}
    if len(units) > 1 or len(currencies) > 1:
        one, other = _two_ways(numbers, lambda text: (matches[text]["unit"], matches[text]["currency"]))
        raise UnreadableError(f"its numbers have different units, such as {one!r} and {other!r}")
    both = frozenset.intersection(*(fits[text] for text in numbers))
    if not both:
        one, other = _two_ways([text for text in numbers if len(fits[text]) == 1], fits.get)
        raise UnreadableError(f"it has decimal commas and decimal points, such as {one!r} and {other!r}")
    written = {text: (_sign(matches[text]) + digits[text], matches[text]["exponent"] or "") for text in numbers}
    unit = next((matches[text]["unit"].strip() for text in numbers if matches[text]["unit"]), None)
    return Numbers(texts, both, None, written, tuple(mark for mark in (*currencies, unit) if mark))


def _sign(match: re.Match) -> str:
    return "-" if "-" in (match["sign"], match["inner"]) else ""


def _two_ways(texts: list[str], way) -> tuple[str, str]:
    """The first text, and the first that is written in another way."""
    return texts[0], next(text for text in texts if way(text) != way(texts[0]))
