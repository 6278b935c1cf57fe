"""Histories as programs write them: Keras, Lightning, Hugging Face, W&B and the data of Shallue et al."""

import json
import math

import keras
import numpy as np
import pandas as pd
import pytest

from batchscope.results.history import SCHEMA, history_table, read_history, schema_with, write_history
from batchscope.results.run_histories import RunsError, read_runs
from batchscope.results.runs import Run, find_runs
from batchscope.study.setting import Setting

ROWS, BATCH_SIZE = 100, 32
UPDATES = 4  # of an epoch
NAN, INF = math.nan, math.inf


@pytest.fixture
def run(tmp_path):
    """Writes a file, and gives the run that it is the history of."""

    def write(rows: str | pd.DataFrame, replicate: int = 0, says: dict | None = None) -> Run:
        path = tmp_path / f"{replicate}.csv"
        if isinstance(rows, pd.DataFrame):
            rows.to_csv(path, index=False, na_rep="nan")
        else:
            path.write_text(rows)
        return Run(Setting(BATCH_SIZE, 0.1), replicate, f"replicate {replicate}", str(path), {}, says or {})

    return write


def curve(accuracies: list[float], first: int = 1, **columns) -> pd.DataFrame:
    epochs = range(first, first + len(accuracies))
    return pd.DataFrame(
        {"epoch": epochs, "test_loss": [1 - each for each in accuracies], "test_accuracy": accuracies}
    ).assign(**columns)


def read(*runs: Run, columns: dict | None = None, epochs: int | None = None, score: str = "accuracy") -> pd.DataFrame:
    table, _, _ = read_runs(runs, columns or {}, score, ROWS, epochs)
    return table.to_pandas()


def refused(*runs: Run, columns: dict | None = None, epochs: int | None = None, score: str = "accuracy") -> str:
    with pytest.raises(RunsError) as told:
        read_runs(runs, columns or {}, score, ROWS, epochs)
    return str(told.value)


def test_our_own_columns_are_read_as_they_are(run, tmp_path):
    values = np.linspace(0, 1, 36).reshape(2, 3, 6)
    ours = history_table(Setting(BATCH_SIZE, 0.1), [1, 2, 3], values, np.array([4, 8, 12]))
    rows = ours.to_pandas()
    runs = [
        run(of_run, replicate, {"replicate": replicate, "seed": 5}) for replicate, of_run in rows.groupby("replicate")
    ]
    table, seconds, remarks = read_runs(runs[::-1], {}, "accuracy", ROWS, 3)
    assert table.schema.equals(SCHEMA)
    pd.testing.assert_frame_equal(table.to_pandas(), rows)
    assert all(map(math.isnan, seconds))
    assert remarks == ["columns that are not used (schedule) in 2 runs"]
    write_history(table, tmp_path / "history.parquet")
    assert read_history(tmp_path / "history.parquet").equals(table)


def test_what_a_program_does_not_measure_is_nan(run):
    history = read(run("epoch,test_accuracy,test_roc_auc,validation_f1_macro\n2,.5,.6,.7\n1,.25,.3,.4\n"))
    assert list(history) == schema_with(["f1_macro", "roc_auc"]).names
    assert history["test_accuracy"].tolist() == [0.25, 0.5]
    assert history["validation_f1_macro"].tolist() == [0.4, 0.7]
    assert history[["train_loss", "test_loss", "test_f1_macro"]].isna().all(axis=None)
    assert history["updates"].tolist() == [UPDATES, 2 * UPDATES]


