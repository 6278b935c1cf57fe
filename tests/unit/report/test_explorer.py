"""What the explorer of a study holds, and that the page is whole."""

import gzip
import json
import math
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.comparisons import compare
from batchscope.evidence.metrics import measure_replicates, summarize
from batchscope.evidence.trainings import THIS_SPLIT, Trainings
from batchscope.report.explorer import (
    chosen_at_first,
    drawing_library,
    pack,
    read_curves,
    read_explorer,
    thin,
    write_explorer,
)
from batchscope.study.setting import Setting
from tests.unit.tables import history, timing

TEMPLATES = Path(__file__).parents[3] / "workflow/report"
SMALL, LARGE = Setting(4, 0.1), Setting(16, 0.1)
SECONDS = {SMALL: 2.0, LARGE: 0.5}  # of one epoch of eight replicates
EPOCHS, REPLICATES = 6, 8


def unpacked(packed: dict) -> pd.DataFrame:
    values = np.frombuffer(gzip.decompress(b64decode(packed["gzip"])), np.float64)
    return pd.DataFrame(values.reshape(len(packed["columns"]), packed["rows"]).T, columns=packed["columns"])


@pytest.fixture(scope="module")
def tables() -> dict:
    """A study of two settings; replicate 7 of the larger batch diverged after its first epoch."""
    random = np.random.default_rng(0)
    curves = {setting: random.uniform(0.5, 0.9, (REPLICATES, EPOCHS)) for setting in (SMALL, LARGE)}
    curves[LARGE][7, 1:] = math.nan
    of_epochs = pd.concat(history(values.tolist(), setting) for setting, values in curves.items())
    seconds = pd.concat(timing(setting, (REPLICATES, EPOCHS, EPOCHS * SECONDS[setting])) for setting in SECONDS)
    replicates = measure_replicates(of_epochs, seconds, "accuracy", 0.8)
    trainings = {THIS_SPLIT: Trainings(replicates)}
    margins = {"test_accuracy": 0.01, "epochs_to_target": 2}
    return {
        "history": of_epochs,
        "timing": seconds,
        "trainings": trainings,
        "summary": summarize(replicates, "accuracy", 0.8, 0),
        "compared": compare(trainings, LARGE, margins, 0),
    }


@pytest.fixture(scope="module")
def study() -> dict:
    named = {"title": "1 < 2", "score": "accuracy", "margin": 0.01, "seed": 0, "of_rows": True, "counted_in": "epoch"}
    return named | {"reference": [*LARGE]}


def test_curves_are_those_of_the_history_to_the_last_digit(tables, study):
    curves = unpacked(read_explorer(**tables, study=study)["curves"])
    given = tables["history"].sort_values(["batch_size", "replicate", "epoch"])
    assert list(curves) == [
        *("setting", "replicate", "epoch", "updates", "seconds"),
        *("train_accuracy", "test_accuracy", "train_loss", "test_loss"),
    ]
    for column in ("replicate", "epoch", "updates", "train_accuracy", "test_accuracy", "train_loss", "test_loss"):
        np.testing.assert_array_equal(curves[column], given[column], err_msg=column)
    np.testing.assert_array_equal(curves["setting"], given["batch_size"] == 16)
    per_epoch = np.where(curves["setting"] == 1, SECONDS[LARGE], SECONDS[SMALL]) / REPLICATES
    np.testing.assert_allclose(curves["seconds"], curves["epoch"] * per_epoch)


def test_final_values_means_and_differences_are_those_of_the_tables(tables, study):
    explorer = read_explorer(**tables, study=study)
    finals = unpacked(explorer["finals"])
    replicates = tables["trainings"][THIS_SPLIT].replicates
    np.testing.assert_array_equal(finals["test_accuracy"], replicates["test_accuracy"])
    assert (explorer["replicates"], explorer["diverged"]) == ([8, 8], [0, 1])
    for setting, row in zip(explorer["summary"], tables["summary"].to_dict("records")):
        assert setting["test_accuracy"] == [row[f"test_accuracy_{name}"] for name in ("mean", "low", "high")]
    of_small, of_large = explorer["compared"]["by_reference"]
    [row] = tables["compared"].query("measure == 'test_accuracy'").to_dict("records")
    assert of_large == {
        0: {
            "difference": row["difference"],
            "low": row["low_on_this_split"],
            "high": row["high_on_this_split"],
            "verdict": row["verdict_on_this_split"],
        }
    }
    [other_way] = of_small.values()
    assert other_way["difference"] == pytest.approx(-row["difference"])


