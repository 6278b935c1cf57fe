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
from batchscope.report.explorer import pack, read_curves, read_explorer, thin, write_explorer
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
    named = {"title": "1 < 2", "score": "accuracy", "margin": 0.01, "seed": 0, "of_rows": True}
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


def test_curves_of_unequal_length_are_each_thinned_by_its_own(tables):
    long, short = curves_of(1, 1, 100), curves_of(1, 2, 10).query("replicate == 1")
    thinned, _ = thin(pd.concat([long, short]), most_values=1)
    lengths = thinned.groupby("replicate").size()
    assert lengths.tolist() == [25, 10]


def test_too_many_settings_are_compared_with_the_study_s_own_reference_alone():
    settings = [Setting(size, 0.1) for size in range(1, 20)]
    of_epochs = pd.concat(history([[0.5, 0.5 + size.batch_size / 100]] * 6, size) for size in settings)
    seconds = pd.concat(timing(setting, (6, 2, 1.0)) for setting in settings)
    trainings = {THIS_SPLIT: Trainings(measure_replicates(of_epochs, seconds, "accuracy", 0.8))}
    replicates = trainings[THIS_SPLIT].replicates
    explorer = read_explorer(
        of_epochs,
        seconds,
        trainings,
        summarize(replicates, "accuracy", 0.8, 0),
        compare(trainings, settings[-1], {"test_accuracy": 0.01}, 0),
        {"title": "", "score": "accuracy", "margin": 0.01, "seed": 0, "of_rows": True, "reference": [*settings[-1]]},
    )
    *others, own = explorer["compared"]["by_reference"]
    assert not any(others)
    assert len(own) == 18
    assert "the reference is fixed" in explorer["words"][0]


def test_seconds_that_are_not_known_are_nan():
    seconds = timing(SMALL, (1, 3, math.nan))
    curves = read_curves(history([[0.5, 0.6, 0.7]]), seconds, [SMALL], by_run=True)
    assert curves["seconds"].isna().all()
    assert curves["epoch"].tolist() == [1, 2, 3]


def test_the_page_is_whole_and_its_data_cannot_end_its_script(tables, study, tmp_path):
    explorer = read_explorer(**tables, study=study)
    for name in ("one", "two"):
        write_explorer(explorer, TEMPLATES, tmp_path / f"{name}.html")
    page = (tmp_path / "one.html").read_text()
    assert page == (tmp_path / "two.html").read_text()
    assert "<h1>1 &lt; 2</h1>" in page
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data)["title"] == "1 < 2"
    assert page.count("</script>") == 3
    assert "default-src 'none'" in page
    assert len(page) < 1_200_000


def test_tables_are_packed_without_loss():
    table = pd.DataFrame({"a": [1.0, 2.0, math.nan], "b": [0.1, 1e300, -0.0]})
    pd.testing.assert_frame_equal(unpacked(pack(table)), table)