def test_keras_logs_are_counted_from_0(run, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.arange(200.0).reshape(ROWS, 2) / 200
    data = x, (x[:, 0] > 0.4).astype(int)
    callbacks = [keras.callbacks.CSVLogger(tmp_path / "0.csv"), keras.callbacks.TensorBoard(tmp_path / "events")]
    fitted = model.fit(*data, validation_data=data, batch_size=BATCH_SIZE, epochs=3, verbose=0, callbacks=callbacks)
    of_csv = run((tmp_path / "0.csv").read_text())
    columns = {"train_loss": "loss", "test_loss": "val_loss", "test_accuracy": "val_accuracy"}
    table, _, remarks = read_runs([of_csv], columns, "accuracy", ROWS, 3)
    assert table["epoch"].to_pylist() == [1, 2, 3]
    assert table["updates"].to_pylist() == [4, 8, 12]
    for name, column in columns.items():
        assert table[name].to_pylist() == pytest.approx(fitted.history[column])
    assert remarks[1:] == ["epochs are counted from 0 in 1 run"]
    of_events = of_csv._replace(path=str(tmp_path / "events"))
    tags = {"train_loss": "train/epoch_loss", "test_loss": "validation/epoch_loss"}
    columns = {"epoch": "step", "test_accuracy": "validation/epoch_accuracy"} | tags
    events, [seconds], _ = read_runs([of_events], columns, "accuracy", ROWS, 3)
    assert events.schema.equals(table.schema)
    pd.testing.assert_frame_equal(events.to_pandas(), table.to_pandas())
    assert 0 < seconds < 600


LIGHTNING = """epoch,lr-SGD,step,test_acc,train_loss_epoch,train_loss_step,val_acc,val_loss
,0.1,0,,,,,
0,,1,,,0.9,,
0,,3,,,0.8,,
0,,3,,,,0.5,0.7
0,,3,,0.85,,,
1,,5,,,0.7,,
1,,7,,,,0.6,0.6
1,,7,,0.65,,,
2,,8,0.61,,,,
"""


@pytest.mark.parametrize("epochs", [None, 2])
def test_half_empty_rows_of_lightning_are_put_together(run, epochs):
    columns = {"train_loss": "train_loss_epoch", "test_accuracy": "val_acc", "test_loss": "val_loss"}
    history = read(run(LIGHTNING), columns=columns, epochs=epochs)
    assert history[["epoch", *columns]].to_numpy().tolist() == [[1, 0.85, 0.5, 0.7], [2, 0.65, 0.6, 0.6]]
    columns["train_loss"] = "train_loss_step"
    table, _, remarks = read_runs([run(LIGHTNING)], columns, "accuracy", ROWS, epochs)
    assert table["train_loss"].to_pylist() == [0.8, 0.7]
    assert "of several train_loss in one epoch the last was taken in 1 run" in remarks


def test_fractions_of_epochs_of_hugging_face_s_trainer(tmp_path, run):
    logs = [
        {"epoch": 0.5, "step": 2, "loss": 0.9},
        {"epoch": 1.0, "step": 4, "loss": 0.8},
        {"epoch": 1.0, "step": 4, "eval_loss": 0.85, "eval_accuracy": 0.5},
        {"epoch": 1.5, "step": 6, "loss": 0.7},
        {"epoch": 1.75, "step": 7, "eval_loss": 0.8, "eval_accuracy": 0.6},
        {"epoch": 2.0, "step": 8, "train_runtime": 7.5, "train_loss": 0.8},
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, logs)))
    columns = {"train_loss": "loss", "test_loss": "eval_loss", "test_accuracy": "eval_accuracy", "updates": "step"}
    of_file = run("")._replace(path=str(path))
    table, _, remarks = read_runs([of_file], columns | {"seconds": "train_runtime"}, "accuracy", ROWS, 2)
    assert table["epoch"].to_pylist() == [1.0, 1.75]
    assert table["updates"].to_pylist() == [4, 7]
    np.testing.assert_array_equal(table["train_loss"].to_pylist(), [0.8, math.nan])
    assert "rows without test_accuracy were left out in 1 run" in remarks


def test_a_history_by_updates_has_fractions_of_epochs(run, tmp_path):
    of_run = run("updates,test_accuracy\n0,.1\n6,.5\n8,.6\n2,.3\n")
    table, _, remarks = read_runs([of_run], {}, "accuracy", ROWS, 2)
    assert table["epoch"].type == "double"
    assert table["epoch"].to_pylist() == [0.5, 1.5, 2.0]
    assert table["updates"].to_pylist() == [2, 6, 8]
    assert remarks == ["the row before training was left out in 1 run"]
    write_history(table, tmp_path / "history.parquet")
    assert read_history(tmp_path / "history.parquet").num_rows == 3


