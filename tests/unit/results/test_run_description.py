import json

import pandas as pd

from batchscope.results.run_description import describe
from batchscope.results.run_histories import read_runs
from batchscope.results.runs import find_runs


def test_what_became_of_the_runs(tmp_path):
    rows = [
        (8, 0.1, "a", 1, 0.5),
        (8, 0.1, "a", 2, 0.6),
        (8, 0.1, "b", 1, 0.5),
        (8, 0.1, "b", 2, float("nan")),
        (16, 0.1, "b", 1, 0.7),
    ]
    table = pd.DataFrame(rows, columns=["batch_size", "learning_rate", "replicate", "epoch", "test_accuracy"])
    table.to_csv(tmp_path / "runs.csv", na_rep="nan", index=False)
    runs = find_runs({"table": str(tmp_path / "runs.csv"), "columns": {}, "paired": True})
    history, _, remarks = read_runs(runs, {}, "accuracy", 100)
    described = describe(history, runs, "accuracy", True, remarks)
    of_8 = {"setting": "batch size 8, learning rate 0.1", "runs": 2, "epochs": [2, 2], "diverged": 1, "missing": []}
    of_16 = {"setting": "batch size 16, learning rate 0.1", "runs": 1, "epochs": [1, 1], "diverged": 0}
    assert described == {"runs": 3, "settings": [of_8, of_16 | {"missing": ["replicate a"]}], "remarks": []}
    assert json.loads(json.dumps(described)) == described
    assert describe(history, runs, "accuracy", False, [])["settings"][1]["missing"] == []
