"""Which runs there are in a table or in files whose paths say it."""

import json

import pandas as pd
import pytest

from batchscope.errors import ConfigError
from batchscope.results.runs import Run, as_run, find_runs
from batchscope.study.setting import Setting
from batchscope.study.userfiles import history_files

COLUMNS = {"batch_size": "config.batch_size", "learning_rate": "lr", "replicate": "seed"}


@pytest.fixture
def table(tmp_path):
    """Writes a table of runs with two epochs each, and gives its section of the config."""

    def write(runs: list[tuple], columns: dict = COLUMNS, paired: bool = True, **more) -> dict:
        path = tmp_path / "runs.csv"
        rows = pd.DataFrame(runs, columns=list(COLUMNS.values())[: len(runs[0])])
        rows = rows.loc[rows.index.repeat(2)].assign(epoch=[1, 2] * len(runs), **more)
        rows.to_csv(path, index=False)
        return {"table": str(path), "columns": columns, "paired": paired}

    return write


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Writes empty files, or files of a table, and gives a pattern of paths its section of the config."""

    def write(paths: list[str], pattern: str, columns: dict | None = None, paired: bool = True, content="") -> dict:
        monkeypatch.chdir(tmp_path)
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)
        return {"path": pattern, "columns": columns or {}, "paired": paired}

    return write


def numbered(runs: list[Run]) -> list[tuple]:
    return [(*run.setting[:2], run.replicate, run.label) for run in runs]


def test_a_table_has_a_run_for_each_setting_and_label(table):
    histories = table([(64, 0.1, 17), (32, 0.1, 9), (32, 0.1, 17), (32, 0.01, 9)])
    runs = find_runs(histories)
    assert numbered(runs) == [
        (32, 0.01, 0, "seed 9"),
        (32, 0.1, 0, "seed 9"),
        (32, 0.1, 1, "seed 17"),
        (64, 0.1, 1, "seed 17"),
    ]
    assert runs[2].name == "batch size 32, learning rate 0.1, seed 17"
    assert runs[2].rows == {"config.batch_size": 32, "lr": 0.1, "seed": 17}
    assert [as_run(fields) for fields in json.loads(json.dumps(runs))] == runs
    assert runs[0].setting == Setting(32, 0.01)


def test_replicates_that_are_not_paired_are_numbered_within_their_setting(table):
    runs = find_runs(table([(64, 0.1, "b"), (32, 0.1, "a"), (64, 0.1, "c")], paired=False))
    assert numbered(runs) == [(32, 0.1, 0, "seed a"), (64, 0.1, 0, "seed b"), (64, 0.1, 1, "seed c")]


def test_without_labels_each_setting_has_one_run(table):
    histories = table([(32, 0.1), (64, 0.1)], {"batch_size": "config.batch_size", "learning_rate": "lr"})
    assert numbered(find_runs(histories)) == [(32, 0.1, 0, "the only run"), (64, 0.1, 0, "the only run")]


def test_a_number_in_place_of_a_column_is_the_same_for_all(table):
    histories = table([(32,), (64,)], {"batch_size": "config.batch_size", "learning_rate": 0.5})
    runs = find_runs(histories)
    assert [run.setting.learning_rate for run in runs] == [0.5, 0.5]
    assert runs[0].says == {"learning_rate": 0.5}


def test_paths_say_which_runs_there_are(files):
    paths = [f"runs/bs{rows}_lr{rate}_s{seed}.csv" for rows in (8, 64) for rate in ("0.1", "1e-3") for seed in (10, 9)]
    runs = find_runs(files([*paths, "runs/notes.txt"], "runs/bs{batch_size}_lr{learning_rate}_s{replicate}.csv"))
    assert numbered(runs)[:3] == [
        (8, 0.001, 0, "replicate 9"),
        (8, 0.001, 1, "replicate 10"),
        (8, 0.1, 0, "replicate 9"),
    ]
    assert len(runs) == 8
    assert runs[0].path == "runs/bs8_lr1e-3_s9.csv"
    assert runs[0].says == {"batch_size": 8, "learning_rate": 0.001, "replicate": 9}
    assert runs[0].rows == {}


def test_a_path_may_have_marks_of_glob_and_regular_expressions(files):
    paths = ["a[1]+/8/x/log.csv", "a[1]+/8/y/log.csv", "a1/8/z/log.csv"]
    runs = find_runs(files(paths, "./a[1]+//{batch_size}/{replicate}/log.csv", {"learning_rate": 0.1}))
    assert numbered(runs) == [(8, 0.1, 0, "replicate x"), (8, 0.1, 1, "replicate y")]


def test_a_label_may_be_a_word_that_python_takes_for_a_number(files, table):
    runs = find_runs(files(["8_nan.csv", "8_inf.csv"], "{batch_size}_{replicate}.csv", {"learning_rate": 0.1}))
    assert [run.says["replicate"] for run in runs] == ["inf", "nan"]
    runs = find_runs(table([(8, 0.1, "ada"), (8, 0.1, "nan")]))
    assert [run.rows["seed"] for run in runs] == ["ada", "nan"]
    assert [run.label for run in runs] == ["seed ada", "seed nan"]


def test_the_files_of_a_study_are_those_that_its_runs_are_found_in(files):
    histories = files(["runs/8_1.csv", "runs/9_1.csv"], ".//runs/./{batch_size}_{replicate}.csv", {"learning_rate": 1})
    assert [run.path for run in find_runs(histories)] == history_files(histories)


def test_what_the_path_does_not_say_is_in_the_files(files):
    content = "lr,seed,epoch\n0.1,4,1\n0.1,5,1\n0.01,4,1\n"
    columns = {"learning_rate": "lr", "replicate": {"column": "seed"}}
    runs = find_runs(files(["bs8.csv", "bs16.csv"], "bs{batch_size}.csv", columns, content=content))
    assert numbered(runs)[:3] == [(8, 0.01, 0, "seed 4"), (8, 0.1, 0, "seed 4"), (8, 0.1, 1, "seed 5")]
    assert runs[0].rows == {"lr": 0.01, "seed": 4}
    assert runs[0].says == {"batch_size": 8}


@pytest.mark.parametrize(
    ("paths", "pattern", "columns", "message"),
    [
        (["a.csv"], "b{batch_size}.csv", {}, r"histories.path: no file is called like 'b\{batch_size\}.csv'"),
        (["8.csv"], "{batchsize}.csv", {}, r"histories.path: there is no \{batchsize\}; did you mean 'batch_size'\?"),
        (["8.csv"], "{batch_size}_{batch_size}", {}, r"histories.path: \{batch_size\} stands twice; keep one of them"),
        (
            ["8112.csv"],
            "{batch_size}{replicate}.csv",
            {"learning_rate": 0.1},
            r"histories.path: nothing stands between \{batch_size\} and \{replicate\}, so .*; rename the files",
        ),
        (["a.csv"], "a\0/{batch_size}.csv", {}, "histories.path: no file is called like"),
        (["bsx.csv"], "bs{batch_size}.csv", {}, "histories.path: 'bsx.csv': 'x' is no batch size"),
        (["bs.csv"], "bs{batch_size}.csv", {}, "histories.path: 'bs.csv': '' is no batch size"),
        (
            ["8_0.1_.csv"],
            "{batch_size}_{learning_rate}_{replicate}.csv",
            {},
            "'8_0.1_.csv': the replicate has no label",
        ),
        (
            ["8.csv"],
            "{batch_size}.csv",
            {"batch_size": 8},
            r"columns.batch_size: `path` has \{batch_size\} too; keep one",
        ),
        (["bs0.csv"], "bs{batch_size}.csv", {}, "histories.path: 'bs0.csv': 0 is no batch size"),
        (["8_0.csv"], "{batch_size}_{learning_rate}.csv", {}, "'8_0.csv': 0 is no learning rate, which is a number"),
        (["8_y.csv"], "{batch_size}_{learning_rate}.csv", {}, "'8_y.csv': 'y' is no learning rate"),
        (["8.csv"], "{batch_size}.csv", {"learning_rate": -1}, "histories.columns.learning_rate: -1 is no learning"),
        (["8.csv"], "{batch_size}.csv", {"learning_rate": 0.1}, "histories.path: '8.csv' cannot be read: it is empty"),
        (
            ["8_.1_1.csv", "8_0.1_1.csv"],
            "{batch_size}_{learning_rate}_{replicate}.csv",
            {},
            "histories.path: '8_.1_1.csv' and '8_0.1_1.csv' are both batch size 8, learning rate 0.1, replicate 1",
        ),
        (
            ["8_1_1.csv", "16_1_2.csv"],
            "{batch_size}_{learning_rate}_{replicate}.csv",
            {},
            "histories.paired: no replicate is at two settings, so there are no pairs; set `paired: false`",
        ),
    ],
)
def test_paths_that_say_no_runs_are_told(files, paths, pattern, columns, message):
    with pytest.raises(ConfigError, match=message):
        find_runs(files(paths, pattern, columns))


def test_files_that_nothing_tells_apart_are_told(files):
    histories = files(["8_.1.csv", "8_0.1.csv"], "{batch_size}_{learning_rate}.csv", content="epoch\n1\n")
    with pytest.raises(ConfigError, match=r"tell them apart by \{replicate\} or `columns.replicate`"):
        find_runs(histories)


@pytest.mark.parametrize(
    ("runs", "columns", "message"),
    [
        (
            [(32, 0.1, 1)],
            {**COLUMNS, "batch_size": "config.batchsize"},
            "batch_size: .* has no column 'config.batchsize'",
        ),
        ([(32, 0.1, 1)], {**COLUMNS, "batch_size": "config.batchsize"}, r"did you mean 'config.batch_size'\?"),
        ([(32, 0.1, 1)], {**COLUMNS, "replicate": "sed"}, "histories.columns.replicate: .*; did you mean 'seed'"),
        ([(32, 0.1, 1), (32.5, 0.1, 1)], COLUMNS, "histories.columns.batch_size: .*, row 3: 32.5 is no batch size"),
        ([(32, 0.1, 1), ("all", 0.1, 1)], COLUMNS, "batch_size: .*, row 3: 'all' is no batch size"),
        ([("all", 0.1, 1)], COLUMNS, "histories.columns.batch_size: .*, row 1: 'all' is no batch size"),
        ([(32, 0.0, 1)], COLUMNS, "histories.columns.learning_rate: .*, row 1: 0 is no learning rate"),
        ([(32, "9" * 400, 1)], COLUMNS, "histories.columns.learning_rate: .*, row 1: 9+ is no learning rate"),
        ([(32, 0.1, 1), (32, None, 1)], COLUMNS, "learning_rate: .*, row 3: its column 'lr' is empty"),
        ([(32, 0.1, None)], COLUMNS, "histories.columns.replicate: .*, row 1: its column 'seed' is empty"),
        ([(32, 0.1, 1), (64, 0.1, 2)], COLUMNS, "histories.paired: .* set `paired: false`"),
    ],
)
def test_a_table_that_says_no_runs_is_told(table, runs, columns, message):
    with pytest.raises(ConfigError, match=message):
        find_runs(table(runs, columns))


def test_a_table_that_is_not_there_is_told():
    histories = {"table": "nowhere.csv", "columns": {}, "paired": True}
    with pytest.raises(ConfigError, match=r"histories.table: there is no file 'nowhere.csv'"):
        find_runs(histories)