def test_updates_that_are_named_count_and_not_an_epoch_of_the_file(run):
    """As of Lightning where it validates twice in an epoch."""
    rows = "epoch,step,val_acc\n0,1,.5\n0,3,.6\n1,5,.7\n1,7,.8\n"
    columns = {"updates": "step", "test_accuracy": "val_acc"}
    assert read(run(rows), columns=columns)["epoch"].tolist() == [0.25, 0.75, 1.25, 1.75]
    problem = refused(run(rows), columns=columns | {"epoch": "epoch"})
    assert "epoch 0 stands twice, with test_accuracy 0.5 and 0.6" in problem


def test_what_shallue_and_others_published_can_be_read(tmp_path):
    """Their columns: a trial in a folder of its number below that of its batch size; its learning rate elsewhere."""
    header = (
        "step,train/cross_entropy_error,train/classification_error,test/cross_entropy_error,test/classification_error"
    )
    for batch_size in (64, 128):
        for trial in (1, 2):
            path = tmp_path / f"cnn/sgd/{batch_size}/{trial}/measurements.csv"
            path.parent.mkdir(parents=True)
            rows = [f"{step},{2 - step / 100},0.9,{2 - step / 90 / trial},{0.9 - step / 100}" for step in (0, 5, 15)]
            path.write_text("\n".join([header, *rows]))
    columns = {
        "learning_rate": 0.1,
        "updates": "step",
        "train_loss": "train/cross_entropy_error",
        "test_loss": "test/cross_entropy_error",
        "train_accuracy": {"column": "train/classification_error", "unit": "error"},
        "test_accuracy": {"column": "test/classification_error", "unit": "error"},
    }
    pattern = f"{tmp_path}/cnn/sgd/{{batch_size}}/{{replicate}}/measurements.csv"
    runs = find_runs({"path": pattern, "columns": columns, "paired": True})
    table, _, remarks = read_runs(runs, columns, "accuracy", 640)
    history = table.to_pandas()
    assert history[["batch_size", "replicate"]].drop_duplicates().to_numpy().tolist() == [
        [64, 0],
        [64, 1],
        [128, 0],
        [128, 1],
    ]
    assert history["epoch"].tolist() == [0.5, 1.5] * 2 + [1.0, 3.0] * 2
    assert history["test_accuracy"].tolist() == pytest.approx([0.15, 0.25] * 4)
    assert remarks == ["the row before training was left out in 4 runs"]


def test_an_export_of_weights_and_biases_can_be_read(tmp_path):
    rows = [
        {"name": f"run-{seed}", "config.batch_size": size, "config.lr": 0.1, "config.seed": seed}
        | {"_step": 10 * epoch + part, "_runtime": 2.5 * epoch + part, "_timestamp": 1.7e9 + epoch, "epoch": epoch}
        | ({"train/loss": seed / 10 + epoch} if part == 0 else {"val/acc": 10 * epoch + seed})
        for size, seeds in {16: (3, 11), 64: (11,)}.items()
        for seed in seeds
        for epoch in range(4 if size == 16 else 6)
        for part in (0, 1)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "export.csv")
    columns = {
        "batch_size": "config.batch_size",
        "learning_rate": "config.lr",
        "replicate": "config.seed",
        "seconds": "_runtime",
        "train_loss": "train/loss",
        "test_accuracy": {"column": "val/acc", "unit": "percent"},
    }
    runs = find_runs({"table": str(tmp_path / "export.csv"), "columns": columns, "paired": True})
    table, seconds, remarks = read_runs(runs, columns, "accuracy", ROWS)
    history = table.to_pandas()
    assert history.groupby(["batch_size", "replicate"])["epoch"].agg(list).to_dict() == {
        (16, 0): [1, 2, 3, 4],
        (16, 1): [1, 2, 3, 4],
        (64, 1): [1, 2, 3, 4, 5, 6],
    }
    of_run = history[(history["batch_size"] == 16) & (history["replicate"] == 1)]
    assert of_run["test_accuracy"].tolist() == pytest.approx([0.11, 0.21, 0.31, 0.41])
    assert of_run["train_loss"].tolist() == pytest.approx([1.1, 2.1, 3.1, 4.1])
    assert seconds == [8.5, 8.5, 13.5]
    assert remarks[0] == "columns that are not used (name, _step, _timestamp) in 3 runs"


