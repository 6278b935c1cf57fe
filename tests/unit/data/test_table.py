"""Tables of a user's own: what becomes of their columns, and what is told of their mistakes."""

import numpy as np
import pandas as pd
import pytest

from batchscope.data.prepare import make_dataset
from batchscope.data.table import read_table
from batchscope.errors import ConfigError

SPLIT = {"train": 4, "order": "as_given", "seed": 0}
PEOPLE = pd.DataFrame(
    {
        "age": [20.0, 30.0, np.nan, 70.0, 40.0, 50.0],
        "colour": ["red", None, "blue", "red", "green", "blue"],
        "member": [True, False, True, True, False, True],
        "house": ["a", "a", "b", "c", "c", "b"],
        "answer": ["yes", "no", "yes", "no", "no", "yes"],
        "income": [1.5, 2.5, 3.0, 9.0, 4.0, 5.0],
    }
)
ANSWER = {"target": "answer", "features": ["age", "colour", "member"]}


@pytest.fixture
def write(tmp_path):
    """Writes a table, by default as CSV, and gives its description."""

    def write(table: pd.DataFrame, name: str = "people.csv", **arguments) -> dict:
        path = tmp_path / name
        table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
        return {"path": str(path), **(arguments or ANSWER)}

    return write


@pytest.mark.parametrize("name", ["people.csv", "people.parquet", "Leute, ganz groß/Übung 1.CSV"])
def test_numbers_are_imputed_and_scaled_and_categories_encoded_as_the_training_rows_say(write, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    dataset = make_dataset({"table": write(PEOPLE, name)}, SPLIT)
    columns = ["age", "colour=blue", "colour=red", "colour=missing", "member=False", "member=True"]
    assert dataset.features.tolist() == columns
    ages = (np.array([20, 30, 30, 70, 40, 50]) - 37.5) / np.std([20, 30, 30, 70])  # 30 is the median of 20, 30 and 70
    np.testing.assert_allclose(np.concatenate([dataset.x_train, dataset.x_test])[:, 0], ages, rtol=1e-6)
    categories = [[0, 1, 0, 0, 1], [0, 0, 1, 1, 0], [1, 0, 0, 0, 1], [0, 1, 0, 0, 1]]
    np.testing.assert_array_equal(dataset.x_train[:, 1:], categories)
    # No training row is green.
    np.testing.assert_array_equal(dataset.x_test[:, 1:], [[0, 0, 0, 1, 0], [1, 0, 0, 0, 1]])
    assert dataset.labels.tolist() == ["no", "yes"]
    np.testing.assert_array_equal(dataset.y_train, [1, 0, 1, 0])
    assert dataset.x_train.dtype == np.float32


def test_features_are_all_columns_but_the_target_the_groups_and_those_dropped(write):
    description = write(PEOPLE, target="income", drop=["answer"])
    assert list(read_table(**description, groups="house").x) == ["age", "colour", "member"]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("Int64", [1, 2, None, 4, 5, 6]),
        ("Float32", [1.0, 2.0, None, 4.0, 5.0, 6.0]),
        ("category", ["a", "b", None, "a", "b", "a"]),
        ("boolean", [True, False, None, True, False, True]),
    ],
)
def test_columns_of_every_kind_that_parquet_knows_are_taken(write, dtype, values):
    table = PEOPLE.assign(age=pd.array(values, dtype=dtype))
    dataset = make_dataset({"table": write(table, "people.parquet")}, SPLIT)
    assert np.isfinite(dataset.x_train).all()


