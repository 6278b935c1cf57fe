"""What is said of the data, and of what looks wrong with it."""

import json

import numpy as np
import pandas as pd
import pytest

from batchscope.data.description import describe, in_a_line, in_lines
from batchscope.data.prepare import fitted_dataset, read_split_rows

SPLIT = {"train": 50, "validation": 20, "test": 25, "order": "as_given", "seed": 0}
GENERATOR = np.random.default_rng(0)
SOUND = pd.DataFrame(
    {
        "x": GENERATOR.normal(size=100),
        "kind": GENERATOR.choice(["a", "b", "c"], 100),
        "price": [f"${number}" for number in GENERATOR.integers(100, 200, 100)],
        "gaps": np.where(GENERATOR.random(100) < 0.3, "?", "1.5"),
        "note": "none",
        "y": np.array(["low"] * 60 + ["high"] * 40)[GENERATOR.permutation(100)],
    }
)


@pytest.fixture
def described(tmp_path):
    """Describes a table, of which some columns are given, read by these keys."""

    def of(table: pd.DataFrame, regression: bool = False, **keys) -> dict:
        path = tmp_path / "table.csv"
        table.to_csv(path, index=False)
        spec = {"path": str(path), "target": "y", **keys}
        rows = read_split_rows({"table": spec}, SPLIT, None, regression)
        described = describe(rows, fitted_dataset(rows))
        return json.loads(json.dumps(described))  # which has such values alone

    return of


def remarks(description: dict) -> dict[str, list[str]]:
    return {each["column"]: each["remarks"] for each in description["columns"] if each["remarks"]}


def test_rows_classes_and_columns_are_counted(described):
    description = described(SOUND, drop=["note"])
    assert description["rows"] == {"train": 50, "validation": 20, "test": 25}
    assert description["unused"] == 5
    y = SOUND["y"]
    assert description["classes"] == [
        {
            "class": name,
            "train": sum(y[:50] == name),
            "validation": sum(y[50:70] == name),
            "test": sum(y[70:95] == name),
        }
        for name in ("high", "low")
    ]
    missing = int((SOUND["gaps"][:95] == "?").sum())
    assert description["columns"] == [
        {"column": "x", "kind": "number", "missing": 0, "remarks": []},
        {"column": "kind", "kind": "category of 3 values", "missing": 0, "remarks": []},
        {"column": "price", "kind": "number, without '$'", "missing": 0, "remarks": []},
        {"column": "gaps", "kind": "number", "missing": missing, "remarks": []},
        {"column": "note", "kind": "dropped", "missing": None, "remarks": []},
        {"column": "y", "kind": "target", "missing": None, "remarks": []},
    ]
    largest = max(each["train"] for each in description["classes"])
    assert in_a_line(description) == (
        f"100 rows (50 train, 20 validation, 25 test, 5 unused); 2 classes, the largest {largest / 50:.0%} of the "
        "training rows; 6 columns: 3 numbers, 1 category, 1 dropped, target"
    )
    assert f"column 'gaps': number, {missing} missing" in in_lines(description)


def test_numbers_that_are_learned_are_described_in_their_unit(described):
    y = np.arange(100.0)
    description = described(SOUND.assign(y=y), regression=True)
    assert description["target"] == pytest.approx({"mean": 24.5, "sd": y[:50].std(), "least": 0, "largest": 49})
    assert "; numbers from 0 to 49, 24.5 on average; " in in_a_line(description)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"id": range(5001, 5101)}, {"id": ["differs in every row, as an ID does"]}),
        ({"id": [f"k{row}" for row in range(100)]}, {"id": ["differs in every row, as an ID does"]}),
        ({"same": 1}, {"same": ["constant"]}),
        ({"again": (SOUND["y"] == "low") * 1}, {"again": ["a copy of the target"]}),
        ({"kind again": SOUND["kind"].str.upper()}, {"kind again": ["a copy of 'kind'"]}),
        ({"in feet": SOUND["x"] * 3.28 + 7}, {"in feet": ["a copy of 'x'"]}),
        ({"turned": -SOUND["x"]}, {"turned": ["a copy of 'x'"]}),
        (
            {"wild": [1e30, *SOUND["x"][1:]]},
            {"wild": ["the extreme value 1e+30 leaves the rest within 4e-30 of the range"]},
        ),
        (
            {"class": GENERATOR.choice(["1st", "2nd"], 100)},
            {"class": ["names that begin with numbers, such as '{}'; if that is right, list it in `categories`"]},
        ),
        ({"rarely": [1] + [0] * 99}, {}),
        ({"long tail": np.exp(2 * SOUND["x"])}, {}),
        ({"measured": np.arange(100) / 7}, {}),
    ],
)
def test_what_looks_wrong_is_said_and_only_that(described, columns, expected):
    table = SOUND.drop(columns="note").assign(**columns)
    [name] = columns
    expected = {column: [each.format(table[name][0]) for each in texts] for column, texts in expected.items()}
    description = described(table)
    assert remarks(description) == expected
    wrong = "; ".join([f"looks wrong: {column!r} ({', '.join(texts)})" for column, texts in expected.items()])
    assert in_a_line(description).partition(", target")[2] == (f"; {wrong}" if wrong else "")


def test_what_is_asked_for_does_not_look_wrong(described):
    table = SOUND.drop(columns="note").assign(month=GENERATOR.choice(["01", "02"], 100))
    assert remarks(described(table, categories=["month"])) == {}
    [of_month] = [each for each in described(table)["columns"] if each["column"] == "month"]
    assert of_month["kind"] == "number, without zeros at the beginning"


def test_what_looks_wrong_with_the_file_or_the_target_is_said(described):
    table = pd.DataFrame({"x": GENERATOR.normal(size=300), "y": np.tile(np.arange(25), 12)})
    description = described(table)
    remark = "the target has 25 different numbers; to learn numbers set `loss`, such as `loss: MeanSquaredError`"
    assert description["remarks"] == [remark]
    assert in_a_line(description).endswith(f"; looks wrong: {remark}")
    [remark] = described(table.rename(columns={"x": "1.5"}).assign(y=np.tile([0, 1], 150)))["remarks"]
    assert remark.startswith("the name of a column is a number, 1.5")


def test_arrays_have_rows_and_classes(tmp_path):
    split = {"train": 0.5, "order": "stratified", "seed": 0}
    rows = read_split_rows("load_wine", split, None, False)
    description = describe(rows, fitted_dataset(rows))
    assert "columns" not in description
    assert [sum(each[part] for part in ("train", "test")) for each in description["classes"]] == [59, 71, 48]
    assert in_a_line(description) == "178 rows (89 train, 89 test); 3 classes, the largest 40% of the training rows"