def test_a_run_of_a_table_can_be_read_without_the_others(tmp_path):
    rows = pd.concat(
        [
            curve([0.1 * seed, 0.2], batch_size=size, learning_rate=0.1, replicate=seed)
            for size in (8, 16)
            for seed in (1, 2)
        ]
    )
    rows.to_parquet(tmp_path / "runs.parquet")
    runs = find_runs({"table": str(tmp_path / "runs.parquet"), "columns": {}, "paired": True})
    assert read(runs[3])["test_accuracy"].tolist() == [0.2, 0.2]
    assert read(runs[3])["batch_size"].tolist() == [16, 16]
    gone = runs[3]._replace(rows=runs[3].rows | {"replicate": 7})
    assert refused(*runs[:2], gone).endswith(f"has no rows in {str(tmp_path / 'runs.parquet')!r}")


def test_rates_that_are_nearly_the_same_are_told_apart(tmp_path):
    rates = 0.1, 0.10000000149011612
    rows = pd.concat([curve([0.1 + at, 0.2 + at], batch_size=8, learning_rate=rates[at], replicate=1) for at in (0, 1)])
    rows.drop(columns="test_accuracy").to_csv(tmp_path / "runs.csv", index=False)
    runs = find_runs({"table": str(tmp_path / "runs.csv"), "columns": {}, "paired": True})
    history = read(*runs, score="loss")
    assert history["learning_rate"].tolist() == [rates[0], rates[0], rates[1], rates[1]]
    assert history["test_loss"].tolist() == pytest.approx([0.9, 0.8, -0.1, -0.2])


def test_units_become_fractions(run):
    for unit, value in {"fraction": 0.75, "percent": 75, "error": 0.25, "percent_error": 25}.items():
        columns = {"test_accuracy": {"column": "a", "unit": unit}}
        assert read(run(f"epoch,a\n1,{value}\n"), columns=columns)["test_accuracy"].tolist() == [0.75]


@pytest.mark.parametrize(
    ("unit", "value", "message"),
    [
        ("fraction", 75, "its test_accuracy has 75 in row 1 which is no share of 1; set `unit: percent`"),
        ("error", 25, "has 25 in row 1, read as error, which is no share of 1; set `unit: percent_error`"),
        ("fraction", -0.5, "has -0.5 in row 1 which is no share of 1; correct it, or its `unit`"),
        ("percent", 101, "has 101 in row 1, read as percent, which is no share of 1; correct it, or its `unit`"),
    ],
)
def test_what_is_no_share_is_told_with_its_unit(run, unit, value, message):
    assert message in refused(run(f"epoch,a\n1,{value}\n"), columns={"test_accuracy": {"column": "a", "unit": unit}})


def test_the_row_before_training_is_left_out_where_it_is_one(run):
    assert read(run(curve([0.1, 0.2, 0.3], first=0)), epochs=3)["test_accuracy"].tolist() == [0.1, 0.2, 0.3]
    assert read(run(curve([0.1, 0.2, 0.3], first=0)), epochs=2)["test_accuracy"].tolist() == [0.2, 0.3]
    assert read(run(curve([0.1, 0.2, 0.3], first=0)))["epoch"].tolist() == [1, 2, 3]
    by_both = run(curve([0.1, 0.2, 0.3], first=0, updates=[0, 4, 8]))
    assert read(by_both)["test_accuracy"].tolist() == [0.2, 0.3]


