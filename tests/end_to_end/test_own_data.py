"""A table of the user's own, through the real Snakemake, in a folder whose name few tools expect."""

import os

import numpy as np
import pandas as pd
import pytest

from tests.checkout import Checkout, make_checkout

TABLE = "Daten/Käfer und Falter.csv"
CONFIG = f"""
studies:
  own:
    dataset: {{table: {{path: {TABLE}, target: Art, drop: [Nummer]}}}}
    split: {{train: 24, validation: 8, order: shuffled, seed: 1, groups: Fundort}}
    model: [{{Dense: {{units: 4}}}}]
    optimizer: SGD
    epochs: 2
    replicates: 2
    batch_sizes: [8, full]
    learning_rates: [0.01]
figures: {{formats: [svg]}}
"""
FILES = ("results/own/figures/dataset.svg", "results/own/history/batch_size_8.parquet")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    checkout = make_checkout(tmp_path_factory.mktemp("own data") / "Übung 1", CONFIG)
    (checkout.folder / "Daten").mkdir()
    rows = np.arange(160)
    table = pd.DataFrame(
        {
            "Nummer": [f"K{row}" for row in rows],
            "Länge": np.where(rows % 7 == 0, np.nan, rows / 10),
            "Farbe": np.where(rows % 5 == 0, None, np.array(["rot", "blau"])[rows % 2]),
            "Fundort": rows // 4,
            "Art": np.array(["Käfer", "Falter"])[rows % 2],
        }
    )
    table.to_csv(checkout.folder / TABLE, index=False)
    return checkout


def test_a_table_is_prepared_and_trained_on_and_again_after_it_changes(checkout):
    printed = checkout.run("--cores", "2", *FILES)
    said = (
        "own: 160 rows (96 train, 32 validation, 32 test); 2 classes, the largest 50% of the training rows; 5 columns: "
    )
    assert said + "1 number, 1 category, 1 dropped, groups, target" in printed.splitlines()
    assert "column 'Länge': number, 23 missing" in checkout.read("results/own/logs/prepare_dataset.log").splitlines()
    with np.load(checkout.folder / "results/own/dataset.npz") as arrays:
        assert arrays["labels"].tolist() == ["Falter", "Käfer"]
        assert arrays["features"].tolist() == ["Länge", "Farbe=blau", "Farbe=rot", "Farbe=missing"]
        assert [len(arrays[f"y_{part}"]) for part in ("train", "validation", "test")] == [96, 32, 32]
    assert checkout.rules_due(*FILES) == set()
    path = checkout.folder / TABLE
    path.write_text(path.read_text() + "K160,1.5,rot,40,Falter\n")
    os.utime(path, (0, 0))  # as a copy of an older file may have it
    assert checkout.rules_due(*FILES) == {"prepare_dataset", "plot_dataset", "train_batch_size_8"}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "Käfer und Falter.csv",
            "Käfer.csv",
            "studies.own.dataset.table.path: there is no file 'Daten/Käfer.csv'; did you mean 'Käfer und Falter.csv'?",
        ),
        (
            "target: Art",
            "target: Arten",
            f"studies.own.dataset.table.target: {TABLE!r} has no column 'Arten'; did you mean 'Art'?",
        ),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(checkout, tmp_path, old, new, line):
    mistaken = checkout.copy(tmp_path / "Übung 2")
    mistaken.configure(CONFIG.replace(old, new))
    before = mistaken.files()
    done = mistaken.snakemake()
    [printed] = [text for text in done.stderr.splitlines() if not text.startswith("Using workflow specific profile")]
    assert (printed, done.returncode, done.stdout) == (line, 1, "")
    assert mistaken.files() == before


def test_all_that_cannot_be_read_is_told_and_files_may_lie_at_home(tmp_path):
    checkout = make_checkout(tmp_path / "checkout", CONFIG.replace(TABLE, "~/table.csv"))
    (tmp_path / "table.csv").write_text("Nummer;Fundort;Tag;Zeit;Art\n" + "K1;1;1.3.2020;12:30;Käfer\n" * 9)
    done = checkout.snakemake("--dry-run", HOME=str(tmp_path))
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("studies.")]
    places = (
        "studies.own.dataset.table, column 'Tag': it holds dates",
        "studies.own.dataset.table, column 'Zeit': it holds",
    )
    assert [line.startswith(place) for line, place in zip(lines, places, strict=True)] == [True, True]