def test_a_difference_from_any_setting_is_that_of_the_table_with_this_reference(tables, study):
    by_reference = read_explorer(**tables, study=study)["compared"]["by_reference"]
    [row] = compare(tables["trainings"], SMALL, {"test_accuracy": 0.01}, 0).to_dict("records")
    shown = by_reference[0][1]
    assert list(shown.values()) == [
        row[name] for name in ("difference", "low_on_this_split", "high_on_this_split", "verdict_on_this_split")
    ]


def curves_of(settings: int, replicates: int, measurements: int) -> pd.DataFrame:
    table = pd.MultiIndex.from_product(
        [range(settings), range(replicates), range(1, measurements + 1)], names=["setting", "replicate", "epoch"]
    ).to_frame(index=False)
    return table.assign(test_accuracy=0.5)


def test_curves_that_fit_are_left_as_they_are():
    curves = curves_of(2, 3, 200)
    thinned, words = thin(curves, most_values=len(curves))
    pd.testing.assert_frame_equal(thinned, curves)
    assert words == []


def test_measurements_are_thinned_evenly_and_the_first_and_last_stay():
    thinned, words = thin(curves_of(2, 3, 201), most_values=2 * 3 * 41)
    assert words == ["Curves have 41 of up to 201 measurements, evenly spaced."]
    for _, run in thinned.groupby(["setting", "replicate"]):
        assert run["epoch"].tolist() == [*range(1, 202, 5)]


def test_of_short_curves_replicates_are_thinned_and_said_to_be():
    thinned, words = thin(curves_of(10, 12, 20), most_values=10 * 20 * 5)
    assert sorted(thinned["replicate"].unique()) == [0, 1, 2, 3, 4]
    assert thinned.groupby(["setting", "replicate"]).size().eq(20).all()
    assert words == ["Curves are of the first 5 of 12 replicates; final values and differences are of all."]


def test_settings_of_unequal_length_are_each_thinned_by_its_own():
    long, short = curves_of(1, 1, 100), curves_of(2, 1, 10).query("setting == 1")
    thinned, _ = thin(pd.concat([long, short]), most_values=1)
    assert thinned.groupby("setting").size().tolist() == [25, 10]


def test_replicates_of_unequal_length_keep_the_same_measurements_so_that_medians_are_of_all():
    long, short = curves_of(1, 1, 100), curves_of(1, 2, 90).query("replicate == 1")
    thinned, _ = thin(pd.concat([long, short]), most_values=1)
    of_long, of_short = (set(run["epoch"]) for _, run in thinned.groupby("replicate"))
    assert len(of_long) == 25
    assert of_short == {epoch for epoch in of_long if epoch <= 90}


def test_settings_with_replicates_of_their_own_numbers_keep_as_many_of_them():
    seeds = curves_of(3, 12, 20).eval("replicate = replicate + 100 * setting")
    thinned, words = thin(seeds, most_values=3 * 20 * 5)
    assert thinned.groupby("setting")["replicate"].nunique().tolist() == [5, 5, 5]
    assert words == ["Curves are of the first 5 of 12 replicates; final values and differences are of all."]