def test_each_run_counts_its_epochs_whatever_is_read_with_it(run):
    from_0, from_1 = curve([0.1, 0.2, 0.3], first=0), curve([0.3, 0.2, 0.1])
    by_halves = "epoch,test_accuracy\n0,.1\n0.5,.2\n1,.3\n"
    untrained = curve([0.1, 0.5], first=0, updates=[0, 4])
    runs = [run(rows, replicate) for replicate, rows in enumerate([from_0, from_1, by_halves, untrained])]
    together = read(*runs)
    for of_run in runs:
        alone = read(of_run)
        of_both = together[together["replicate"] == of_run.replicate].reset_index(drop=True)
        assert of_both["epoch"].tolist() == alone["epoch"].tolist()
        assert of_both["test_accuracy"].tolist() == alone["test_accuracy"].tolist()
    assert together["epoch"].tolist() == [1, 2, 3, 1, 2, 3, 0.5, 1, 1]


def test_a_run_of_a_program_that_was_cut_short_counts_as_the_others_do(run):
    diverged = curve([0.1, 0.2, NAN], first=0)
    history = read(run(diverged), run(curve([0.1, 0.3, 0.4, 0.5, 0.6], first=0), 1), epochs=4)
    assert history["test_accuracy"].tolist()[0] == 0.2
    assert history["epoch"].tolist() == [1, 2, 3, 4] * 2


def test_seconds_are_those_since_the_run_began(run):
    _, seconds, _ = read_runs([run(curve([0.1, 0.2, 0.3], seconds=[2, NAN, 5]))], {}, "accuracy", ROWS)
    assert seconds == [5]
    problem = refused(run(curve([0.1, 0.2, 0.3], seconds=[2.5, 3, 2])))
    assert "its seconds fall to 2 in epoch 3, as those of single epochs do; count them from the run's begin" in problem


@pytest.mark.parametrize(("unit", "right"), [("percent", "fraction"), ("percent_error", "error")])
def test_what_is_no_percent_in_any_run_is_told(run, unit, right):
    columns = {"test_accuracy": {"column": "test_accuracy", "unit": unit}}
    low, high = run(curve([0.5, 1])), run(curve([0.5, 1.5]), 1)
    told = f"test_accuracy: no value is above 1, read as {unit.replace('_', ' ')}; set `unit: {right}`"
    assert refused(low, columns=columns) == told
    assert len(read(low, high, columns=columns)) == 4


@pytest.mark.parametrize(
    "columns",
    [
        {"test_loss": [1, NAN, NAN, NAN]},
        {"test_loss": [1, INF, 5, 5]},
        {"train_loss": [1, -INF, 5, 5]},
        {"test_accuracy": [0.5, NAN, 0.5, 0.5]},
    ],
)
def test_a_run_has_diverged_from_the_first_loss_or_score_on_that_is_not_finite(run, columns):
    rows = curve([0.5, 0.6, 0.5, 0.5], train_accuracy=0.5).assign(**columns)
    history = read(run(rows), epochs=4)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["test_accuracy"].tolist()[0] == 0.5
    assert history.loc[1:, ["train_accuracy", "test_loss", "test_accuracy"]].isna().all(axis=None)


def test_a_metric_that_is_not_defined_is_no_divergence(run):
    history = read(run(curve([0.5, 0.6], test_roc_auc=[NAN, 0.7])))
    assert history["test_accuracy"].tolist() == [0.5, 0.6]
    np.testing.assert_array_equal(history["test_roc_auc"], [NAN, 0.7])


def test_a_program_that_ends_where_it_diverged_is_filled_up(run):
    of_run = run("epoch,test_loss,test_accuracy\n1,0.5,0.5\n2,nan,0.1\n")
    table, _, remarks = read_runs([of_run], {}, "accuracy", ROWS, 5)
    history = table.to_pandas()
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert history["updates"].tolist() == [4, 8, 12, 16, 20]
    assert history["test_accuracy"].isna().tolist() == [False, True, True, True, True]
    assert remarks == ["a run that diverged and ended early was filled up to the last epoch in 1 run"]
    assert read(of_run)["epoch"].tolist() == [1, 2]  # nobody knows how many were due
    by_updates = run("updates,test_loss,test_accuracy\n3,0.5,0.5\n6,nan,0.1\n")
    assert read(by_updates, epochs=5)["epoch"].tolist() == [0.75, 1.5, 5]


