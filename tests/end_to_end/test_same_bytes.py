"""A result follows from its config: the same bytes however it is run."""

import io

import pandas as pd
import pytest

STUDY = """
studies:
  blobs:
    dataset: {make_blobs: {n_samples: 1000, centers: 3, n_features: 2, cluster_std: 2, random_state: 2}}
    split: {train: 500}
    model: [{Dense: {units: 50, activation: relu, kernel_initializer: he_uniform}}]
    optimizer: {SGD: {momentum: 0.9}}
    epochs: 10
    new_splits: {replicates: 30}
    batch_sizes: [4, full]
    learning_rates: [0.01, 0.03, 0.1]
    budgets: {}
    explorer: {boundary: true, confusion: true}
    claims:
      narrower: {statement: s, measure: usable_octaves, of: {batch_size: full}, against: {batch_size: 4}, below: 0}
      equal: {statement: s, measure: test_accuracy_at_equal_epochs, of: {batch_size: 4}, above: 0.5}
figures: {formats: [svg, pdf, png]}
"""
TWO_THREADS = ("--set-threads", *(f"train_batch_size_{name}=2" for name in (4, "full")))


@pytest.fixture(scope="module")
def runs(make_checkout) -> list[dict[str, bytes]]:
    """The files of two runs: one job at a time with one thread, and two at a time with two threads each."""
    runs = []
    for arguments in (("--cores", "1"), ("--cores", "4", *TWO_THREADS)):
        checkout = make_checkout(STUDY)
        checkout.run(*arguments)
        runs.append({name: (checkout.folder / name).read_bytes() for name in checkout.files()})
        threads = 2 if TWO_THREADS[0] in arguments else 1
        assert f"CPU threads: {threads}" in runs[-1]["results/blobs/logs/train_batch_size_4.log"].decode()
    return runs


def test_histories_have_the_same_bytes_on_any_number_of_cores_and_threads(runs):
    one, other = runs
    names = [name for name in one if name.endswith((".parquet", ".npz"))]
    assert len(names) == 11
    assert [name for name in names if one[name] != other[name]] == []


def test_figures_have_the_same_bytes(runs):
    one, other = runs
    of_seconds = ("time_to_target", "budgets")  # which differ
    names = [name for name in one if "/figures/" in name and not any(figure in name for figure in of_seconds)]
    assert len(names) == 18
    assert [name for name in names if one[name] != other[name]] == []


def test_the_evidence_has_the_same_bytes(runs):
    one, other = runs
    for name in ("comparisons", "claims", "rates"):
        assert one[f"results/blobs/metrics/{name}.csv"] == other[f"results/blobs/metrics/{name}.csv"]


def test_only_seconds_are_another_budget(runs):
    tables = [pd.read_csv(io.BytesIO(run["results/blobs/metrics/budgets.csv"])) for run in runs]
    one, other = (table[table["budget"] != "seconds"] for table in tables)
    assert set(one["budget"]) == {"epochs", "updates", "train_loss"}
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    trainings = [pd.read_csv(io.BytesIO(run["results/blobs/metrics/budget_trainings.csv"])) for run in runs]
    one, other = (table[[name for name in table if "seconds" not in name]] for table in trainings)
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_scores_at_budgets_are_in_the_histories_and_are_claimed(runs):
    metrics = {name: run for name, run in runs[0].items() if "/metrics/" in name}
    replicates, trainings, claims, rates = (
        pd.read_csv(io.BytesIO(metrics[f"results/blobs/metrics/{name}.csv"]))
        for name in ("replicates", "budget_trainings", "claims", "rates")
    )
    keys = ["batch_size", "learning_rate", "replicate"]
    ends, at_end = (table.sort_values(keys, ignore_index=True) for table in (replicates, trainings))
    pd.testing.assert_series_equal(
        at_end["test_accuracy_at_equal_epochs"], ends["test_accuracy"], check_names=False, check_exact=True
    )
    small, full = (rates.set_index("batch_size")["usable_octaves_mean"][size] for size in (4, 500))
    assert claims["estimate"].tolist() == pytest.approx(
        [
            full - small,
            at_end.query("batch_size == 4 and learning_rate == 0.01")["test_accuracy_at_equal_epochs"].mean(),
        ]
    )
    assert "not measured" not in claims["verdict"].tolist()
