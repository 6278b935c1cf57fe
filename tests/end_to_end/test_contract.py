"""The workflow writes every file of the contract, and what stands in them hangs together."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.checkout import ROOT

EPOCHS, REPLICATES, TRAIN_ROWS = 12, 5, 150
SCORES = ("accuracy", "loss")
METRICS = ("balanced_accuracy", "f1_macro", "roc_auc")
MEASURES = [f"{part}_{score}" for part in ("test", "validation") for score in SCORES]
SETTINGS = [(8, 0.01), (8, 0.001), (100, 0.01), (100, 0.001), (150, 0.05)]


def test_the_files_are_those_of_the_contract(finished):
    names = [path.removeprefix("results/small/") for path in finished.files() if path.startswith("results/small/")]
    assert {"results/index.html", "results/report.html", "results/findings.rst"} <= set(finished.files())
    kept = [name for name in names if name.split("/")[0] not in ("logs", "benchmarks", "timing")]
    figures = ("batch_sizes", "dataset", "learning_curve_whole", "final_accuracy", "volatility", "time_to_target")
    figures += ("answer_Q1", "which_is_best")
    assert kept == sorted(
        [
            *("dataset.json", "dataset.npz", "explorer.html", "index.html"),
            *(f"figures/{name}.{suffix}" for name in figures for suffix in ("pdf", "png", "svg")),
            *(f"history/batch_size_{name}.parquet" for name in ("8", "100", "full")),
            "metrics/history.parquet",
            *(
                f"metrics/{name}.csv"
                for name in (
                    *("claims", "comparisons", "new_splits", "recommendation", "replicates", "summary", "timing"),
                )
            ),
            "metrics/recommendation.md",
            *(f"network/batch_size_{name}.npz" for name in ("8", "100", "full")),
            *(f"new_splits/batch_size_{name}.parquet" for name in ("8", "100", "full")),
            "provenance.json",
            *(f"rows/batch_size_{name}.parquet" for name in ("8", "100", "full")),
            *(f"tables/{name}.html" for name in ("claims", "comparisons", "dataset", "methods", "summary")),
            *("tables/claims.tex", "tables/numbers.tex", "tables/summary.tex"),
        ]
    )


def test_the_docs_have_every_file(finished):
    listed = (ROOT / "docs/results.md").read_text().partition("| in `results/<study>/` |")[2]
    rows = [line.split("|")[1] for line in listed.splitlines() if line.startswith("| `")]
    names = [re.sub("<.*?>", "*", name) for row in rows for name in re.findall(r"`(.+?)`", row)]
    patterns = [f"results/small/{name}{'*' if name.endswith('/') else ''}" for name in names]
    written = [path for path in finished.files() if path.startswith("results/small/")]
    assert [path for path in written if not any(fnmatch(path, pattern) for pattern in patterns)] == []


def test_every_rule_has_a_log_and_a_benchmark(finished):
    names = [path.removeprefix("results/small/") for path in finished.files()]
    rules = [name.removeprefix("logs/").removesuffix(".log") for name in names if name.startswith("logs/")]
    assert len(rules) == 20
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
        *("train_loss", "train_accuracy", "test_loss", "test_accuracy", "updates", "schedule"),
        *("validation_loss", "validation_accuracy"),
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


def test_what_is_right_row_by_row_adds_up_to_the_histories(finished):
    folder = finished.folder / "results/small"
    rows = pd.concat(pd.read_parquet(folder / f"rows/batch_size_{name}.parquet") for name in ("8", "100", "full"))
    assert list(rows) == [
        *("batch_size", "learning_rate", "schedule", "on", "replicate"),
        *(f"{part}_{what}" for part in ("test", "validation") for what in ("rows", "correct", "loss")),
        *(f"{part}_{metric}" for part in ("test", "validation") for metric in METRICS),
        *("test_error", "validation_error"),
    ]
    assert set(rows["on"]) == {"this split"}
    assert all(tested.tolist() == [*range(150, 300)] for tested in rows["test_rows"])
    keys = ["batch_size", "learning_rate", "replicate"]
    right = rows.set_index(keys)["test_correct"].map(np.mean)
    history = pd.read_parquet(folder / "metrics/history.parquet")
    last = history[history["epoch"] == EPOCHS].set_index(keys)["test_accuracy"]
    pd.testing.assert_series_equal(right.sort_index(), last.sort_index(), check_names=False, check_exact=True)


def test_without_new_splits_there_are_no_trainings_on_them(finished):
    folder = finished.folder / "results/small"
    assert len(pd.read_parquet(folder / "new_splits/batch_size_8.parquet")) == 0
    new_splits, replicates = (pd.read_csv(folder / f"metrics/{name}.csv") for name in ("new_splits", "replicates"))
    assert list(new_splits) == list(replicates)
    assert len(new_splits) == 0


def test_summary(finished):
    folder = finished.folder / "results/small/metrics"
    summary = pd.read_csv(folder / "summary.csv").set_index(["batch_size", "learning_rate"])
    assert list(summary) == [
        *("replicates", "diverged", "updates_per_epoch"),
        *(f"{part}_accuracy_{what}" for part in ("train", "test") for what in ("mean", "sd", "low", "high")),
        *("test_accuracy_volatility", "target_accuracy", "epochs_to_target", "reached_target", "seconds_per_replicate"),
        *("schedule", "test_loss_volatility", "target_loss"),
        *(
            f"{measure}_{what}"
            for measure in ("train_loss", "test_loss", "validation_accuracy", "validation_loss")
            for what in ("mean", "sd", "low", "high")
        ),
        "epochs_to_first_touch",
        *(f"test_{score}_late_{what}" for score in SCORES for what in ("mean", "sd", "low", "high")),
        *(f"test_{score}_iqm" for score in SCORES),
        *(f"{measure}_{bound}_on_this_split" for measure in MEASURES for bound in ("low", "high")),
        *("replicates_on_new_splits", "diverged_on_new_splits"),
        *(f"{measure}_{what}_on_new_splits" for measure in MEASURES for what in ("mean", "low", "high")),
        *("test_guess", "validation_guess"),
        *(
            f"{part}_{error}_{what}"
            for part in ("test", "validation")
            for error in ("rmse", "mae")
            for what in ("mean", "sd", "low", "high")
        ),
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
    for path in filter(Path.is_file, folder.iterdir()):
        assert path.read_bytes().startswith(starts[path.suffix])
    drawn = (folder / "batch_sizes.svg").read_text()  # Matplotlib keeps what it draws as comments
    for title in ("batch size 8", "batch size 100", "learning rate 0.01", "learning rate 0.001"):
        assert f"<!-- {title} -->" in drawn


def test_the_end_says_where_the_figures_are_and_a_second_run_does_nothing(finished):
    assert "Nothing to be done" in finished.run()
    (finished.folder / "results/small/figures/dataset.svg").unlink()
    printed = finished.run()
    assert "small: what to take in results/small/metrics/recommendation.md, figures in results/small/figures" in printed
    assert "open results/index.html in a browser" in printed


def test_comparisons(finished):
    comparisons = pd.read_csv(finished.folder / "results/small/metrics/comparisons.csv")
    assert set(comparisons["measure"]) == {"test_accuracy", "test_accuracy_volatility", "epochs_to_target"}
    settings = comparisons.groupby("measure").size()
    assert (settings == len(SETTINGS) - 1).all()
    assert (comparisons["reference_batch_size"] == 150).all()
    assert comparisons["verdict"].isin(["better", "worse", "equivalent", "undecided"]).all()
    replicates = pd.read_csv(finished.folder / "results/small/metrics/replicates.csv")
    means = replicates.groupby(["batch_size", "learning_rate"])["test_accuracy"].mean()
    for row in comparisons[comparisons["measure"] == "test_accuracy"].itertuples():
        expected = means[row.batch_size, row.learning_rate] - means[150, 0.05]
        assert row.difference == pytest.approx(expected)


def test_the_recommendation_says_what_to_take_first(finished):
    text = (finished.folder / "results/small/metrics/recommendation.md").read_text()
    title, advice, *_ = text.split("\n\n")
    assert title == "# What to take: small"
    summary = pd.read_csv(finished.folder / "results/small/metrics/summary.csv")
    best = summary.loc[summary["test_accuracy_mean"].idxmax()]
    few, needed, so_far = re.fullmatch(r"\*\*(.*), train at least (\d+): (.*)\*\*", advice).groups()
    assert few == f"{REPLICATES} replicates decide nothing"
    assert int(needed) >= 6
    assert so_far == (
        f"so far batch size {best['batch_size']} at learning rate {best['learning_rate']:g} has the best final test "
        "accuracy."
    )
    assert f"| {best['batch_size']} | {best['learning_rate']:g} |" in text


def test_claims(finished):
    claims = pd.read_csv(finished.folder / "results/small/metrics/claims.csv").set_index("claim")
    assert list(claims.index) == ["C1", "C2"]
    assert claims["verdict"].isin(["holds", "does not hold", "undecided"]).all()
    assert claims.loc["C1", "replicates"] == REPLICATES
    assert 0 <= claims.loc["C1", "reported_percentile"] <= 1


def test_a_study_is_a_target_and_may_stand_in_a_file_of_its_own(finished):
    """With what the small study has not: a schedule, validation rows, new splits, ensembles, the pace and Model.fit."""
    (finished.folder / "studies").mkdir()
    (finished.folder / "studies/mine.yaml").write_text(
        """
