import math

import numpy as np
import pandas as pd
import pytest

from batchscope.evidence.steps_to_result import HALFWAY, read_tables, tables
from batchscope.report.steps_words import steps_in_words
from tests.unit import simulated_steps


@pytest.fixture
def updates() -> pd.DataFrame:
    return simulated_steps.study(np.random.default_rng(0), replicates=20, octaves=0.5)[0]["test"]


@pytest.fixture
def words(tmp_path):
    def words(updates: pd.DataFrame, parts: tuple[str, ...] = ("test",)) -> list[str]:
        files = tmp_path / "steps.csv", tmp_path / "scaling.csv"
        for table, file in zip(tables(dict.fromkeys(parts, updates) | {HALFWAY: updates - 1}, True, 0), files):
            table.to_csv(file, index=False)
        return steps_in_words(*read_tables(*files), "loss", 0.25)

    return words


def test_the_law_is_said_with_the_batch_sizes_of_each_regime(words, updates):
    law, chosen = words(updates)
    assert law.startswith("Of the updates to a test loss of 0.25 the critical batch size is 6")
    assert "At 2, at most a tenth of that, twice the batch size takes half the updates" in law
    assert "At 8, 32, 128, 512 returns diminish." in law
    assert "At 2048, at least ten times that," in law
    assert "On average a batch size is 4 % off the law. The fewest updates are " in law
    assert chosen.startswith("Without validation rows")
    assert len(words(updates, ("test", "validation"))) == 1


def test_regimes_that_are_not_seen_are_named_and_so_is_what_is_not_in_the_fit(words, updates):
    updates.loc[2] = math.inf
    law, _, left_out = words(updates)
    assert "Perfect scaling is not seen here" in law
    assert left_out == "Not in the fit of updates to a test loss of 0.25: 2 (most replicates never get there)."


def test_what_is_not_determined_is_said_once_with_what_to_try(words, updates):
    law, _, left_out = words(updates.groupby(level="batch_size").head(1))
    assert law.endswith(
        "is not determined: 0 batch sizes can be fitted, where 3 are needed: try a wider grid of learning rates."
    )
    assert ": 2, 8, 32, 128, 512, 2048 (one learning rate was tried" in left_out
    law, *_ = words(updates.loc[[2, 8, 32]])
    assert "it may lie above 32" in law
    assert "Nor are the fewest updates: no batch size in the fit is surely large enough" in law
    law, *_ = words(updates.loc[[128, 512, 2048]])
    assert "it may lie below 128" in law
    assert "The fewest updates are " in law
