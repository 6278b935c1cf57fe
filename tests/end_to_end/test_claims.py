"""Claims about the settings of two studies."""

import numpy as np
import pandas as pd
import pytest
import yaml

from batchscope.study.setting import Setting, rows_of

CLAIMS = """
early: {statement: Two epochs do as well as twelve, measure: test_accuracy, above: 0, source: "A 2019, section 4",
        of: {batch_size: 8}, against: {study: small, batch_size: 8, learning_rate: 0.001}}
seeds: {statement: Other seeds do as well, measure: test_accuracy, within: [-1, 1], control: true,
        of: {batch_size: 8}, against: {study: small, batch_size: 8, learning_rate: 0.001}}
"""
# Two epochs, measured within each too, at the learning rate 0.001.
SHORT = "{updates: 38, evaluate_every: {epochs: 0.5}, learning_rates: {at: 4, rates: [0.0005], scaling: linear}}"
AT_8 = Setting(8, 0.001)
JUDGED = [f"results/{name}/metrics/claims.csv" for name in ("early", "seeds")]


def test_two_studies_are_compared_in_pairs_where_their_trainings_begin_alike(finished):
    """Of studies with shorter trainings, of which one has other seeds."""
    config = yaml.safe_load((finished.folder / "config.yaml").read_text())
    longer = {key: value for key, value in config["studies"]["small"].items() if key != "epochs"}
    short = {"batch_sizes": [8], "learning_curves": {}, "questions": {}} | yaml.safe_load(SHORT)
    for name, claim in yaml.safe_load(CLAIMS).items():
        config["studies"][name] = longer | short | {"claims": {name: claim}}
    config["studies"]["seeds"]["seed"] = 1
    finished.configure(yaml.safe_dump(config, sort_keys=False))
    finished.run("--cores", "2", *JUDGED)

    def measured(study: str) -> np.ndarray:
        table = pd.read_csv(finished.folder / f"results/{study}/metrics/replicates.csv")
        return rows_of(AT_8, table)["test_accuracy"].to_numpy()

    early, seeds = (pd.read_csv(finished.folder / path).iloc[0] for path in JUDGED)
    assert early["estimate"] == pytest.approx((measured("early") - measured("small")).mean())
    assert (early["paired"], early["over"], early["against_study"]) == (True, "rows and trainings", "small")
    assert (seeds["paired"], seeds["over"], seeds["control"]) == (False, "trainings", True)
    assert seeds["basis"] == "not in pairs, so over trainings alone: the studies differ in seed"
    first = [
        rows_of(AT_8, history[history["epoch"] == 1])["test_accuracy"].to_numpy()
        for study in ("small", "early", "seeds")
        for history in [pd.read_parquet(finished.folder / f"results/{study}/history/batch_size_8.parquet")]
    ]
    np.testing.assert_array_equal(first[0], first[1])  # pairs are the same training until one ends
    assert (first[0] != first[2]).any()

    history = pd.read_parquet(finished.folder / "results/early/history/batch_size_8.parquet")
    assert history["updates"].unique().tolist() == [10, 19, 28, 38]
    assert history["epoch"].unique().tolist() == [10 / 19, 1, 28 / 19, 2]

    finished.change_config(lambda config: config["studies"]["small"].update(target_accuracy=0.7))
    assert "judge_claims" in finished.rules_due(*JUDGED[:1])