def test_rows_of_a_group_are_in_one_part(write):
    table = pd.DataFrame({"house": np.arange(60) % 12, "x": np.arange(60.0), "y": np.arange(60) // 30})
    split = {"train": 6, "validation": 0.25, "test": 2, "order": "shuffled", "seed": 0, "groups": "house"}
    dataset = make_dataset({"table": write(table, target="y")}, split, "none")
    houses = [set(part[:, 0].astype(int) % 12) for part in (dataset.x_train, dataset.x_validation, dataset.x_test)]
    assert [len(each) for each in houses] == [6, 3, 2]
    assert len(set.union(*houses)) == 11
    assert [len(y) for y in (dataset.y_train, dataset.y_validation, dataset.y_test)] == [30, 15, 10]
    assert dataset.features.tolist() == ["x"]


def changed(**columns):
    return PEOPLE.assign(**columns)


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        (PEOPLE, {"target": "anser"}, "dataset.table.target: {path} has no column 'anser'; did you mean 'answer'?"),
        (PEOPLE, ANSWER | {"features": ["ages"]}, "dataset.table.features: {path} has no column 'ages'; did you mean"),
        (PEOPLE, ANSWER | {"drop": ["ages"]}, "dataset.table.drop: {path} has no column 'ages'; did you mean 'age'?"),
        (PEOPLE, ANSWER | {"features": ["age", "answer"]}, "dataset.table.features: 'answer' cannot be a feature too"),
        (PEOPLE, ANSWER | {"drop": ANSWER["features"]}, "dataset.table: no column of {path} is left to learn from"),
        (PEOPLE.head(0), ANSWER, "dataset.table.path: {path} has no rows"),
        (changed(answer="yes"), ANSWER, "dataset.table.target: the target holds a single class, yes"),
        (changed(answer=[None, None, *"ynyn"]), ANSWER, "'answer' has 2 missing values, the first in row 1; take out"),
        (
            changed(answer=[*"ynyny", "z"]),
            ANSWER,
            "split: no training row is of the class 'z', of 1 row; take it out, or make",
        ),
        (PEOPLE, {"target": "income"}, "the target holds numbers; to learn numbers set `loss`, such as `loss: MeanSq"),
        (changed(age=np.inf), ANSWER, "dataset.table, column 'age': it has an infinite value in row 1; correct or"),
        (changed(age=[1, 2, 3, "old", 4, 5]), ANSWER, "column 'age': it has text among its numbers, 'old' in row 4;"),
        (changed(age=None), ANSWER, "dataset.table, column 'age': no training row has a value in it; `drop` it"),
        (changed(age=[None] * 4 + [1, 2]), ANSWER, "column 'age': no training row has a value in it; `drop` it"),
        (
            changed(colour=pd.date_range("2020-01-01", periods=6)),
            ANSWER,
            "column 'colour': it holds dates or times, of",
        ),
        (
            pd.DataFrame({"x": range(10_000), "answer": range(10_000)}),
            {"target": "answer"},
            "dataset.table.target: 'answer' has 10000 different numbers in 10000 rows; to learn numbers set `loss`",
        ),
        (
            pd.DataFrame({"x": range(1001), "answer": [f"name {row}" for row in range(1001)]}),
            {"target": "answer"},
            "dataset.table.target: 1001 different values are too many classes; take a column with fewer",
        ),
    ],
)
def test_a_mistake_in_a_table_is_one_line(write, table, arguments, message):
    description = write(table, **arguments)
    with pytest.raises(ConfigError) as error:
        make_dataset({"table": description}, SPLIT)
    assert message.format(path=repr(description["path"])) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("people.csv", b"", "cannot be read: it is empty"),
        ("people.csv", b"caf\xe9,b\n1,2\n", "is not utf-8, see line 1; set `encoding`, such as `encoding: latin-1`"),
        ("people.parquet", b"half", "cannot be read: "),
        ("people.xlsx", b"", "cannot be read: "),
        ("people.doc", b"", "does not end in .csv, .tsv, .txt, .data, .csv.gz, "),
    ],
)
def test_a_file_that_is_no_table_is_told_in_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message) as error:
        read_table(str(tmp_path / name), "y")
    assert str(error.value).startswith("dataset.table.path: ")
    assert "\n" not in str(error.value)


@pytest.fixture
def write_text(tmp_path):
    """Writes a table as text, and gives its description."""

    def write(text: str, **arguments) -> dict:
        (tmp_path / "table.csv").write_text(text)
        return {"path": str(tmp_path / "table.csv"), "target": "y", **arguments}

    return write


def of_columns(rows: int = 12, **columns) -> str:
    """The text of a table, of which each column has a list of cells or a function from the row to the cell."""
    cells = [[of(row) if callable(of) else of[row % len(of)] for of in columns.values()] for row in range(rows)]
    return "\n".join(";".join(map(str, line)) for line in [columns, *cells])


def test_all_columns_that_cannot_be_read_are_told_at_once(write_text):
    text = of_columns(day=["1.3.2020"], time=["12:30"], size=["5 kg", "old", "3 kg"], x=[1], y=["a", "b"])
    with pytest.raises(ConfigError) as error:
        read_table(**write_text(text))
    dates = "it holds dates or times, of which a number can be made, such as days since a first one"
    assert str(error.value).splitlines() == [
        f"dataset.table, column 'day': {dates}; take it as names with `categories`, or `drop` it",
        f"dataset.table, column 'time': {dates}; take it as names with `categories`, or `drop` it",
        "dataset.table, column 'size': it has text among its numbers, 'old' in row 2; correct it, name it in "
        "`missing`, take the column as names with `categories`, or `drop` it",
    ]
    with pytest.raises(ConfigError) as error:
        read_table(**write_text(text.replace("b", "?")))
    first, *others = str(error.value).splitlines()
    assert first.startswith("dataset.table.target: 'y' has 6 missing values")
    assert len(others) == 3
    rows = read_table(**write_text(text, drop=["day"], categories=["time"], missing=["old"]))
    assert rows.x["time"].unique().tolist() == ["12:30"]
    np.testing.assert_array_equal(rows.x["size"][:3], [5, np.nan, 3])


