"""A result follows from its config: the same bytes however it is run."""

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
    learning_rates: [0.01]
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
    assert len(names) == 9
    assert [name for name in names if one[name] != other[name]] == []


def test_figures_have_the_same_bytes(runs):
    one, other = runs
    names = [name for name in one if "/figures/" in name and "time_to_target" not in name]  # seconds differ
    assert len(names) == 15
    assert [name for name in names if one[name] != other[name]] == []


def test_the_evidence_has_the_same_bytes(runs):
    one, other = runs
    for name in ("comparisons", "claims"):
        assert one[f"results/blobs/metrics/{name}.csv"] == other[f"results/blobs/metrics/{name}.csv"]
