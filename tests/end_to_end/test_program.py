"""A program of the user's, and runs that are there: the same workflow as for a model of Keras."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import yaml

from tests.checkout import Checkout

PROGRAM = """
import csv, math, random, sys, time
what, batch_size, rate, seed, epochs, history = sys.argv[1:]
batch_size, rate, epochs = int(batch_size), float(rate), int(epochs)
draw = random.Random(f"{seed} {batch_size} {rate}")
if what == "fails" and seed == "1":
    sys.exit("no such layer")
if what == "hangs" and seed == "1":
    time.sleep(99)
if what == "slow":
    time.sleep(1)
rows = []
for epoch in range(epochs - (what == "short" and seed == "1")):
    score = 1 - 0.6 * math.exp(-(epoch + 1) / math.sqrt(batch_size)) - 0.02 * draw.random()
    rows.append({"epoch": epoch, "loss": 2 * (1 - score), "val_loss": 2.1 * (1 - score), "val_acc": score})
if rate > 1 and seed == "1":
    rows[5:] = [row | {"loss": "nan", "val_loss": "nan"} for row in rows[5:]]
if seed == "1":
    if what == "text":
        rows[3]["val_loss"] = "n/a"
    elif what == "columns":
        rows = [{"epoch": row["epoch"], "accuracy": row["val_acc"]} for row in rows]
    elif what == "another":
        rows = [row | {"seed": 7} for row in rows]
    elif what == "percent":
        rows = [row | {"val_acc": 100 * row["val_acc"]} for row in rows]
