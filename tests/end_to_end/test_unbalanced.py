"""A table of which one class is rare, judged by balanced accuracy and with weights of classes, to the report."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.utils.class_weight import compute_class_weight

from batchscope.report.words import capitalized
from tests.checkout import Checkout, make_checkout

CONFIG = """
studies:
  rare:
    dataset: {table: {path: rare.csv, target: sick}}
    split: {train: 200, validation: 100, order: stratified, seed: 1}
    model: []
    optimizer: Adam
    epochs: 4
    replicates: 2
    new_splits: {replicates: 2}
    batch_sizes: [20, full]
    learning_rates: [0.05]
    class_weight: balanced
    score: balanced_accuracy
    metrics: [roc_auc, f1_macro]
    target_balanced_accuracy: 0.5
    claims:
      C1: {statement: It sees the sick, measure: test_roc_auc, of: {batch_size: 20}, above: 0.5}
      C2: {statement: Twice the batch halves the updates, measure: critical_batch_size, above: 20}
    steps_to_result: {balanced_accuracy: 0.5}
    noise_scale: {every: {epochs: 2}, rows: 50}
    variance: {batch_sizes: [20], splits: 2, weights: 2, orders: 2}
figures: {formats: [svg]}
"""
METRICS = ["balanced_accuracy", "f1_macro", "roc_auc"]
COLUMNS = [f"{part}_{metric}" for part in ("test", "validation") for metric in METRICS]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    checkout = make_checkout(tmp_path_factory.mktemp("unbalanced") / "checkout", CONFIG)
    random = np.random.default_rng(0)
    sick = np.arange(500) % 10 == 0
    table = pd.DataFrame(random.normal(0, 1, (500, 3)) + sick[:, None], columns=list("abc"))
    table.assign(sick=np.where(sick, "yes", "no")).to_csv(checkout.folder / "rare.csv", index=False)
    return checkout


@pytest.fixture(scope="module")
def printed(checkout) -> str:
    return checkout.run("--cores", "2")


def test_everything_is_judged_by_the_score(checkout, printed):
    folder = checkout.folder / "results/rare"
    history = pd.read_parquet(folder / "metrics/history.parquet")
    assert list(history)[-6:] == COLUMNS
    assert history[COLUMNS].notna().all(axis=None)
    comparisons, ranked = (pd.read_csv(folder / f"metrics/{name}.csv") for name in ("comparisons", "recommendation"))
    assert {"test_balanced_accuracy", "test_balanced_accuracy_volatility"} < set(comparisons["measure"])
    summary = pd.read_csv(folder / "metrics/summary.csv")
    best = ranked[(ranked["on"] == "this split") & (ranked["goal"] == "score") & (ranked["verdict"] == "best")]
    assert best["mean"].tolist() == pytest.approx([summary["validation_balanced_accuracy_mean"].max()], abs=1e-6)
    assert pd.read_csv(folder / "metrics/claims.csv")["over"].tolist() == ["rows and trainings", "trainings"]
    assert pd.read_csv(folder / "metrics/variance.csv")["sd"].notna().all()
    assert (folder / "figures/final_balanced_accuracy.svg").exists()
    assert "balanced accuracy" in (folder / "figures/batch_sizes.svg").read_text()
    assert "test balanced accuracy" in (folder / "tables/summary.html").read_text()


def test_the_rows_say_the_score_that_scikit_learn_has(checkout, printed):
    folder = checkout.folder / "results/rare"
    rows = pd.read_parquet(folder / "rows/batch_size_20.parquet")
    history = pd.read_parquet(folder / "history/batch_size_20.parquet")
    new_splits = pd.read_parquet(folder / "new_splits/batch_size_20.parquet")
    with np.load(folder / "dataset.npz") as arrays:
        y = np.concatenate([arrays[f"y_{part}"] for part in ("train", "test", "validation")])
    for on, table in (("this split", history), ("new splits", new_splits)):
        last = table[table["epoch"] == 4].sort_values("replicate")
        of_rows = rows[rows["on"] == on].sort_values("replicate")
        for (_, one), measured in zip(of_rows.iterrows(), last["test_balanced_accuracy"]):
            truth = y[one["test_rows"]]
            predicted = np.where(one["test_correct"], truth, 1 - truth)
            assert measured == pytest.approx(balanced_accuracy_score(truth, predicted))
            assert one["test_balanced_accuracy"].mean() == pytest.approx(measured, abs=1e-4)


def test_what_guessing_has_stands_beside_and_a_target_that_it_reaches_is_warned_of(checkout, printed):
    folder = checkout.folder / "results"
    summary = pd.read_csv(folder / "rare/metrics/summary.csv")
    assert summary[["test_guess", "validation_guess"]].to_numpy().tolist() == [[0.5, 0.5]] * 2
    warning = "The target of 0.5 says little, as guessing the largest class has a {} balanced accuracy of 0.500; set"
    assert f"studies.rare: {warning.format('test')} target_balanced_accuracy above that." in printed.splitlines()
    assert warning.format("validation") in (folder / "rare/metrics/recommendation.md").read_text()
    guessing = "Guessing the largest class has a final validation balanced accuracy of 0.500."
    assert guessing in (folder / "findings.rst").read_text()


def test_steps_to_a_result_are_on_the_page_also_where_they_show_no_law(checkout, printed):
    folder = checkout.folder / "results/rare"
    steps, scaling = (pd.read_csv(folder / f"metrics/{name}.csv") for name in ("steps_to_result", "scaling"))
    history = pd.read_parquet(folder / "metrics/history.parquet").query("test_balanced_accuracy >= 0.5")
    reached = history.groupby(["batch_size", "replicate"])["updates"].min().groupby("batch_size").median()
    assert steps["updates"].tolist() == reached[steps["batch_size"]].tolist()
    assert steps["on_edge"].tolist() == ["only"] * 2
    assert scaling["quantity"].tolist() == ["fewest_updates", "critical_batch_size"]
    assert scaling["estimate"].isna().all()
    page = (folder / "index.html").read_text()
    for found in (page, (checkout.folder / "results/findings.rst").read_text()):
        assert "Of the updates to a test balanced accuracy of 0.5 the critical batch size is not determined" in found
    assert 'id="figure-steps_to_result"' in page
    claim, why = pd.read_csv(folder / "metrics/claims.csv").iloc[1], scaling["refused"][1]
    assert (claim["verdict"], claim["basis"]) == ("undecided", why)
    assert f"Twice the batch halves the updates: not determined, expected above 20. {capitalized(why)}." in page


def test_the_noise_scale_is_measured_with_weights_of_classes_and_told(checkout, printed):
    folder = checkout.folder / "results/rare"
    gradients = pd.read_csv(folder / "metrics/noise_scale_gradients.csv")
    assert gradients["layer"].isna().tolist() == [True] * 4 + [False] * 4  # two replicates at two moments; one layer
    assert gradients["test_balanced_accuracy"].notna().all()
    noise, summary = (pd.read_csv(folder / f"metrics/{name}.csv") for name in ("noise_scale", "noise_scale_summary"))
    assert noise["over"].tolist() == ["moment", "moment", "all", "to_result"] * 2
    assert summary["quantity"].tolist() == ["noise_scale", "noise_scale_growth", "noise_scale_of_critical"]
    assert summary["estimate"].isna().all()  # of two replicates
    page = (folder / "index.html").read_text()
    assert 'id="figure-noise_scale"' in page
    assert "How large a batch pays in steps the gradient noise scale does not say" in page


def test_a_class_that_is_not_there_is_a_mistake_before_anything_trains(checkout, tmp_path):
    mistaken = checkout.copy(tmp_path / "mistaken")
    mistaken.configure(CONFIG.replace("class_weight: balanced", "class_weight: {yess: 9}"))
    done = mistaken.snakemake()
    assert "studies.rare.class_weight: there is no class 'yess'; did you mean 'yes'?" in done.stderr.splitlines()
    assert done.returncode == 1


def test_weights_by_name_train_as_balanced_ones_that_are_equal(checkout, tmp_path, printed):
    with np.load(checkout.folder / "results/rare/dataset.npz") as arrays:
        weights = compute_class_weight("balanced", classes=np.array([0, 1]), y=arrays["y_train"])
    named = checkout.copy(tmp_path / "named")
    by_name = "class_weight: {{'no': {}, 'yes': {}}}".format(*map(float, weights))
    named.configure(CONFIG.replace("class_weight: balanced", by_name))
    path = "results/rare/history/batch_size_20.parquet"
    (named.folder / path).unlink()
    named.run("--cores", "2", path)
    assert (named.folder / path).read_bytes() == (checkout.folder / path).read_bytes()