@pytest.mark.parametrize(
    ("rows", "epochs", "problem"),
    [
        (curve([0.5] * 12), 30, "has 12 of the 30 epochs asked for"),
        (curve([0.5] * 12, first=0), 30, "has 12 of the 30 epochs asked for"),
        (curve([0.5] * 4), 3, "has 4 of the 3 epochs asked for"),
        ("updates,test_accuracy\n4,.5\n8,.5\n", 3, "has 2 of the 3 epochs asked for"),
        ("updates,test_accuracy\n4,.5\n8,.5\n13,.5\n", 3, "has 3.25 of the 3 epochs asked for, of 4 updates each"),
    ],
)
def test_a_program_has_the_epochs_that_it_was_asked_for(run, rows, epochs, problem):
    assert refused(run(rows), epochs=epochs) == f"batch size 32, learning rate 0.1, replicate 0: {problem}"


def test_a_program_need_not_evaluate_after_every_epoch(run):
    assert read(run("epoch,test_accuracy\n5,.5\n10,.6\n"), epochs=12)["epoch"].tolist() == [5, 10]
    assert "has 10 of the 15 epochs asked for" in refused(run("epoch,test_accuracy\n5,.5\n10,.6\n"), epochs=15)


def test_histories_that_are_there_may_have_any_length(run, tmp_path):
    table, *_ = read_runs([run(curve([0.1, 0.2])), run(curve([0.3]), 2)], {}, "accuracy", ROWS)
    assert table["replicate"].to_pylist() == [0, 0, 2]
    write_history(table, tmp_path / "history.parquet")
    assert read_history(tmp_path / "history.parquet").num_rows == 3


@pytest.mark.parametrize("column", ["test_loss", "test_accuracy"])
def test_cells_that_stay_empty_may_stand_for_nan_and_are_told(run, column):
    rows = curve([0.5, 0.6, 0.7, 0.8], lr=0.1)
    rows.loc[2:, column] = NAN
    of_run = run(rows.to_csv(index=False))  # as pandas writes NaN where nothing else is asked of it
    for epochs in (4, None):
        assert f"its {column} is empty after epoch 2; write nan where it is not finite" in refused(
            of_run, epochs=epochs
        )


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("epoch,test_accuracy\n1,.5\n2,.6\n1,.7\n2,.8\n", "epoch 1 stands twice, with test_accuracy 0.5 and 0.7, as"),
        ("updates,test_accuracy\n1,.5\n1,.7\n", "updates 1 stands twice, with test_accuracy 0.5 and 0.7"),
        ("epoch,test_accuracy\n1,.5\n,.6\n", "its column 'epoch' is empty in row 2, which has a test_accuracy"),
        ("epoch,test_accuracy\n1,.5\n-1,.6\n", "its column 'epoch' has -1 in row 2, which is no epoch"),
        ("epoch,test_accuracy\n1,.5\n1e300,.6\n", "its column 'epoch' has 1e+300 in row 2, which is no epoch"),
        ("updates,test_accuracy\n1,.5\n1e300,.6\n", "'updates' has 1e+300 in row 2, which is no whole number of"),
        (
            "epoch,test_accuracy\n1,.5\nnan,.6\n",
            "its column 'epoch' has what is not finite in row 2, which is no epoch",
        ),
        (
            "updates,test_accuracy\n1.5,.5\n",
            "its column 'updates' has 1.5 in row 1, which is no whole number of updates",
        ),
        ("epoch,updates,test_accuracy\n1,4,.5\n2,,.6\n", "its updates are empty in epoch 2"),
        ("epoch,test_accuracy\n1,\n2,\n", "its test_accuracy is empty in all rows"),
        ("epoch,test_accuracy\n1,n/a\n", "its column 'test_accuracy' has 'n/a' in row 1, which is no number"),
        (
            "epoch,test_acc\n1,.5\n",
            "it has no column for test_accuracy; name it; its columns are epoch, test_acc; did you mean 'test_acc'?",
        ),
        (
            "epochs,test_accuracy\n1,.5\n",
            "no column for epoch or updates; name one; its columns are epochs, test_accuracy; did you mean 'epochs'?",
        ),
        ("", "cannot be read: it is empty"),
    ],
)
def test_what_is_no_history_is_told(run, rows, problem):
    assert problem in refused(run(rows))


