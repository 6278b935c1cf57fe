"""What users take home, through the real Snakemake: predictions, and a model that works where Batchscope is not."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, root_mean_squared_error

from tests.checkout import Checkout, make_checkout

CONFIG = """
studies:
  kinds:
    dataset: {table: {path: plants.csv, target: kind, drop: [price], categories: [code]}}
    split: {train: 0.5, validation: 0.25, order: stratified}
    model: [{Dense: {units: 8, activation: relu}}, BatchNormalization]
    optimizer: Adam
    epochs: 4
    replicates: 3
    batch_sizes: [8, 32]
    learning_rates: [0.01, 0.05]
    keep: {predictions: true, models: recommended}
  prices:
    dataset: {table: {path: plants.csv, target: price, categories: [code]}}
    split: {train: 0.5, validation: 0.25, order: shuffled}
    model: [{Dense: {units: 8, activation: relu}}]
    loss: MeanSquaredError
    optimizer: Adam
    epochs: 4
    replicates: 3
    new_splits: {replicates: 2}
    batch_sizes: [8]
    learning_rates: [0.05]
    claims: {near: {statement: It is near, measure: validation_rmse, of: {batch_size: 8}, below: 1000}}
    keep: {predictions: true, models: recommended}
  plain:
    dataset: {table: {path: plants.csv, target: kind, drop: [price], categories: [code]}}
    split: {train: 0.5, validation: 0.25, order: stratified}
    model: []
    optimizer: Adam
    epochs: 1
    replicates: 2
    batch_sizes: [8]
    learning_rates: [0.01]
