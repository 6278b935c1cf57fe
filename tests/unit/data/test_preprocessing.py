"""What is fitted is fitted on training rows alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine, make_regression
from sklearn.preprocessing import StandardScaler

from batchscope.data.prepare import make_dataset
from batchscope.errors import ConfigError

SPLIT = {"train": 60, "validation": 30, "order": "shuffled", "seed": 0}
WINE = "load_wine"
NUMBERS = {"make_regression": {"n_features": 2, "random_state": 0, "bias": 5.0}}


def parts_of(dataset, letter: str) -> list[np.ndarray]:
    return [getattr(dataset, f"{letter}_{part}") for part in ("train", "validation", "test")]


def test_scaling_on_all_rows_would_change_the_result():
    x, _ = load_wine(return_X_y=True)
    plain = parts_of(make_dataset(WINE, SPLIT), "x")
    scaled = parts_of(make_dataset(WINE, SPLIT, "StandardScaler"), "x")
    on_training_rows, on_all_rows = StandardScaler().fit(plain[0]), StandardScaler().fit(x)
    for before, after in zip(plain, scaled):
        np.testing.assert_allclose(after, on_training_rows.transform(before), atol=1e-5)
        assert abs(after - on_all_rows.transform(before)).max() > 0.05


def test_the_target_of_a_regression_is_standardised_as_the_training_rows_say():
    _, y = make_regression(**NUMBERS["make_regression"])
    targets = parts_of(make_dataset(NUMBERS, SPLIT, regression=True), "y")
    assert targets[0].dtype == np.float32
    assert (abs(targets[0].mean()), targets[0].std()) == pytest.approx((0, 1), abs=1e-6)
    dataset = make_dataset(NUMBERS, SPLIT, regression=True)
    in_unit = np.concatenate(parts_of(dataset, "y")) * dataset.target_scale + dataset.target_mean
    np.testing.assert_allclose(np.sort(in_unit), np.sort(y), rtol=1e-5, atol=1e-4)
    assert make_dataset(WINE, SPLIT).target_scale is None
    everywhere = np.concatenate(targets)
    assert abs(everywhere.std() - 1) > 0.01  # as it would be if all rows had a say
    np.testing.assert_allclose(
        np.sort((everywhere - everywhere.mean()) / everywhere.std()), np.sort((y - y.mean()) / y.std()), atol=1e-5
    )


def test_arrays_stay_as_they_are_without_a_scaler():
    plain, none = make_dataset(WINE, SPLIT), make_dataset(WINE, SPLIT, "none")
    assert plain.x_train.max() > 1000
    np.testing.assert_array_equal(plain.x_train, none.x_train)


def test_images_are_scaled_and_keep_their_shape(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3)).astype(np.uint8)
    np.savez(tmp_path / "images.npz", x=images, y=np.arange(20) % 2)
    dataset = make_dataset(
        {"npz": {"path": str(tmp_path / "images.npz")}},
        {"train": 10, "order": "as_given", "seed": 0},
        {"MinMaxScaler": {"feature_range": [-1, 1]}},
    )
    assert dataset.x_train.shape == (10, 4, 4, 3)
    np.testing.assert_allclose(
        [dataset.x_train.min(axis=0), dataset.x_train.max(axis=0)],
        [[[[-1] * 3] * 4] * 4, [[[1] * 3] * 4] * 4],
        atol=1e-6,
    )


@pytest.mark.parametrize("far", [1.6e9, 1e60])
def test_numbers_far_from_zero_are_not_rounded_before_they_are_scaled(tmp_path, far):
    x = (far * (1 + 1e-9 * np.arange(20)))[:, None]
    np.savez(tmp_path / "times.npz", x=x, y=np.arange(20) % 2)
    split = {"train": 10, "order": "as_given", "seed": 0}
    dataset = make_dataset({"npz": {"path": str(tmp_path / "times.npz")}}, split, "StandardScaler")
    expected = (np.arange(20) - 4.5) / np.arange(10).std()
    np.testing.assert_allclose(np.concatenate([dataset.x_train, dataset.x_test])[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("scaler", "message"),
    [
        ("StandardScalar", "scaler: sklearn.preprocessing has no 'StandardScalar'; did you mean 'StandardScaler'?"),
        ("non", "scaler: sklearn.preprocessing has no 'non'; did you mean 'none'?"),
        ({"MinMaxScaler": {"range": [0, 1]}}, "scaler.MinMaxScaler: no argument 'range'"),
        ({"MinMaxScaler": {"feature_range": [1, 0]}}, "scaler: Minimum of desired feature range"),
        ({"StandardScaler": {"with_mean": "yes"}}, "scaler: The 'with_mean' parameter of StandardScaler must be"),
    ],
)
def test_a_mistake_in_the_scaler_is_one_line(scaler, message):
    with pytest.raises(ConfigError) as error:
        make_dataset(WINE, SPLIT, scaler)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("dataset", "scaler", "regression"), [(WINE, "StandardScaler", False), (NUMBERS, None, True)])
def test_what_is_fitted_once_does_not_go_with_rows_that_are_split_anew(dataset, scaler, regression):
    with pytest.raises(ConfigError, match=r"split.order: resampled .* would have seen its test rows; take shuffled"):
        make_dataset(dataset, {"train": 0.5, "order": "resampled", "seed": 0}, scaler, regression)


def test_a_regression_is_not_stratified():
    with pytest.raises(ConfigError, match=r"split.order: stratified is by class, and a regression has none"):
        make_dataset(NUMBERS, {"train": 0.5, "order": "stratified", "seed": 0}, None, True)


def write_words(path, words: list[str]) -> dict:
    pd.DataFrame({"word": words, "y": np.arange(len(words)) % 2}).to_csv(path, index=False)
    return {"path": str(path), "target": "y"}


def test_rare_categories_are_gathered_as_the_training_rows_say(tmp_path):
    split = {"train": 40, "order": "as_given", "seed": 0}
    words = ["a"] * 15 + ["b"] * 15 + ["c"] * 6 + ["d"] * 4 + ["d"] * 30 + ["e"] * 5 + ["a"] * 5
    table = write_words(tmp_path / "words.csv", words)
    assert make_dataset({"table": table}, split).features.tolist() == ["word=a", "word=b", "word=c", "word=d"]
    for keys in ({"min_frequency": 7}, {"min_frequency": 0.16}, {"max_categories": 3}):
        dataset = make_dataset({"table": table | keys}, split)
        # Of all rows d has more than any other; of the training rows it is rare.
        assert dataset.features.tolist() == ["word=a", "word=b", "word=rare"]
        assert dataset.x_train.sum(axis=0).tolist() == [15, 15, 10]
        assert dataset.x_test.sum(axis=0).tolist() == [5, 0, 35]  # what no training row has is rare too


def test_a_column_of_very_many_categories_is_held_to_a_hundred(tmp_path):
    split = {"train": 400, "order": "as_given", "seed": 0}
    often = [f"often {number % 150}" for number in range(375)]  # the first 75 in three rows, the others in two
    once = [f"once {number}" for number in range(100)]
    dataset = make_dataset({"table": write_words(tmp_path / "words.csv", often + once)}, split)
    assert len(dataset.features) == 100
    assert {f"word=often {number}" for number in range(75)} < {*dataset.features}
    assert "word=rare" in dataset.features
    assert not any("once" in name for name in dataset.features)


def test_test_rows_change_nothing_of_what_training_rows_become(tmp_path):
    generator = np.random.default_rng(0)
    split = {"train": 60, "order": "as_given", "seed": 0}
    table = pd.DataFrame(
        {
            "word": generator.choice(["a", "b", "c", "d", "e"], 100, p=[0.4, 0.3, 0.2, 0.05, 0.05]),
            "number": [f"{number:.1f} kg" for number in generator.normal(5, 1, 100)],
            "gaps": np.where(generator.random(100) < 0.7, "?", generator.integers(0, 9, 100).astype(str)),
            "y": generator.choice(["low", "high"], 100),
        }
    )
    other = table.copy()
    other.loc[60:, "word"] = "d"
    other.loc[60:, "number"] = "1e6 kg"
    other.loc[60:, "gaps"] = "?"
    trained = []
    for number, each in enumerate((table, other)):
        path = tmp_path / f"{number}.csv"
        each.to_csv(path, index=False)
        description = {"path": str(path), "target": "y", "min_frequency": 5}
        trained.append(make_dataset({"table": description}, split).x_train)
    np.testing.assert_array_equal(*trained)
    path = tmp_path / "trained on.csv"
    other.iloc[::-1].to_csv(path, index=False)
    assert not np.array_equal(make_dataset({"table": description | {"path": str(path)}}, split).x_train, trained[0])