def test_numbers_may_be_names(write_text):
    text = of_columns(month=lambda row: row % 3 + 1, code=["01234", "00017"], y=["a", "b"])
    assert make_dataset({"table": write_text(text)}, SPLIT).features.tolist() == ["month", "code"]
    named = make_dataset({"table": write_text(text, categories=["month", "code"])}, SPLIT)
    assert named.features.tolist() == ["month=1", "month=2", "month=3", "code=00017", "code=01234"]


@pytest.mark.parametrize(
    ("others", "keys", "expected"),
    [
        (["1.5"], {}, 4879),
        (["1,5"], {}, 4.879),
        (["15"], {"thousands": ","}, 4879),
        (["15"], {"decimal": "."}, 4879),
        (["15"], {"decimal": ","}, 4.879),
        (["1.5"], {"decimal": ","}, 4.879),
    ],
)
def test_what_may_be_read_in_two_ways_is_read_as_the_other_columns_or_the_config_say(
    write_text, others, keys, expected
):
    rows = read_table(**write_text(of_columns(pay=["4,879"], x=others, y=["a", "b"]), **keys))
    assert rows.x["pay"][0] == expected


@pytest.mark.parametrize("others", [{"x": ["15"]}, {"x": ["1.5"], "z": ["1,5"]}])
def test_what_may_be_read_in_two_ways_is_told_where_nothing_says_in_which(write_text, others):
    with pytest.raises(
        ConfigError, match=r"column 'pay': '4,879' may be 4879 or 4.879; say which with `thousands: ','`"
    ):
        read_table(**write_text(of_columns(pay=["4,879"], **others, y=["a", "b"])))


def test_points_are_between_thousands_where_the_other_columns_have_decimal_commas(write_text):
    rows = read_table(**write_text(of_columns(pay=["4.879"], x=["1,5"], y=["a", "b"])))
    assert (rows.x["pay"][0], rows.columns["pay"]) == (4879, "points between thousands")
    assert read_table(**write_text(of_columns(pay=["4.879"], x=["15"], y=["a", "b"]))).x["pay"][0] == 4.879


def test_the_marks_of_numbers_differ(write_text):
    with pytest.raises(ConfigError, match=r"dataset.table.thousands: ',' is the decimal mark too; they differ"):
        read_table(**write_text(of_columns(x=[1], y=["a", "b"]), decimal=",", thousands=","))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["low", "?", "high"], r"'y' has 4 missing values, the first in row 2 \('\?'\); take out their rows, or leave"),
        (["low", "-", "high"], r"the first in row 2 \('-'\)"),
        (["low", "", "high"], "the first in row 2; take out"),
        (["0", "NA", "1"], r"the first in row 2 \('NA'\)"),  # among numbers
    ],
)
def test_a_missing_target_is_told_and_left_out_where_asked(write_text, cells, message):
    text = of_columns(x=lambda row: row, y=cells)
    with pytest.raises(ConfigError, match=message):
        read_table(**write_text(text))
    rows = read_table(**write_text(text, drop_missing_target=True))
    assert rows.x["x"].tolist() == [0, 2, 3, 5, 6, 8, 9, 11]
    assert [str(y) for y in rows.y[:2]] == [cells[0], cells[2]]
    assert rows.remarks == ["4 rows have no target, and are left out"]


@pytest.mark.parametrize("word", ["None", "NA", "nan"])
def test_a_class_may_be_called_none(write_text, word):
    text = of_columns(x=[1, 2], y=["some", word, word])
    rows = read_table(**write_text(text))
    assert sorted(set(rows.y)) == sorted(["some", word])
    assert rows.remarks == [
        f"the class {word!r} (8 rows) reads like a missing value; if it is one, name it in `missing`"
    ]
    with pytest.raises(ConfigError, match="'y' has 8 missing values"):
        read_table(**write_text(text, missing=[word]))


def test_a_question_mark_may_be_a_class_where_it_is_said(write_text):
    assert set(read_table(**write_text(of_columns(x=[1], y=["a", "?"]), missing=[])).y) == {"a", "?"}
    assert set(read_table(**write_text(of_columns(x=[1], y=["+", "-"]))).y) == {"+", "-"}


