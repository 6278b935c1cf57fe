"""Columns of texts: which are numbers, which are names, and which are neither."""

import numpy as np
import pandas as pd
import pytest

from batchscope.data.columns import (
    MARKS,
    WORDS,
    UnreadableError,
    cells_of,
    find_numbers,
    names_of,
    without_missing,
)


def texts(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str")


def read(*cells: str) -> tuple[list[float], str | None]:
    """The numbers of a column by the convention that it shows, else by that of English; and that convention."""
    found = find_numbers(without_missing(texts(*cells), [*MARKS, *WORDS]))
    return found.by(found.convention or "english").tolist(), found.convention


@pytest.mark.parametrize(
    ("cells", "numbers", "convention"),
    [
        (["1", "-2", "3e2"], [1, -2, 300], None),
        (["1.5", ".5", "-2."], [1.5, 0.5, -2], "english"),
        (["39,1", "-7", "0,25"], [39.1, -7, 0.25], "european"),
        (["1.234,5", "17", "1.234.567"], [1234.5, 17, 1234567], "european"),
        (["1,234.5", "17", "1,234,567"], [1234.5, 17, 1234567], "english"),
        (["1,25,000.0", "17"], [125000, 17], "english"),  # lakhs
        (["1 234,5", "1 234", "5"], [1234.5, 1234, 5], "european"),
        (["1'234.5", "1\N{RIGHT SINGLE QUOTATION MARK}234"], [1234.5, 1234], "english"),
        (["$1234", "-$5", "$ -5", "7"], [1234, -5, -5, 7], None),
        (["USD 1,234.50", "USD 2.5"], [1234.5, 2.5], "english"),
        (["12 \N{EURO SIGN}", "1,5 \N{EURO SIGN}"], [12, 1.5], "european"),
        (["12%", "7.5 %", "\N{MINUS SIGN}3%"], [12, 7.5, -3], "english"),
        (["5.5 kg", "7 kg", "8Kg."], [5.5, 7, 8], "english"),
        (["36 months", "1 month"], [36, 1], None),
        (["3.5 m2", "4 m2"], [3.5, 4], "english"),
        (["4.879", "3.884"], [4.879, 3.884], None),  # as points between thousands may look
    ],
)
def test_numbers_are_read_however_they_are_written(cells, numbers, convention):
    assert read(*cells) == (numbers, convention)


@pytest.mark.parametrize("mark", ["?", "", "-", ".", "NA", "nan", "None", "\N{EN DASH}"])
def test_what_stands_for_a_missing_value_does_not_make_names_of_numbers(mark):
    numbers, _ = read(*[mark] * 90, "3", "4.5")  # in most rows
    np.testing.assert_array_equal(numbers, [np.nan] * 90 + [3, 4.5])


def test_a_minus_is_a_name_beside_a_plus():
    assert without_missing(texts("+", "-", "?"), MARKS).isna().tolist() == [False, False, True]
    assert without_missing(texts("a", "-", "?"), MARKS).isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    "cells",
    [
        ["red", "blue"],
        ["A11", "A12", "A13"],  # codes
        ["1st", "2nd", "3rd", "crew"],
        ["10-20", "20-30", ">30"],
        ["12 Main St", "7 Oak Ave", "15 Elm Rd"],
        ["low", "high", "3", "low"],
        ["1.2.3.4", "10.0.0.1"],
        ["may", "june"],
        ["True", "False"],
    ],
)
def test_names_stay_names(cells):
    assert find_numbers(texts(*cells)) is None


@pytest.mark.parametrize(
    "cells",
    [
        ["1.3.2020", "12.11.2021"],
        ["01/02/2020", "3/4/21"],
        ["2020-01-05", "2020-01-06T12:30:00Z"],
        ["2020-01-05 12:30", "2020-01-06 1:30 pm"],
        ["12:30", "7:15"],
        ["5 Jan 2020", "6-Feb-21"],
        ["Jan 5, 2020", "March 6 2020"],
        ["2020-01", "2020-02"],
        ["1.3.2020", "12.11.2021", "unknown"],
    ],
)
def test_dates_are_neither(cells):
    with pytest.raises(UnreadableError, match="it holds dates or times"):
        find_numbers(texts(*cells))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "2", "3+", "4"], "it has text among its numbers, '3\\+' in row 3; correct it, name it in `missing`, t"),
        (["unknown"] * 5 + ["1.5", "2.5"], "text among its numbers, 'unknown' in row 1"),  # in most rows
        ([f"{n} kg" for n in range(12)] + ["300 g"], "different units, such as '0 kg' and '300 g'; take it as names"),
        ([f"{n} kg" for n in range(12)] + ["300"], "different units, such as '0 kg' and '300'"),
        (["$5", "\N{EURO SIGN}6"], "different units"),
        (["1.5", "1,5"], "decimal commas and decimal points, such as '1.5' and '1,5'"),
        (["12.5%", "12,5%"], "decimal commas and decimal points"),
    ],
)
def test_numbers_that_are_not_safe_to_read_are_told(cells, message):
    with pytest.raises(UnreadableError, match=message):
        find_numbers(texts(*cells))


def test_how_numbers_were_read_is_said():
    def how(*cells: str) -> str:
        found = find_numbers(texts(*cells))
        return found.how(found.convention or "english")

    assert how("1.5", "2") == ""
    assert how("$1,234.5", "$2") == "without '$', commas between thousands"
    assert how("1.234,5 kg", "2 kg") == "without 'kg', decimal commas, points between thousands"


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ([1, 2.5, None], "f", [1, 2.5, np.nan]),
        ([1, "?", 2.5], "O", ["1", "?", "2.5"]),
        ([True, False], "O", ["True", "False"]),
        ([" a ", "b"], "O", ["a", "b"]),
    ],
)
def test_the_cells_of_a_workbook_are_numbers_or_texts(cells, kind, expected):
    found = cells_of(pd.Series(cells, dtype=object))
    assert (found.dtype == np.float64) == (kind == "f")
    pd.testing.assert_series_equal(found, pd.Series(expected, dtype=found.dtype))


@pytest.mark.parametrize("cells", [[pd.Timestamp("2020-01-01")], [pd.Timestamp("2020-01-01"), "x"], [[1], [2]], [1j]])
def test_cells_that_are_neither_numbers_nor_text_are_refused(cells):
    with pytest.raises(UnreadableError, match=r"dates|neither numbers nor text"):
        cells_of(pd.Series(cells, dtype=object))


def test_numbers_that_are_names_are_whole_where_they_are():
    assert names_of(pd.Series([1.0, np.nan, 12.0])).dropna().tolist() == ["1", "12"]
    assert names_of(pd.Series([1.5, 2.0])).tolist() == ["1.5", "2.0"]
    assert names_of(texts("01234", " 5 ")).tolist() == ["01234", "5"]
