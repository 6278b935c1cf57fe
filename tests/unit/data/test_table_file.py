"""Files of tables as people have them: separators, encodings, headers, and rows that are longer than these."""

import datetime
import gzip

import pandas as pd
import pytest

from batchscope.data.table_file import read_file
from batchscope.errors import ConfigError

ROWS = [["x", "kind", "y"], ["1.5", "a b", "low"], ["-2", "c", "high"]]
PARSED = pd.DataFrame({"x": ["1.5", "-2"], "kind": ["a b", "c"], "y": ["low", "high"]}, dtype="str")


def lines(separator: str, end: str = "\n") -> str:
    return "".join(separator.join(row) + end for row in ROWS)


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_separator_is_found(write, separator, end):
    table, remarks = read_file(write(lines(separator, end)))
    pd.testing.assert_frame_equal(table, PARSED)
    assert remarks == []


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".txt", ".data", ".CSV"])
def test_the_ending_does_not_say_the_separator(write, ending):
    pd.testing.assert_frame_equal(read_file(write(lines(";"), f"table{ending}")).table, PARSED)


def test_the_cells_of_a_text_file_are_as_pandas_reads_them(write):
    text = 'x,"y, z",w\n1,"a ""b""\nc",\n\n 2 ,NA," d "\n'
    expected = pd.read_csv(write(text), dtype="str", keep_default_na=False).map(str.strip)
    pd.testing.assert_frame_equal(read_file(write(text)).table, expected)


def test_packed_files_are_read(write):
    pd.testing.assert_frame_equal(read_file(write(gzip.compress(lines(",").encode()), "table.csv.gz")).table, PARSED)


def test_a_named_separator_is_taken(write):
    assert list(read_file(write("a|b,c\n1|2,3\n"), separator="|").table) == ["a", "b,c"]


def test_decimal_commas_do_not_separate(write):
    text = "".join(f"{number},5;{number},25;a\n" for number in range(9))
    assert read_file(write(text), header=False).table.shape == (9, 3)


def test_columns_are_aligned_by_spaces(write):
    text = '18.0   8   307.0      3504.\t"chevrolet malibu"\n15.0  10   350.0      3693.\t"buick"\n'
    table, _ = read_file(write(text, "auto.data"), header=False, columns=["mpg", "cylinders", "size", "weight", "name"])
    assert table.to_numpy().tolist() == [
        ["18.0", "8", "307.0", "3504.", "chevrolet malibu"],
        ["15.0", "10", "350.0", "3693.", "buick"],
    ]


def test_rows_that_are_longer_than_the_header_are_never_shifted(write):
    with pytest.raises(
        ConfigError, match="rows have 4 cells and its header 3, as a comma stands at the end of every row"
    ):
        read_file(write("x,z,y\n1,2,low,\n3,4,high,\n"))
    with pytest.raises(ConfigError, match="rows have 4 cells and its header 3; make them alike"):
        read_file(write("x,z,y\n1.5,2,3,low\n1.7,4,4,high\n"))  # no names of rows: these are measured


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3,4,\n", "row 2 has 3 cells where the header has 2, '3,4,'; correct it, or set `separator`"),
        ("x,y\n1,2\n3\n", "row 2 has 1 cells where the header has 2"),
        ("x,y,\n1,2\n3,4\n", "row 1 has 2 cells where the header has 3"),
    ],
)
def test_a_row_of_another_length_is_told(write, text, message):
    with pytest.raises(ConfigError, match=message):
        read_file(write(text))


@pytest.mark.parametrize("names", [["1", "2", "3"], ['"a"', '"b"', '"c"']])
def test_the_unnamed_names_of_rows_that_r_writes_are_no_column(write, names):
    text = '"x" "y"\n' + "".join(f"{name} {number} low\n" for number, name in enumerate(names))
    table, _ = read_file(write(text, "table.txt"))
    assert table.to_dict("list") == {"x": ["0", "1", "2"], "y": ["low"] * 3}


def test_encodings_are_named_where_utf_8_fails(write):
    path = write("x,Größe\n1,Süd\n".encode("cp1252"))
    with pytest.raises(ConfigError, match="is not utf-8, see line 1; set `encoding`, such as `encoding: latin-1`"):
        read_file(path)
    assert read_file(path, encoding="latin-1").table.to_dict("list") == {"x": ["1"], "Größe": ["Süd"]}
    with pytest.raises(ConfigError, match=r"dataset.table.encoding: Python knows no 'latin-99'"):
        read_file(path, encoding="latin-99")
    path = write("x,y\n1,2\n".encode("utf-16"))
    with pytest.raises(ConfigError, match="is UTF-16; set `encoding: utf-16`"):
        read_file(path)
    assert list(read_file(path, encoding="utf-16").table) == ["x", "y"]


def test_a_byte_order_mark_is_no_part_of_the_first_name(write):
    assert list(read_file(write("\N{ZERO WIDTH NO-BREAK SPACE}x,y\n1,2\n")).table) == ["x", "y"]


def test_a_file_without_a_header_is_told_and_read(write):
    path = write("1.5,a,low\n2,b,high\n")
    table, [remark] = read_file(path)
    assert len(table) == 1
    assert remark.startswith("the name of a column is a number, 1.5: if the file has no header, set `header: false`")
    _, [remark] = read_file(write("a;low\nb;high\na;high\nb;low\n", "words.csv"))
    assert remark.startswith("the name of a column is a value of the column too, 'a': if the file has no header")
    assert list(read_file(path, header=False).table) == ["column 1", "column 2", "column 3"]
    named = read_file(path, header=False, columns=["x", "kind", "y"])
    assert (list(named.table), len(named.table), named.remarks) == (["x", "kind", "y"], 2, [])
    with pytest.raises(ConfigError, match=r"dataset.table.columns: 2 names for 3 columns; give one for each"):
        read_file(path, header=False, columns=["x", "y"])


def test_names_that_are_empty_or_stand_twice_are_as_pandas_makes_them(write):
    text = ",x,x,\n0,1,2,\n1,3,4,\n"
    table, remarks = read_file(write(text))
    assert list(table) == ["Unnamed: 0", "x", "x.1"]  # the last one, which has no cells either, is none
    assert list(table) == list(pd.read_csv(write(text)))[:3]
    assert remarks == ["2 columns are called 'x'; the second one is taken as 'x.1'"]


def test_a_workbook_is_read(tmp_path):
    table = pd.DataFrame({"x": [1, 2.5, None], "y": [" a", "b", "?"], "day": [datetime.datetime(2020, 1, 1)] * 3})
    table.to_excel(tmp_path / "table.xlsx", index=False)
    found, _ = read_file(str(tmp_path / "table.xlsx"))
    assert found["y"].tolist() == ["a", "b", "?"]
    assert found["x"].tolist()[:2] == [1, 2.5]
    assert found["x"].isna().tolist() == [False, False, True]


def test_the_sheet_of_a_workbook_with_several_is_named(tmp_path):
    path = str(tmp_path / "table.xlsx")
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"x": [1]}).to_excel(book, sheet_name="one", index=False)
        pd.DataFrame({"z": [1]}).to_excel(book, sheet_name="two", index=False)
    assert list(read_file(path, sheet_name="two").table) == ["z"]
    with pytest.raises(ConfigError, match=r"dataset.table.sheet_name: .* has several sheets; take one of 'one', 'two'"):
        read_file(path)
    with pytest.raises(
        ConfigError, match=r"dataset.table.sheet_name: .* has no sheet 'three'; take one of 'one', 'two'"
    ):
        read_file(path, sheet_name="three")
