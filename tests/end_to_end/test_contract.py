"""The workflow writes every file of the contract, and what stands in them hangs together."""

import numpy as np
import pandas as pd
import pytest

EPOCHS, REPLICATES, TRAIN_ROWS = 12, 5, 150
SETTINGS = [(8, 0.01), (8, 0.001), (100, 0.01), (100, 0.001), (150, 0.05)]


def test_the_files_are_those_of_the_contract(finished):
    names = [path.removeprefix("results/small/") for path in finished.files()]
    kept = [name for name in names if name.split("/")[0] not in ("logs", "benchmarks", "timing")]
    figures = ("batch_sizes", "dataset", "learning_curve_whole")
    assert kept == sorted(
        [
            "dataset.npz",
            *(f"figures/{name}.{suffix}" for name in figures for suffix in ("pdf", "png", "svg")),
            *(f"history/batch_size_{name}.parquet" for name in ("8", "100", "full")),
            "metrics/history.parquet",
            "metrics/summary.csv",
        ]
    )


def test_every_rule_has_a_log_and_a_benchmark(finished):
    names = [path.removeprefix("results/small/") for path in finished.files()]
    rules = [name.removeprefix("logs/").removesuffix(".log") for name in names if name.startswith("logs/")]
    assert len(rules) == 8
    assert {f"benchmarks/{rule}.tsv" for rule in rules} <= set(names)


def test_dataset(finished):
    with np.load(finished.folder / "results/small/dataset.npz") as arrays:
        assert set(arrays) == {"x_train", "y_train", "x_test", "y_test"}
        assert arrays["x_train"].shape == (150, 2)
        assert arrays["x_train"].dtype == np.float32
        assert np.issubdtype(arrays["y_test"].dtype, np.integer)


def test_history(finished):
    folder = finished.folder / "results/small"
    history = pd.read_parquet(folder / "metrics/history.parquet")
    assert list(history) == [
        *("batch_size", "learning_rate", "replicate", "epoch"),
        *("train_loss", "train_accuracy", "test_loss", "test_accuracy"),
    ]
    parts = pd.concat(pd.read_parquet(folder / f"history/batch_size_{name}.parquet") for name in ("8", "100", "full"))
    pd.testing.assert_frame_equal(
        history.sort_values(list(history)[:4], ignore_index=True),
        parts.sort_values(list(history)[:4], ignore_index=True),
    )
    counts = history.groupby(["batch_size", "learning_rate"]).size()
    assert set(counts.index) == set(SETTINGS)
    assert (counts == EPOCHS * REPLICATES).all()
    assert (history["epoch"].min(), history["epoch"].max(), history["replicate"].max()) == (1, EPOCHS, REPLICATES - 1)
    assert history["train_accuracy"].between(0, 1).all()
    assert np.isfinite(history["test_loss"]).all()


def test_summary(finished):
    folder = finished.folder / "results/small/metrics"
    summary = pd.read_csv(folder / "summary.csv").set_index(["batch_size", "learning_rate"])
    assert list(summary) == [
        *("replicates", "diverged", "updates_per_epoch"),
        *(f"{part}_accuracy_{what}" for part in ("train", "test") for what in ("mean", "sd", "low", "high")),
        *("test_accuracy_volatility", "target_accuracy", "epochs_to_target", "reached_target", "seconds_per_replicate"),
    ]
    assert set(summary.index) == set(SETTINGS)
    assert summary["updates_per_epoch"].to_dict()[8, 0.01] == 19
    history = pd.read_parquet(folder / "history.parquet")
    last = history[history["epoch"] == EPOCHS].groupby(["batch_size", "learning_rate"])["test_accuracy"].mean()
    for setting, mean in last.items():
        assert summary.loc[setting, "test_accuracy_mean"] == pytest.approx(mean, abs=1e-6)
    assert (summary["test_accuracy_low"] <= summary["test_accuracy_mean"]).all()
    assert (summary["seconds_per_replicate"] > 0).all()


def test_figures_are_what_their_names_say(finished):
    folder = finished.folder / "results/small/figures"
    starts = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG"}
    for path in folder.iterdir():
        assert path.read_bytes().startswith(starts[path.suffix])
    drawn = (folder / "batch_sizes.svg").read_text()  # Matplotlib keeps what it draws as comments
    for title in ("batch size 8", "batch size 100", "learning rate 0.01", "learning rate 0.001"):
        assert f"<!-- {title} -->" in drawn


def test_the_end_says_where_the_figures_are_and_a_second_run_does_nothing(finished):
    assert "Nothing to be done" in finished.run()
    (finished.folder / "results/small/figures/dataset.svg").unlink()
    assert "small: figures in results/small/figures" in finished.run()


def test_a_study_is_a_target_and_may_stand_in_a_file_of_its_own(finished):
    (finished.folder / "studies").mkdir()
    (finished.folder / "studies/mine.yaml").write_text(
        """
studies:
  mine:
    dataset: {make_moons: {n_samples: 60, noise: 0.2, random_state: 1}}
    split: {train: 0.5, order: stratified}
    model: []
    optimizer: Adam
    engine: fit
    epochs: 2
    replicates: 2
    batch_sizes: [full]
    learning_rates: [0.1]
"""
    )
    finished.run("--cores", "2", "mine", "--configfile", "studies/mine.yaml")
    assert (finished.folder / "results/mine/figures/batch_sizes.pdf").exists()
    assert (
        "Model.fit, as the config asks" in (finished.folder / "results/mine/logs/train_batch_size_full.log").read_text()
    )
    assert finished.rules_due() == set()
