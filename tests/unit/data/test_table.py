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
