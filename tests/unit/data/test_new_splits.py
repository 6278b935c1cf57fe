import numpy as np
import pandas as pd
import pytest

from batchscope.data.dataset import Splits, load_splits, save_arrays
from batchscope.data.new_splits import draw_splits
from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError

SPLIT = {"train": 50, "validation": 20, "test": 30, "order": "as_given", "seed": 0}
SIZES = [50, 30, 20]  # in the order of the parts: training, test, validation rows
BLOBS = {"make_blobs": {"n_samples": 120, "centers": 3, "random_state": 0}}
NUMBERS = {"make_regression": {"n_samples": 120, "n_features": 3, "random_state": 0}}


@pytest.fixture
def table(tmp_path):
    """Numbers of very different size, some of them missing, and words."""
    rows = np.arange(100)
    frame = pd.DataFrame(
        {
            "number": np.where(rows % 9 == 0, np.nan, 1.1**rows),
            "word": np.array(["a", "b"])[rows % 2],
            "y": np.array(["no", "yes"])[rows // 3 % 2],
        }
    )
    frame.to_csv(tmp_path / "table.csv", index=False)
    return {"table": {"path": str(tmp_path / "table.csv"), "target": "y"}}


def draw(dataset, scaler=None, regression=False, replicates=4, seed=0, **changes) -> Splits:
    return draw_splits(dataset, SPLIT | changes, scaler, regression, seed, replicates)


def parts(values: np.ndarray) -> list[np.ndarray]:
    """Of values (splits, rows, ...) those of each part."""
    return np.split(values, np.cumsum(SIZES)[:-1], axis=1)


def test_every_split_has_all_rows_of_the_own_one_in_an_order_of_its_own():
    splits = draw(BLOBS)
    assert (splits.rows.dtype, splits.x, splits.y) == (np.int32, None, None)
    np.testing.assert_array_equal(np.sort(splits.rows, axis=1), [range(100)] * 4)
    assert len({frozenset(rows) for rows in parts(splits.rows)[0].tolist()}) == 4
    assert all(set(rows) != set(range(50)) for rows in parts(splits.rows)[0])


def test_splits_follow_from_the_seed_of_the_study_and_their_number():
    splits = draw(BLOBS)
    np.testing.assert_array_equal(draw(BLOBS, replicates=2).rows, splits.rows[:2])
    assert not np.array_equal(draw(BLOBS, seed=1).rows, splits.rows)


def test_stratified_splits_stay_stratified():
    dataset = make_dataset(BLOBS, SPLIT | {"order": "stratified"})
    y = np.concatenate([y for _, y in dataset.parts])
    for part, shuffled in zip(
        parts(y[draw(BLOBS, order="stratified").rows]), parts(y[draw(BLOBS, order="shuffled").rows])
    ):
        counts, of_shuffled = ([np.bincount(of_split, minlength=3) for of_split in each] for each in (part, shuffled))
        assert np.ptp(counts, axis=0).max() <= 1
        assert np.ptp(of_shuffled, axis=0).max() > 1


def test_what_is_fitted_to_a_table_is_fitted_to_the_training_rows_of_each_split_alone(table):
    own = make_dataset(table, SPLIT)
    raw = pd.read_csv(table["table"]["path"])["number"].to_numpy()
    raw = raw[
        [*range(50), *range(70, 100), *range(50, 70)]
    ]  # in the order of the parts: the validation rows stand before
    splits = draw(table)
    assert splits.x.shape == (4, 100, 3)
    for rows, x in zip(splits.rows, splits.x):
        train = raw[rows[:50]]
        filled = np.where(np.isnan(raw), np.nanmedian(train), raw)[rows]
        expected = (filled - filled[:50].mean()) / filled[:50].std()
        np.testing.assert_allclose(x[:, 0], expected, rtol=1e-5, atol=1e-6)
        assert abs(x[50:, 0].mean()) > 1e-3
    words = np.concatenate([x for x, _ in own.parts])[:, 1:]
    np.testing.assert_array_equal(splits.x[..., 1:], words[splits.rows])
    np.testing.assert_array_equal(splits.y, np.concatenate([y for _, y in own.parts])[splits.rows])


def test_a_test_row_does_not_leak_into_what_training_rows_become(table):
    path = table["table"]["path"]
    before = draw(table)
    raw = pd.read_csv(path)
    raw.loc[3, "number"] = 1e9
    raw.to_csv(path, index=False)
    after = draw(table)
    in_training = [3 in rows for rows in parts(before.rows)[0]]
    same = [np.array_equal(*pair) for pair in zip(parts(before.x)[0], parts(after.x)[0])]
    assert set(in_training) == {True, False}
    assert same == [not trained_on for trained_on in in_training]


def test_numbers_that_are_learned_are_standardised_by_the_training_rows_of_each_split():
    train, *others = parts(draw(NUMBERS, regression=True).y)
    np.testing.assert_allclose(train.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=1), 1, rtol=1e-6)
    assert all((np.abs(other.mean(axis=1)) > 1e-3).all() for other in others)


