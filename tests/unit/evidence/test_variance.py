import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.variance import COLUMNS, decompose
from batchscope.study.setting import CONSTANT


def crossed(random: np.random.Generator, sds: dict[str, float], levels: int = 6) -> pd.DataFrame:
    """A crossed study whose score has these standard deviations."""
    index = np.indices((levels,) * 3).reshape(3, -1)
    table = pd.DataFrame(dict(zip(("split", "weights", "order"), index)))
    score = random.normal(0.8, sds["interaction"], len(table))
    for source in ("split", "weights", "order"):
        score += random.normal(0, sds[source], levels)[table[source]]
    setting = {"batch_size": 4, "learning_rate": 0.1, "schedule": CONSTANT, "diverged": False}
    return table.assign(test_accuracy=score, **setting)


@pytest.mark.slow
def test_what_each_source_makes_is_found_and_covered():
    """Variances are unbiased, so their means over studies are the truth."""
    random, sds = np.random.default_rng(0), {"split": 0.03, "weights": 0.01, "order": 0.02, "interaction": 0.015}
    studies = [decompose(crossed(random, sds), "test_accuracy").set_index("source") for _ in range(400)]
    assert list(studies[0].reset_index()[COLUMNS]) == COLUMNS
    for source, sd in sds.items():
        found = np.array([study.loc[source, ["sd", "low", "high"]].tolist() for study in studies], float)
        assert np.mean(found[:, 0] ** 2) == pytest.approx(sd**2, rel=0.1)
        covered = np.mean((found[:, 1] <= sd) & (sd <= found[:, 2]))
        assert covered >= 0.9
    assert sum(studies[0]["share"]) == pytest.approx(1)


def test_a_source_that_does_nothing_has_next_to_no_share():
    random, sds = np.random.default_rng(0), {"split": 0.03, "weights": 0, "order": 0, "interaction": 0.001}
    table = decompose(crossed(random, sds), "test_accuracy").set_index("source")
    assert table.loc["split", "share"] > 0.98
    assert table.loc["weights", "sd"] < 0.001


def test_a_setting_with_a_diverged_training_has_no_parts():
    table = crossed(np.random.default_rng(0), dict.fromkeys(("split", "weights", "order", "interaction"), 1.0))
    table.loc[3, ["test_accuracy", "diverged"]] = [math.nan, True]
    parts = decompose(table, "test_accuracy")
    assert parts["sd"].isna().all()
    assert (parts["diverged"] == 1).all()