def test_the_space_around_a_class_is_none_of_it(write_text):
    assert set(read_table(**write_text(of_columns(x=[1], y=["low ", " low", "high"]))).y) == {"low", "high"}


@pytest.mark.parametrize(
    ("cells", "numbers", "message"),
    [
        (lambda row: row * 7, False, "'y' has 60 different numbers in 60 rows; to learn numbers set `loss`, such as"),
        (lambda row: f"${row}.50", False, "the target holds numbers; to learn numbers set `loss`"),
        (
            lambda row: "?" if row == 9 else row / 2,
            True,
            r"'y' has 1 missing value, the first in row 10 \('\?'\); take",
        ),
        (lambda row: "old" if row == 9 else row / 2, True, "'y': it has text among its numbers, 'old' in row 10; corr"),
        (
            lambda row: "old" if row == 9 else row / 2,
            False,
            "'y': it has text among its numbers, 'old' in row 10; corr",
        ),
        (lambda row: f"{row % 28 + 1}.3.2020", False, "'y': it holds dates or times"),
    ],
)
def test_a_target_of_numbers_is_told_as_such(write_text, cells, numbers, message):
    description = write_text(of_columns(60, x=[1, 2], y=cells))
    with pytest.raises(ConfigError, match=f"^dataset.table.target: {message}"):
        make_dataset({"table": description}, SPLIT, regression=numbers)


def test_many_numbers_may_be_classes_where_it_is_said(write_text):
    text = of_columns(60, x=[1, 2], y=lambda row: row // 2)
    assert len(set(read_table(**write_text(text, categories=["y"])).y)) == 30
    assert (
        read_table(**write_text(of_columns(60, x=[1, 2], y=lambda row: row // 2)), numbers=True).y.dtype == np.float64
    )
    assert read_table(**write_text(of_columns(60, x=[1, 2], y=["1.0", "2.0"]))).y.dtype == np.int64


def test_the_names_of_columns_are_for_files_without_a_header(write_text):
    with pytest.raises(ConfigError, match=r"dataset.table.columns: .* set `header: false`"):
        read_table(**write_text("1;a\n2;b\n", columns=["x", "y"]))
    assert read_table(**write_text("1;a\n2;b\n", columns=["x", "y"], header=False)).x["x"].tolist() == [1, 2]
    with pytest.raises(
        ConfigError, match=r"has no column 'y'; the name of a column is a number, 1: .* `header: false`"
    ):
        read_table(**write_text("1;a\n2;b\n"))


def test_a_category_may_be_named_as_missing_ones_are(write):
    dataset = make_dataset({"table": write(changed(colour=["missing", None, "a", "a", "a", "a"]))}, SPLIT)
    assert dataset.features.tolist()[1:4] == ["colour=a", "colour=missing", "colour=missing"]


@pytest.mark.parametrize("column", [[b"raw"] * 6, [[1, 2]] * 6])
def test_a_column_of_neither_numbers_nor_text_is_refused(write, column):
    with pytest.raises(ConfigError, match="column 'age': it holds neither numbers nor text but"):
        read_table(**write(changed(age=column), "people.parquet"))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("answer", "dataset.table.target: the target holds no numbers but classes, such as 'yes'; leave out `loss`"),
        ("age", "dataset.table.target: 'age' has 1 missing value, the first in row 3"),
        ("constant", "dataset.table.target: the target is 1 in all training rows; nothing can be learned"),
        ("endless", "dataset.table.target: the target has missing or infinite values"),
    ],
)
def test_a_mistake_in_the_target_of_a_regression_is_one_line(write, target, message):
    table = changed(constant=[1, 1, 1, 1, 2, 3], endless=[1, 2, 3, 4, 5, np.inf])
    with pytest.raises(ConfigError) as error:
        make_dataset({"table": write(table, target=target, features=["income"])}, SPLIT, regression=True)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"order": "as_given"}, "split.order: groups are shuffled, not as_given; write `order: shuffled`"),
        ({"groups": "hose"}, "split.groups: {path} has no column 'hose'; did you mean 'house'?"),
        ({"groups": "age"}, "split.groups: 'age' has no value in row 3"),
        ({"train": 3}, "split: 3 training groups of 3 leave fewer than 1 to test on"),
    ],
)
def test_a_mistake_in_groups_is_one_line(write, split, message):
    description = write(PEOPLE, target="answer", features=["income"])
    with pytest.raises(ConfigError) as error:
        make_dataset({"table": description}, {"train": 2, "order": "shuffled", "seed": 0, "groups": "house"} | split)
    assert str(error.value).startswith(message.format(path=repr(description["path"])))
