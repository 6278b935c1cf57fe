import pytest
import yaml

from batchscope.study.config import SCHEMA
from batchscope.study.scores import METRICS, SCORES, more_is_better


@pytest.mark.parametrize(
    ("measure", "better"),
    [
        *((f"test_{score}", score != "loss") for score in SCORES),
        *((f"validation_{score}_volatility", False) for score in SCORES),
        *((time, False) for time in ("epochs_to_target", "seconds_to_target")),
    ],
)
def test_of_scores_but_the_loss_more_is_better_and_of_all_else_less(measure, better):
    assert more_is_better(measure) == better


def test_the_schema_knows_every_score_with_its_target_and_margins():
    study = yaml.safe_load(SCHEMA.read_text())["$defs"]["study"]["properties"]
    assert study["metrics"]["items"]["enum"] == list(METRICS)
    assert sorted(study["score"]["enum"]) == sorted(set(SCORES) - {"loss"})
    assert {f"target_{score}" for score in SCORES} <= study.keys()
    margins = study["comparisons"]["properties"]["margins"]["properties"]
    assert {f"test_{score}{which}" for score in SCORES for which in ("", "_volatility")} <= margins.keys()