def test_of_too_many_settings_those_drawn_at_first_are_compared_with_each_other():
    settings = [Setting(size, 0.1) for size in range(1, 20)]
    of_epochs = pd.concat(history([[0.5, 0.5 + size.batch_size / 100]] * 6, size) for size in settings)
    seconds = pd.concat(timing(setting, (6, 2, 1.0)) for setting in settings)
    trainings = {THIS_SPLIT: Trainings(measure_replicates(of_epochs, seconds, "accuracy", 0.8))}
    replicates = trainings[THIS_SPLIT].replicates
    named = {"title": "", "score": "accuracy", "margin": 0.01, "seed": 0, "of_rows": True, "counted_in": "epoch"}
    explorer = read_explorer(
        of_epochs,
        seconds,
        trainings,
        summarize(replicates, "accuracy", 0.8, 0),
        compare(trainings, settings[1], {"test_accuracy": 0.01}, 0),
        named | {"reference": [*settings[1]]},
    )
    first = explorer["first"]
    assert (len(first), first[0], first[-1]) == (12, 0, 18)
    compared = {number: of_others.keys() for number, of_others in enumerate(explorer["compared"]["by_reference"])}
    assert compared.pop(1) == {*range(19)} - {1}
    assert compared == {number: {*first} - {number} if number in first else set() for number in compared}
    assert explorer["compared"]["by_reference"][18][0]["difference"] == pytest.approx(-0.18)
    assert "all are compared with batch size 2, learning rate 0.1, and the 12" in explorer["words"][0]


def test_seconds_that_are_not_known_are_nan():
    seconds = timing(SMALL, (1, 3, math.nan))
    curves = read_curves(history([[0.5, 0.6, 0.7]]), seconds, [SMALL], by_run=True)
    assert curves["seconds"].isna().all()
    assert curves["epoch"].tolist() == [1, 2, 3]


def test_the_page_is_whole_and_its_data_cannot_end_its_script(tables, study, tmp_path):
    explorer, library = read_explorer(**tables, study=study), drawing_library(tmp_path)
    for name in ("one", "two"):
        write_explorer(explorer, TEMPLATES, library, tmp_path / f"{name}.html")
    page = (tmp_path / "one.html").read_text()
    assert page == (tmp_path / "two.html").read_text()
    assert "<h1>1 &lt; 2</h1>" in page
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data)["title"] == "1 < 2"
    assert page.count("</script>") == 3
    assert "default-src 'none'" in page
    assert len(page) < 1_200_000


def test_the_drawing_library_is_bound_once_and_again_where_it_is_damaged(tmp_path):
    library = drawing_library(tmp_path)
    assert "vegaEmbed" in library
    [kept] = tmp_path.glob("*.js")
    bound = kept.stat().st_mtime_ns
    assert drawing_library(tmp_path) == library
    assert kept.stat().st_mtime_ns == bound
    kept.write_text("half of it")
    assert drawing_library(tmp_path) == library


def test_tables_are_packed_without_loss():
    table = pd.DataFrame({"a": [1.0, 2.0, math.nan], "b": [0.1, 1e300, -0.0]})
    pd.testing.assert_frame_equal(unpacked(pack(table)), table)


def summary_of(sizes: int, rates: int, best: float) -> tuple[pd.DataFrame, list[Setting]]:
    """The mean scores of all pairs of a batch size and a rate, the highest at the rate that is best."""
    settings = [Setting(2**size, float(rate)) for size in range(sizes) for rate in range(1, rates + 1)]
    means = [-abs(setting.learning_rate - best) for setting in settings]
    return pd.DataFrame(settings).assign(test_accuracy_mean=means, replicates=8, diverged=0), settings


def test_few_settings_are_all_chosen_at_first():
    summary, settings = summary_of(4, 3, best=2)
    assert chosen_at_first(summary, "accuracy", settings) == [*range(12)]


def test_of_many_settings_those_at_the_best_rate_are_chosen_at_first():
    summary, settings = summary_of(5, 11, best=4)
    chosen = [settings[number] for number in chosen_at_first(summary, "accuracy", settings)]
    assert chosen == [Setting(2**size, 4.0) for size in range(5)]
    summary["validation_accuracy_mean"] = -abs(summary["learning_rate"] - 7)
    chosen = [settings[number] for number in chosen_at_first(summary, "accuracy", settings)]
    assert chosen == [Setting(2**size, 7.0) for size in range(5)]


def test_of_many_batch_sizes_some_are_chosen_at_first_from_the_smallest_to_the_largest():
    summary, settings = summary_of(23, 1, best=1)
    assert chosen_at_first(summary, "accuracy", settings) == [*range(0, 23, 2)]
