"""Files as programs write them: what is written in a cell, what is empty, and what cannot be read."""

import gzip
import json
import math

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from batchscope.results.run_files import labels, numbers, read_rows, written

VALUES = [0.5, math.nan, math.inf, 0.25]


def test_empty_cells_are_told_from_those_that_are_not_finite(write, tmp_path):
    files = [
        write("epoch,loss\n0,0.5\n1,nan\n2,-inf\n3,\n"),
        write(gzip.compress(b"epoch,loss\r\n0, 0.5\r\n1,NaN\r\n2,Infinity\r\n3, \r\n"), "log.csv.gz"),
        write("\n".join(json.dumps({"epoch": n, "loss": v}) for n, v in enumerate([*VALUES[:3], None])), "log.jsonl"),
        write('{"loss": 0.5}\n\n{"loss": NaN}\n{"loss": "Infinity"}\n{"epoch": 3}\n', "log.ndjson"),
    ]
    pyarrow.parquet.write_table(pyarrow.table({"loss": [*VALUES[:3], None]}), tmp_path / "log.parquet")
    for path in [*files, tmp_path / "log.parquet"]:
        table = read_rows(path)
        np.testing.assert_array_equal(numbers(table, "loss"), [0.5, math.inf, math.inf, math.nan])
        assert written(table, "loss").tolist() == [True, True, True, False]


def test_columns_of_parquet_are_numbers_whatever_their_type(tmp_path):
    columns = {"i": pyarrow.array([1, 2]), "f": pyarrow.array([0.5, 1.5], "float32"), "t": ["1e-3", "+2"]}
    columns["d"] = pyarrow.array(["7", "8"]).dictionary_encode()
    folder = tmp_path / "learning_rate=0.1"  # which is no column, as it would be for Hive
    folder.mkdir()
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "log.parquet")
    table = read_rows(folder / "log.parquet")
    assert table.column_names == ["i", "f", "t", "d"]
    assert [numbers(table, name).tolist() for name in table.column_names] == [[1, 2], [0.5, 1.5], [0.001, 2], [7, 8]]


def test_a_table_of_pandas_is_read_with_its_types(tmp_path):
    rows = pd.DataFrame({"epoch": [1, 2], "acc": [0.5, 0.75], "run": ["a", "b"]})
    rows.to_parquet(tmp_path / "log.parquet")
    rows.to_csv(tmp_path / "log.csv")
    for name in ("log.parquet", "log.csv"):
        table = read_rows(tmp_path / name)
        assert numbers(table, "acc").tolist() == [0.5, 0.75]
        assert labels(table, "run") == ["a", "b"]


def test_cells_of_text_may_have_commas_and_lines(write):
    table = read_rows(write('notes,loss\n"first, long\nlines",1\n"",2\n'))
    assert labels(table, "notes") == ["first, long\nlines", None]
    assert numbers(table, "loss").tolist() == [1, 2]


def test_labels_are_numbers_where_all_are():
    table = pyarrow.table({"seed": ["7", "10.0", None], "lr": ["0.1", "1e-3", ""], "name": ["7", "x", None]})
    assert labels(table, "seed") == [7, 10, None]
    assert [type(label) for label in labels(table, "seed")[:2]] == [int, int]
    assert labels(table, "lr") == [0.1, 0.001, None]
    assert labels(table, "name") == ["7", "x", None]


def test_labels_have_the_shortest_decimal_of_their_precision():
    for precision in ("float16", "float32", "float64"):
        table = pyarrow.table({"lr": pyarrow.array(np.array([0.1, 0.001, 3], precision))})
        assert labels(table, "lr") == [0.1, 0.001, 3]


def test_whole_numbers_are_told_apart_however_large_they_are(write, tmp_path):
    seeds = [2**60, 2**60 + 1, 2**70]
    of_json = read_rows(write("\n".join(json.dumps({"seed": seed}) for seed in seeds), "log.jsonl"))
    of_csv = read_rows(write("\n".join(["seed", *map(str, seeds)])))
    assert labels(of_json, "seed") == labels(of_csv, "seed") == seeds
    assert labels(read_rows(write('{"seed": 9007199254740993}\n{"seed": 0.5}', "log.jsonl")), "seed")[0] == 2**53 + 1
    assert numbers(of_json, "seed").tolist() == list(map(float, seeds))
    pyarrow.parquet.write_table(pyarrow.table({"seed": seeds[:2]}), tmp_path / "log.parquet")
    assert labels(read_rows(tmp_path / "log.parquet"), "seed") == seeds[:2]
    assert numbers(read_rows(tmp_path / "log.parquet"), "seed").tolist() == [2.0**60, 2.0**60]


def test_what_is_not_finite_labels_as_a_text(tmp_path):
    assert labels(pyarrow.table({"run": ["1", "nan", "inf"]}), "run") == ["1", "nan", "inf"]
    assert labels(pyarrow.table({"run": [1.0, math.nan]}), "run") == ["1.0", "nan"]


@pytest.mark.parametrize("cell", ["n/a", "tensor(0.5)", "0,5", "True"])
def test_a_cell_that_is_no_number_is_told_with_its_column_and_row(write, cell):
    lines = [json.dumps({"loss": value}) for value in (1.0, None, cell)]
    for path in (write(f'loss\n1\nnan\n"{cell}"\n'), write("\n".join(lines), "log.jsonl")):
        with pytest.raises(ValueError, match=rf"its column 'loss' has '{cell[:3]}.*' in row 3, which is no number"):
            numbers(read_rows(path), "loss")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("log.csv", "", "cannot be read: it is empty"),
        ("log.csv", "epoch,loss\n", "has no rows"),
        ("log.csv", "epoch;loss\n1;2\n", "separated by semicolons; write commas"),
        ("log.csv", "epoch\tloss\n1\t2\n", "separated by tabs; write commas"),
        ("log.csv", "epoch,loss\n1,2\n2\n", "Expected 2 columns, got 1: 2"),
        ("log.csv", "epoch,loss\n1,2\n2,3,4\n", "Expected 2 columns, got 3: 2,3,4"),
        ("log.csv", "epoch,loss,loss\n1,2,3\n", "has two columns 'loss'"),
        ("log.csv", "epoch,loss\n1,2\n".encode("utf-16"), "is not UTF-8; save it in that encoding"),
        ("log.csv", "epoch,Größe\n1,2\n".encode("latin-1"), "is not UTF-8; save it in that encoding"),
        ("log.csv", bytes(range(256)), "is not UTF-8; save it in that encoding"),
        ("log.csv.gz", "epoch,loss\n1,2\n", "cannot be read: Not a gzipped file"),
        ("log.jsonl", "", "has no rows"),
        ("log.jsonl", '{"loss": 1}\n{"loss": 0.', r"cannot be read: line 2 is no JSON, '{\"loss\": 0.'"),
        ("log.jsonl", '[{"loss": 1}]\n', "line 1 is no object of names and values"),
        ("log.parquet", "no Parquet", "cannot be read"),
        ("log.zip", "no zip", "cannot be read: File is not a zip file"),
        (
            "log.json",
            "{}",
            "is of no kind that is known; known: .csv, .csv.gz, .jsonl, .ndjson, .parquet, .zip, a folder",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_line(write, name, content, message):
    path = write(content, name)
    with pytest.raises(ValueError, match=message) as told:
        read_rows(path)
    assert str(told.value).startswith(repr(path))
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"there is no file '.*log.csv'"):
        read_rows(tmp_path / "log.csv")