def test_every_split_knows_the_unit_of_its_target(tmp_path):
    own, splits = make_dataset(NUMBERS, SPLIT, regression=True), draw(NUMBERS, regression=True)
    save_arrays(splits, tmp_path / "splits.npz")
    loaded = load_splits(tmp_path / "splits.npz")
    in_unit = np.concatenate([own.y_train, own.y_test, own.y_validation]) * own.target_scale + own.target_mean
    for rows, y, mean, scale in zip(loaded.rows, loaded.y, loaded.target_mean, loaded.target_scale):
        np.testing.assert_allclose(y * scale + mean, in_unit[rows], rtol=1e-5, atol=1e-3)
    assert len(set(loaded.target_scale)) == 4
    assert draw(BLOBS, scaler="StandardScaler").target_scale is None


def test_arrays_are_scaled_by_the_training_rows_of_each_split():
    train, *_ = parts(draw(BLOBS, scaler="StandardScaler").x)
    np.testing.assert_allclose(train.mean(axis=1), 0, atol=1e-6)


def test_a_class_that_is_absent_from_the_training_rows_of_a_split_is_refused(tmp_path):
    y = np.zeros(100, int)
    y[:3] = 1
    np.savez(tmp_path / "rare.npz", x=np.arange(100.0)[:, None], y=y)
    message = (
        r"^new_splits: split \d+ fails: split: no training row is of the class '1', of 3 rows; take more .* "
        "`order: stratified`"
    )
    with pytest.raises(ConfigError, match=message):
        draw({"npz": {"path": str(tmp_path / "rare.npz")}}, replicates=20)


def test_a_table_that_has_fewer_features_in_a_split_is_refused(table):
    path = table["table"]["path"]
    raw = pd.read_csv(path)
    raw.loc[0, "word"] = "rare"
    raw.to_csv(path, index=False)
    message = (
        r"^new_splits: split \d fails: dataset.table: it has 3 features here and 4 in the study's own split, as the "
        r"training rows of one of them lack 'word=rare'; `drop` its column, gather rare values with "
        r"`min_frequency`, or make `train` larger$"
    )
    with pytest.raises(ConfigError, match=message):
        draw(table, replicates=20)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"order": "resampled"},
            "new_splits: with `order: resampled` every replicate has a split of its own; leave it",
        ),
        ({"order": "shuffled", "groups": "word"}, "new_splits: rows that `groups` keeps together are not split anew; "),
    ],
)
def test_rows_that_cannot_be_split_anew_are_refused(table, changes, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        draw(table, **changes)


@pytest.mark.parametrize("scaler", ["none", "StandardScaler"])
def test_saved_splits_come_back_and_half_a_file_is_refused(tmp_path, scaler):
    splits, path = draw(BLOBS, scaler), tmp_path / "splits.npz"
    save_arrays(splits, path)
    for loaded, drawn in zip(load_splits(path), splits):
        np.testing.assert_array_equal(loaded, drawn)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"splits.npz is no whole file of splits .* delete it and run again"):
        load_splits(path)