studies:
  mine:
    dataset: {make_moons: {n_samples: 60, noise: 0.2, random_state: 1}}
    split: {train: 0.5, validation: 10, order: stratified}
    model: []
    optimizer: Adam
    engine: fit
    epochs: 2
    replicates: 2
    new_splits: {replicates: 3}
    batch_sizes: [full, {10: 1, full: 2}]
    learning_rates: [0.1]
    ensembles: {batch_size: {10: 1, full: 2}, members: 2, repeats: 2}
    pace: {processes: 1}
    claims:
      together: {statement: Two are better than one, measure: ensemble_gain, above: 0}
"""
    )
    finished.run("--cores", "2", "mine", "--configfile", "studies/mine.yaml")
    folder = finished.folder / "results/mine"
    assert (folder / "figures/batch_sizes.pdf").exists()
    assert (folder / "figures/ensembles.svg").exists()
    assert "Model.fit: as the config asks" in (folder / "logs/train_batch_size_full.log").read_text()
    summary = pd.read_csv(folder / "metrics/summary.csv").set_index("schedule")
    assert summary.loc["10x1_fullx2", "updates_per_epoch"] == pytest.approx(5 / 3, abs=1e-6)
    history = pd.read_parquet(folder / "history/batch_size_10x1_fullx2.parquet")
    assert history[history["replicate"] == 0]["updates"].tolist() == [3, 4, 5]
    new_splits = pd.read_csv(folder / "metrics/new_splits.csv")
    assert new_splits.groupby("schedule")["replicate"].apply(list).to_dict() == {
        "10x1_fullx2": [0, 1, 2],
        "constant": [0, 1, 2],
    }
    rows = pd.read_parquet(folder / "rows/batch_size_full.parquet")
    assert rows["on"].tolist() == ["this split"] * 2 + ["new splits"] * 3
    with np.load(folder / "splits.npz") as arrays:
        np.testing.assert_array_equal(np.stack(rows["test_rows"][2:]), arrays["rows"][:, 30:50])
    right = [correct.mean() for correct in rows["test_correct"][2:]]
    assert right == new_splits[new_splits["schedule"] == "constant"]["test_accuracy"].tolist()
    assert {"splits.npz", "rows/batch_size_full.parquet", "metrics/new_splits.csv", "pace/process_0.csv"} <= set(
        json.loads((folder / "provenance.json").read_text())["sha256"]
    )
    pace = pd.read_csv(folder / "metrics/pace.csv").set_index("schedule")
    assert pace[["way", "replicates", "processes"]].drop_duplicates().to_numpy().tolist() == [["Model.fit", 1, 1]]
    assert (pace["seconds_per_training"] > 0).all()
    assert {*pace.index} == {"constant", "10x1_fullx2"}
    assert (folder / "figures/pace.svg").exists()
    assert ">seconds Model.fit</th>" in (folder / "tables/summary.html").read_text()
    assert len(pd.read_csv(folder / "metrics/ensembles.csv")) == 4
    assert pd.read_csv(folder / "metrics/claims.csv")["replicates"].tolist() == [2]
    assert finished.rules_due() == set()