if what != "nothing" or seed != "1":
    with open(history, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
print("trained", seed)
"""
COMMAND = "python train.py {what} {{batch_size}} {{learning_rate}} {{seed}} {{epochs}} {{history}}"


def study(what: str = "well", **changes) -> dict:
    return {
        "program": {
            "command": COMMAND.format(what=what),
            "history": {"train_loss": "loss", "test_loss": "val_loss", "test_accuracy": "val_acc"},
        },
        "train_rows": 200,
        "epochs": 12,
        "replicates": 7,
        "batch_sizes": [4, 50],
        "learning_rates": [0.1, 2.0],
        **changes,
    }


def runs_table() -> pd.DataFrame:
    """Runs of two settings without seeds in common, of other numbers and lengths, by updates and in percent."""
    draws = [(size, run, 8 - 2 * (run % 2)) for size, count in ((4, 7), (50, 9)) for run in range(count)]
    return pd.DataFrame(
        {
            "run": f"run {size}-{run}",
            "bs": size,
            "step": 25 * epoch,
            "error %": 40 / epoch + size / 10 + (7919 * run + 104729 * epoch) % 100 / 50,
        }
        for size, run, epochs in draws
        for epoch in range(1, epochs + 1)
    )


CLAIMS = {
    "C1": {
        "statement": "A batch of 4 ends more accurate",
        "measure": "test_accuracy",
        "of": {"batch_size": 4},
        "against": {"batch_size": 50},
        "above": 0,
    }
}
CONFIG = {
    "studies": {
        "mine": study(
            learning_curves={"one": {"batch_size": "full", "learning_rate": 0.1}},
            claims=CLAIMS,
            questions={
                "Q1": {"question": "Is it?", "answer": "C1", "measures": ["test_accuracy"], "beside": ["old"]},
                "Q2": {"question": "Since when?", "answer": "C1", "curves": ["test_accuracy"], "beside": ["old"]},
            },
        ),
        "old": {
            "histories": {
                "table": "runs.csv",
                "columns": {
                    "batch_size": "bs",
                    "learning_rate": 0.1,
                    "replicate": "run",
                    "updates": "step",
                    "test_accuracy": {"column": "error %", "unit": "percent_error"},
                },
                "paired": False,
            },
            "train_rows": 100,
            "claims": CLAIMS,
        },
    },
    "figures": {"formats": ["svg"]},
}


@pytest.fixture(scope="module")
def program_checkout(make_checkout):
    """Makes a checkout with the program and a config."""

    def make(config: dict) -> Checkout:
        checkout = make_checkout(yaml.safe_dump(config, sort_keys=False))
        (checkout.folder / "train.py").write_text(PROGRAM)
        runs_table().to_csv(checkout.folder / "runs.csv", index=False)
        return checkout

    return make


@pytest.fixture(scope="module")
def run(program_checkout) -> tuple[Checkout, str]:
    checkout = program_checkout(CONFIG)
    return checkout, checkout.run()


@pytest.fixture
def trained(run, tmp_path) -> Checkout:
    """A checkout of its own in which both studies are finished."""
    return run[0].copy(tmp_path / "trained")


def table(checkout: Checkout, study: str, name: str) -> pd.DataFrame:
    return pd.read_csv(checkout.folder / f"results/{study}/metrics/{name}.csv")


def test_the_tables_have_the_columns_of_those_of_keras(run, finished):
    for name in ("replicates", "summary", "comparisons", "claims", "recommendation", "timing"):
        of_keras = list(table(finished, "small", name))
        assert list(table(run[0], "mine", name)) == of_keras
        assert list(table(run[0], "old", name)) == of_keras


def test_all_of_the_study_is_there_and_as_recorded(run):
    checkout, printed = run
    files = set(checkout.files())
    for figure in (
        "batch_sizes",
        "which_is_best",
        "final_accuracy",
        "volatility",
        "time_to_target",
        "answer_Q1",
        "curves_Q2",
    ):
        assert f"results/mine/figures/{figure}.svg" in files
    assert {"results/mine/index.html", "results/old/index.html", "results/report.html"} <= files
    assert "mine, batch size 4: 14 runs in " in printed
    verified = subprocess.run(
        [sys.executable, "-m", "batchscope.results.provenance"],
        cwd=checkout.folder,
        env=os.environ | {"PYTHONPATH": str(checkout.folder / "workflow")},
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert checkout.rules_due() == set()


def test_equal_replicates_have_equal_seeds_and_are_pairs(run):
    compared = table(run[0], "mine", "comparisons")
    assert compared["paired"].all()
    by_score = compared[compared["measure"] == "test_accuracy"].set_index(["batch_size", "learning_rate"])
    assert by_score.loc[(4, 0.1), "pairs"] == 7
    log = run[0].read("results/mine/logs/train_batch_size_4.log")
    assert [log.count(f"trained {seed}\n") for seed in range(8)] == [2] * 7 + [0]


def test_a_run_that_diverges_is_counted(run):
    summary = table(run[0], "mine", "summary").set_index(["batch_size", "learning_rate"])
    assert summary.loc[(4, 2.0), "diverged"] == 1
    assert summary.loc[(4, 0.1), "diverged"] == 0


def test_epochs_from_0_are_counted_from_1(run):
    history = pd.read_parquet(run[0].folder / "results/mine/metrics/history.parquet")
    assert history["epoch"].unique().tolist() == list(range(1, 13))
    of_4 = history[(history["batch_size"] == 4) & (history["replicate"] == 0) & (history["learning_rate"] == 0.1)]
    assert of_4["updates"].tolist() == [50 * epoch for epoch in range(1, 13)]


def test_the_methods_name_the_program_and_what_it_is_made_of(run):
    methods = run[0].read("results/mine/tables/methods.html")
    assert "python train.py well {batch_size}" in methods
    assert f"train.py sha256:{hashlib.sha256(PROGRAM.encode()).hexdigest()}" in methods
    assert "all intervals here are over trainings alone" in run[0].read("results/mine/index.html")
    provenance = json.loads(run[0].read("results/mine/provenance.json"))
    assert provenance["files"].keys() == {"train.py"}


def test_runs_that_share_no_seeds_are_compared_as_groups(run):
    compared = table(run[0], "old", "comparisons")
    assert not compared["paired"].any()
    [by_score] = compared[compared["measure"] == "test_accuracy"].to_dict("records")
    assert (by_score["trainings"], by_score["reference_trainings"]) == (7, 9)
    [claim] = table(run[0], "old", "claims").to_dict("records")
    assert (claim["verdict"], claim["paired"]) == ("holds", False)
    assert claim["estimate"] == pytest.approx(by_score["difference"])
    assert "independent groups rather than in pairs" in run[0].read("results/old/index.html")


def test_other_numbers_and_lengths_of_runs_are_counted_and_shown(run):
    summary = table(run[0], "old", "summary").set_index("batch_size")
    assert summary["replicates"].to_dict() == {4: 7, 50: 9}
    replicates = table(run[0], "old", "replicates")
    assert set(replicates.loc[replicates["batch_size"] == 4, "epochs"]) == {8, 6}
    assert set(replicates.loc[replicates["batch_size"] == 50, "epochs"]) == {100, 75}
    assert "7 runs of 6 to 8 epochs" in run[0].read("results/old/tables/dataset.html")


def test_a_change_of_the_program_runs_it_again(trained):
    (trained.folder / "train.py").write_text(PROGRAM + "\n")
    assert {"train_batch_size_4", "train_batch_size_50", "read_histories"} <= trained.rules_due("mine")


def test_a_change_of_what_its_columns_are_called_reads_again_and_runs_nothing(trained):
    trained.change_config(lambda config: config["studies"]["mine"]["program"]["history"].pop("train_loss"))
    due = trained.rules_due("mine")
    assert "read_histories" in due
    assert not any(rule.startswith("train_") for rule in due)


def test_a_new_batch_size_runs_that_one_only(trained):
    trained.change_config(lambda config: config["studies"]["mine"]["batch_sizes"].append(8))
    assert {rule for rule in trained.rules_due("mine") if rule.startswith("train_")} == {"train_batch_size_8"}


def test_more_replicates_run_those_alone_unless_all_is_forced(trained):
    trained.change_config(lambda config: config["studies"]["mine"].update(replicates=8))
    target = "results/mine/runs/batch_size_4/runs.json"
    trained.run(target, "--cores", "1")
    log = trained.read("results/mine/logs/train_batch_size_4.log")
    assert "14 of 16 runs are kept from before" in log
    assert log.count("trained 7\n") == log.count("trained ") == 2
    trained.run(target, "--cores", "1", "--forceall")
    assert trained.read("results/mine/logs/train_batch_size_4.log").count("trained ") == 16


def test_more_at_once_change_nothing(trained):
    trained.change_config(lambda config: config["studies"]["mine"]["program"].update(at_once=3))
    assert not any(rule.startswith("train_") for rule in trained.rules_due("mine"))


def test_what_is_read_can_be_tried(trained):
    printed = trained.run("mine_check", "old_check", "--cores", "1")
    assert "mine: measured: train_loss, test_loss, test_accuracy" in printed
    assert "mine: batch size 200, learning rate 0.1: 1 run of 2 epochs" in printed
    assert "old: runs: 16" in printed


LIES = {
    "fails": "learning rate 0.1, replicate 1: the program ended with status 1: no such layer",
    "nothing": "learning rate 0.1, replicate 1: the program ended well and wrote nothing to {history}",
    "hangs": "learning rate 0.1, replicate 1: still at work after 0.05 minutes, the `runtime`",
    "short": "replicate 1: has 11 of the 12 epochs asked for",
    "columns": "replicate 1: it has no column 'loss' for train_loss; its columns are epoch, accuracy",
    "text": "has 'n/a' in row 4, which is no number",
    "another": "replicate 1: is the history of another run: its column seed says 7",
    "percent": "unit: percent",
}


@pytest.fixture(scope="module")
def lied(program_checkout) -> tuple[Checkout, str]:
    """Programs that fail, hang and lie, each in a study, in one run."""
    alone = {"batch_sizes": [4], "learning_rates": [0.1], "replicates": 3}
    studies = {what: study(what, **alone) for what in LIES}
    checkout = program_checkout({"studies": studies})
    # No user would say so few minutes, and none would wait longer in a test.
    script = checkout.folder / "workflow/scripts/run_program.py"
    text = script.read_text()
    script.write_text(text.replace('snakemake.resources.get("runtime", math.inf)', '3 / 60 if study == "hangs" else 9'))
    assert script.read_text() != text
    targets = [f"results/{what}/history/batch_size_4.parquet" for what in studies]
    done = checkout.snakemake("--keep-going", "--cores", "2", *targets)
    assert done.returncode == 1
    return checkout, done.stdout + done.stderr


@pytest.mark.parametrize("what", LIES)
def test_what_is_wrong_with_a_run_is_one_line(lied, what):
    _, printed = lied
    lines = [line for line in printed.splitlines() if LIES[what] in line]
    assert lines, printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("what", ["fails", "nothing", "hangs"])
def test_of_the_other_runs_nothing_is_lost(lied, what):
    kept = (lied[0].folder / f".snakemake/batchscope/work/results/{what}/runs/batch_size_4").rglob("*.csv")
    assert {path.name.rpartition("_")[2] for path in kept} >= {"0.csv"}


def test_a_run_that_is_killed_goes_on_with_the_runs_that_are_not_done(program_checkout):
    config = {"studies": {"slow": study("slow", batch_sizes=[4], learning_rates=[0.1])}}
    checkout = program_checkout(config)
    target = "results/slow/runs/batch_size_4/runs.json"
    process = checkout.start(target, "--cores", "1")
    while checkout.read("results/slow/logs/train_batch_size_4.log").count("done in") < 2:
        assert process.poll() is None, checkout.read("printed.log")
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    checkout.run(target, "--cores", "1")
    log = checkout.read("results/slow/logs/train_batch_size_4.log")
    [kept] = [line for line in log.splitlines() if "of 7 runs are kept from before" in line]
    assert log.count("done in") == 7 - int(kept.split()[1])


def test_a_hostile_command_is_handed_over_as_words(program_checkout):
    words = '; touch hurt; $(touch hurt) `touch hurt` | tee hurt > hurt \'a b\' "ü" {"x":1}'
    spec = study(batch_sizes=[4], learning_rates=[0.1], replicates=1)
    spec["program"]["command"] = f"python 'my train.py' {words} {{batch_size}} {{history}}"
    checkout = program_checkout({"studies": {"hostile": spec}})
    (checkout.folder / "my train.py").write_text(
        "import json, sys; print(json.dumps(sys.argv[1:-2])); open(sys.argv[-1], 'w').write('x')"
    )
    checkout.run("results/hostile/runs/batch_size_4/runs.json", "--cores", "1")
    log = checkout.read("results/hostile/logs/train_batch_size_4.log")
    given = json.loads(next(line for line in log.splitlines() if line.startswith("[")))
    assert given == [
        *(";", "touch", "hurt;", "$(touch", "hurt)", "`touch", "hurt`", "|", "tee", "hurt", ">", "hurt"),
        *("a b", "ü", "{x:1}"),
    ]
    assert not (checkout.folder / "hurt").exists()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"model": []}, "studies.mine: unknown key 'model'"),
        ({"train_rows": 40}, "studies.mine.batch_sizes[1]: 50 is above the 40 training rows"),
        ({"batch_sizes": [{4: 3, 8: 9}]}, "studies.mine.batch_sizes[0]: {4: 3, 8: 9} does not fit"),
        (
            {"score": "f1_macro", "target_accuracy": 0.5},
            "the score is f1_macro; write target_f1_macro",
        ),
        (
            {"claims": {"C": {"statement": "s", "measure": "validation_loss", "of": {"batch_size": 4}, "above": 0}}},
            "studies.mine.claims.C.measure: validation_loss is measured on validation rows; name validation_accuracy",
        ),
    ],
)
def test_mistakes_are_told_before_anything_runs(program_checkout, change, line):
    checkout = program_checkout({"studies": {"mine": study(**change)}})
    done = checkout.snakemake("--dry-run")
    assert done.returncode == 1
    assert line in done.stderr
    assert "Traceback" not in done.stderr