figures: {formats: [svg]}
"""
PARTS = ("test", "validation")


def plants() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    rows = np.arange(160)
    height = generator.normal(50, 20, 160).round(2)
    return pd.DataFrame(
        {
            "height": np.where(rows % 7 == 0, np.nan, height),
            "soil": np.where(rows % 5 == 0, None, np.array(["sand", "loam", "NaCl", "clay"])[rows % 4]),
            "code": np.array(["01", "02", "?"])[rows % 3],
            "kind": np.array(["fern", "moss"])[(height + rows % 4 * 10 > 60).astype(int)],
            "price": (200 + 3 * height + generator.normal(0, 9, 160)).round(2),
        }
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Checkout:
    checkout = make_checkout(tmp_path_factory.mktemp("keep"), CONFIG)
    plants().to_csv(checkout.folder / "plants.csv", index=False)
    checkout.run("--cores", "2", "kinds", "prices", "results/plain/metrics/recommendation.csv")
    return checkout


def predictions(checkout: Checkout, study: str) -> pd.DataFrame:
    paths = (checkout.folder / f"results/{study}/predictions").glob("*.parquet")
    return pd.concat(map(pd.read_parquet, paths))


def rows_of_parts(checkout: Checkout, study: str, column: str) -> np.ndarray:
    """The rows of the table in the order of the dataset, found by a column that differs in every row."""
    from batchscope.data.prepare import read_split_rows

    spec = json.loads((checkout.folder / f"results/{study}/provenance.json").read_text())["config"]["studies"][study]
    table = spec["dataset"]["table"] | {"path": str(checkout.folder / "plants.csv")}
    rows = read_split_rows({"table": table}, spec["split"], None, regression=study == "prices")
    return np.concatenate([rows.parts[part] for part in ("train", "test", "validation")])


def test_the_predictions_of_classes_are_those_that_the_metrics_count(finished):
    table = predictions(finished, "kinds")
    assert list(table) == [
        *("batch_size", "learning_rate", "schedule", "replicate", "part", "row", "target", "prediction"),
        *("probability_fern", "probability_moss"),
    ]
    assert len(table) == 2 * 2 * 3 * 80
    probabilities = table[["probability_fern", "probability_moss"]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert (probabilities.idxmax(axis=1).str.removeprefix("probability_") == table["prediction"]).all()
    order = rows_of_parts(finished, "kinds", "height")
    assert (table["target"] == plants()["kind"].to_numpy()[order[table["row"]]]).all()
    replicates = pd.read_csv(finished.folder / "results/kinds/metrics/replicates.csv")
    for row in replicates.to_dict("records"):
        own = table[(table[["batch_size", "learning_rate", "replicate"]] == [row[key] for key in
                     ("batch_size", "learning_rate", "replicate")]).all(axis=1)]  # fmt: skip
        for part in PARTS:
            of_part = own[own["part"] == part]
            assert accuracy_score(of_part["target"], of_part["prediction"]) == pytest.approx(row[f"{part}_accuracy"])


def test_the_predictions_of_numbers_are_in_their_unit_and_so_are_the_errors(finished):
    table = predictions(finished, "prices")
    assert list(table)[-3:] == ["row", "target", "prediction"]
    order = rows_of_parts(finished, "prices", "price")
    np.testing.assert_allclose(table["target"], plants()["price"].to_numpy()[order[table["row"]]], rtol=1e-6)
    replicates = pd.read_csv(finished.folder / "results/prices/metrics/replicates.csv")
    errors = ["test_rmse", "test_mae", "validation_rmse", "validation_mae"]
    assert list(replicates)[-5:] == [*errors, "usable_octaves"]
    for replicate, row in replicates.set_index("replicate").iterrows():
        for part in PARTS:
            own = table[(table["replicate"] == replicate) & (table["part"] == part)]
            assert root_mean_squared_error(own["target"], own["prediction"]) == pytest.approx(row[f"{part}_rmse"], 1e-5)
            assert mean_absolute_error(own["target"], own["prediction"]) == pytest.approx(row[f"{part}_mae"], 1e-5)
    folder = finished.folder / "results/prices"
    assert (pd.read_csv(folder / "metrics/new_splits.csv")["test_rmse"] > 1).all()
    assert pd.read_csv(folder / "metrics/claims.csv")["verdict"].notna().all()
    assert ">test RMSE</th>" in (folder / "tables/summary.html").read_text()
    assert "| validation RMSE | validation MAE |" in (folder / "metrics/recommendation.md").read_text()


@pytest.mark.parametrize("study", ["kinds", "prices"])
def test_the_model_predicts_the_same_in_a_process_without_batchscope(finished, tmp_path, study):
    folder = finished.folder / f"results/{study}/model"
    about = json.loads((folder / "model.json").read_text())
    table = predictions(finished, study)
    keys = ["batch_size", "learning_rate", "replicate", "part"]
    own = table[(table[keys] == [*(about[key] for key in keys[:3]), "validation"]).all(axis=1)]
    replicates = pd.read_csv(finished.folder / f"results/{study}/metrics/replicates.csv")
    of_setting = replicates[(replicates[keys[:2]] == [about[key] for key in keys[:2]]).all(axis=1)]
    scores = of_setting.set_index("replicate")[f"validation_{'accuracy' if study == 'kinds' else 'loss'}"]
    assert about["replicate"] == (scores.idxmax() if study == "kinds" else scores.idxmin())
    plants().iloc[rows_of_parts(finished, study, "price")[own["row"]]].to_csv(tmp_path / "new.csv", index=False)
    _, code, _ = (folder / "README.md").read_text().split("```")
    code = code.removeprefix("python").replace(f"results/{study}", str(finished.folder / f"results/{study}"))
    kept = "probabilities" if study == "kinds" else "predicted"
    code += (
        f'import sys\nassert "batchscope" not in sys.modules\nnp = sys.modules["numpy"]\nnp.save("kept.npy", {kept})\n'
    )
    code += 'Path("predicted.json").write_text(json.dumps(list(predicted)))\n' * (study == "kinds")
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    columns = ["probability_fern", "probability_moss"] if study == "kinds" else "prediction"
    np.testing.assert_allclose(np.load(tmp_path / "kept.npy"), own[columns], rtol=1e-5, atol=1e-5)
    if study == "kinds":
        assert json.loads((tmp_path / "predicted.json").read_text()) == own["prediction"].tolist()


def test_what_is_kept_has_its_checksums_and_what_is_not_asked_for_is_not_written(finished):
    recorded = json.loads((finished.folder / "results/kinds/provenance.json").read_text())["sha256"]
    names = ("model.keras", "preprocessing.joblib", "model.json", "README.md")
    assert {*(f"model/{name}" for name in names), "predictions/batch_size_8.parquet"} <= set(recorded)
    assert not (finished.folder / "results/plain/predictions").exists()
    assert (finished.folder / "results/plain/rows/batch_size_8.parquet").exists()


def test_only_predictions_that_were_not_kept_train_again(finished):
    targets = ("kinds", "plain")
    finished.change_config(lambda config: config["studies"]["kinds"].pop("keep"))
    try:
        assert not any(rule.startswith("train") for rule in finished.rules_due("kinds"))
        finished.change_config(lambda config: config["studies"]["plain"].update(keep={"models": "recommended"}))
        due = finished.rules_due(*targets)
        assert "keep_model" in due
        assert not any(rule.startswith("train") for rule in due)
        finished.change_config(lambda config: config["studies"]["plain"].update(keep={"predictions": True}))
        due = finished.rules_due(*targets)
        assert [rule for rule in due if rule.startswith("train")] == ["train_batch_size_8_and_predict"]
    finally:
        finished.configure(CONFIG)