def test_a_column_that_the_config_names_has_to_be_there(run):
    problem = refused(run("epoch,val_acc\n1,.5\n"), columns={"test_accuracy": "val_accuracy"})
    assert (
        "it has no column 'val_accuracy' for test_accuracy; its columns are epoch, val_acc; did you mean 'val_acc'?"
        in problem
    )


def test_the_score_decides_which_column_has_to_be_there(run):
    assert read(run("epoch,test_loss\n1,2.5\n"), score="loss")["test_loss"].tolist() == [2.5]
    assert "it has no column for test_roc_auc" in refused(run(curve([0.5])), score="roc_auc")


@pytest.mark.parametrize(
    ("column", "value"), [("batch_size", 64), ("learning_rate", 0.01), ("seed", 8), ("replicate", 3)]
)
def test_the_history_of_another_run_is_told(run, column, value):
    says = {"batch_size": 32, "learning_rate": 0.1, "seed": 7, "replicate": 0}
    assert read(run(curve([0.5, 0.6], **says), says=says))["test_accuracy"].tolist() == [0.5, 0.6]
    problem = refused(run(curve([0.5, 0.6], **says | {column: value}), says=says))
    assert problem.endswith(f"replicate 0: is the history of another run: its column {column} says {value}")


def test_rounded_numbers_are_no_contradiction(run):
    of_run = run(curve([0.5], learning_rate=float(np.float32(0.1)), seed="x"), says={"learning_rate": 0.1, "seed": 7})
    assert len(read(of_run)) == 1


def test_a_rate_that_changes_is_of_a_schedule(run):
    says = {"learning_rate": 0.1}
    for rates in ([0.001, 0.1], [0.095, 0.01]):
        assert len(read(run(curve([0.5, 0.6], learning_rate=rates), says=says))) == 2
    half_empty = run("epoch,learning_rate,test_accuracy\n1,0.01,\n1,,.5\n", says=says)
    assert "its column learning_rate says 0.01" in refused(half_empty)


def test_seeds_that_are_nearly_the_same_are_not(run):
    of_run = run(curve([0.5], seed=20260002), says={"seed": 20260001})
    assert "its column seed says 20260002" in refused(of_run)


def test_runs_with_the_same_measures_are_told(run):
    one, other = run(curve([0.5, 0.6, 0.7])), run(curve([0.5, 0.6, 0.7]), 1)
    assert refused(one, other).endswith("replicate 1: has the very same measures as replicate 0; keep one of them")


def test_all_runs_that_are_wrong_are_told_at_once(run):
    runs = [run(curve([0.5])), run(curve([0.5, 0.6]), 1), run("", 2)]
    lines = refused(*runs, epochs=2).splitlines()
    assert [line.partition(": ")[0][-11:] for line in lines] == ["replicate 2", "replicate 0"]


def test_a_table_that_cannot_be_read_is_told_once(tmp_path):
    rows = "batch_size,learning_rate,replicate,epoch,test_accuracy\n8,.1,0,1,.5\n8,.1,1,1,n/a\n"
    path = tmp_path / "runs.csv"
    path.write_text(rows)
    runs = find_runs({"table": str(path), "columns": {}, "paired": True})
    assert refused(*runs) == f"{path}: its column 'test_accuracy' has 'n/a' in row 2, which is no number"
