"""The default study's answers for new rows, against 30,000 rows drawn from the same blobs.

The study is trained once more here, with the fresh rows beside its own test rows, which trains alike.
"""

import math

import numpy as np
import pytest
import yaml
from sklearn.datasets import make_blobs

from batchscope.data.prepare import make_dataset
from batchscope.evidence.comparisons import compare
from batchscope.evidence.crossed import estimate_mean, means_and_parts
from batchscope.study.config import check_config
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.setting import Setting
from batchscope.training.checkpoint import Checkpoint
from batchscope.training.engines import Way
from batchscope.training.task import make_task
from batchscope.training.train import train
from tests.checkout import ROOT
from tests.unit.tables import populations, row_by_row

FRESH = 30_000
BATCH_SIZES = ("4", "32", "256", "full")
REFERENCE = "full"


@pytest.fixture(scope="module")
def right(tmp_path_factory) -> dict[str, np.ndarray]:
    """Batch size -> what each training gets right, 1 or 0, of the study's 500 test rows and then of the fresh ones."""
    spec = check_config(yaml.safe_load((ROOT / "config.yaml").read_text()))["studies"]["blobs"]
    blobs = spec["dataset"]["make_blobs"]
    *_, centers = make_blobs(**blobs, return_centers=True)
    x, y = make_blobs(n_samples=FRESH, centers=centers, cluster_std=blobs["cluster_std"], random_state=12345)
    own = make_dataset(spec["dataset"], spec["split"])
    dataset = own._replace(
        x_test=np.concatenate([own.x_test, x.astype(np.float32)]), y_test=np.concatenate([own.y_test, y])
    )
    study = KerasPlan("blobs", spec, train_rows=500, multiplications=0)
    found = {}
    for batch_size in BATCH_SIZES:
        training = study.training(batch_size)
        task = make_task(dataset, **training["task"])
        checkpoint = Checkpoint(tmp_path_factory.mktemp("checkpoint"), "key")
        groups = {"own": task.replicates(training["replicates"])}
        [result, *_] = train(task, [0.01], groups, Way("compiled"), 3000, checkpoint)["own"]
        found[batch_size] = result.rows["test"].correct.astype(float)
    return found


def differences(right: dict[str, np.ndarray], batch_size: str) -> tuple[np.ndarray, float]:
    """From the reference: those of the study's own test rows (trainings, rows), and their mean on the fresh ones."""
    pairs = right[batch_size] - right[REFERENCE]
    return pairs[:, :-FRESH], pairs[:, -FRESH:].mean()


@pytest.mark.parametrize(("batch_size", "on_own", "on_fresh"), [("256", -0.0020, 0.0041), ("32", -0.0151, -0.0029)])
def test_what_an_audit_found_on_30_000_rows_of_its_own_comes_out(right, batch_size, on_own, on_fresh):
    """256 is above 500, which the own rows deny, and 32 is hardly below. Within what two draws of rows differ by."""
    own, fresh = differences(right, batch_size)
    _, parts = means_and_parts((right[batch_size] - right[REFERENCE])[None, :, -FRESH:])
    assert own.mean() == pytest.approx(on_own, abs=0.003)
    assert fresh == pytest.approx(on_fresh, abs=3 * math.sqrt(2 * parts.rows[0]))
    assert math.copysign(1, fresh) == math.copysign(1, on_fresh)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_an_accuracy_on_fresh_rows_lies_in_its_interval(right, batch_size):
    estimate = estimate_mean(right[batch_size][:, :-FRESH], seed=0)
    assert estimate.low < right[batch_size][:, -FRESH:].mean() < estimate.high


@pytest.mark.parametrize("batch_size", BATCH_SIZES[:-1])
def test_a_difference_on_fresh_rows_lies_in_its_interval(right, batch_size):
    own, fresh = differences(right, batch_size)
    estimate = estimate_mean(own, seed=0)
    assert estimate.low < fresh < estimate.high


@pytest.mark.parametrize("batch_size", ["256", "32"])
def test_the_interval_over_trainings_alone_does_not_hold_it(right, batch_size):
    own, fresh = differences(right, batch_size)
    alone = estimate_mean(own.mean(axis=1), seed=0)
    assert not alone.low < fresh < alone.high


def test_verdicts_on_this_split_agree_with_the_fresh_rows(right):
    """None is called better or worse that is not, nor equivalent."""
    own = row_by_row({500 if size == "full" else int(size): values[:, :-FRESH] for size, values in right.items()})
    compared = compare(populations(own), Setting(500, 0.1), {"test_accuracy": 0.01}, seed=0).set_index("batch_size")
    for batch_size in BATCH_SIZES[:-1]:
        _, fresh = differences(right, batch_size)
        right_verdicts = ["undecided", "worse" if fresh < 0 else "better", *["equivalent"] * int(abs(fresh) < 0.01)]
        assert compared.loc[int(batch_size), "verdict_on_this_split"] in right_verdicts
