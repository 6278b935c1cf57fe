"""The runs of a program: real processes that end well, fail, hang, write nothing, and are killed."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from batchscope.files import replacing
from batchscope.finished import keep
from batchscope.training.kept_runs import KeptRuns
from batchscope.training.program_runs import Program, Run, RunsFailedError, run_all

WRITES = "import sys; open(sys.argv[1], 'w').write('epoch\\n' + sys.argv[2]); print('seed', sys.argv[2])"


def program(code: str = WRITES, at_once: int = 1, suffix: str = ".csv") -> Program:
    return Program([sys.executable, "-c", code, "{history}", "{seed}"], suffix, at_once, threads=3)


def runs(folder: Path, count: int = 3, suffix: str = ".csv") -> list[Run]:
    return [Run(f"replicate {seed}", {"seed": seed}, folder / f"run_{seed}{suffix}") for seed in range(count)]


def is_over(number: int) -> bool:
    """Whether a process has ended, within a second; its number stays until it is waited for, by whoever that is."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(number)
        with suppress(psutil.TimeoutExpired):
            process.wait(1)
        return process.status() == psutil.STATUS_ZOMBIE
    return True


@pytest.fixture
def kept(tmp_path) -> KeptRuns:
    return KeptRuns(tmp_path / "kept", "key")


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_every_run_writes_its_output(tmp_path, kept, at_once):
    seconds = run_all(program(at_once=at_once), runs(tmp_path), kept)
    assert list(seconds) == ["run_0.csv", "run_1.csv", "run_2.csv"]
    assert all(0 < each < 60 for each in seconds.values())
    assert [(tmp_path / f"run_{seed}.csv").read_text() for seed in range(3)] == [f"epoch\n{seed}" for seed in range(3)]


def test_no_more_are_at_work_at_once_than_are_asked_for(tmp_path, kept):
    times = tmp_path / "times"
    code = f"import time; f = open({str(times)!r}, 'a', 1); f.write('1\\n'); time.sleep(.3); f.write('-1\\n'); {WRITES}"
    run_all(program(code, at_once=2), runs(tmp_path, 5), kept)
    changes = [int(line) for line in times.read_text().split()]
    assert max(sum(changes[:count]) for count in range(len(changes))) == 2


def test_a_failure_is_a_line_with_its_last_words_and_the_others_are_kept(tmp_path, kept, capfd):
    code = f"import sys; sys.argv[2] == '1' and sys.exit('no such layer'); {WRITES}"
    with pytest.raises(RunsFailedError) as error:
        run_all(program(code), runs(tmp_path), kept)
    assert str(error.value).splitlines() == [
        "replicate 1: the program ended with status 1: no such layer",
        "2 of 3 runs are done and kept; run again for the others",
    ]
    capfd.readouterr()
    run_all(program(), runs(tmp_path), kept)
    assert capfd.readouterr().out == "seed 1\n"  # it alone is run again


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("pass", "the program ended well and wrote nothing to {history}"),
        ("import sys; open(sys.argv[1], 'w')", "the program ended well and wrote nothing to {history}"),
        ("import os, sys; os.mkdir(sys.argv[1])", "the program wrote a folder to {history}, where a file is due"),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL, as it is where memory runs out"),
        ("import os; print('oh'); os.abort()", "ended by SIGABRT"),
    ],
)
def test_how_else_a_run_fails_is_told(tmp_path, kept, code, line):
    with pytest.raises(RunsFailedError) as error:
        run_all(program(code), runs(tmp_path, 1), kept)
    assert line in str(error.value).splitlines()[0]


def test_what_cannot_be_started_is_told(tmp_path, kept):
    with pytest.raises(RunsFailedError, match="cannot be started: nowhere: No such file"):
        run_all(program()._replace(words=["nowhere", "{history}"]), runs(tmp_path), kept)


def test_what_hangs_is_ended_with_all_that_it_started_and_what_is_done_is_kept(tmp_path, kept):
    child = tmp_path / "child"
    hang = f"p = subprocess.Popen(['sleep', '99']); open({str(child)!r}, 'w').write(str(p.pid)); p.wait()"
    code = f"import subprocess, sys\nif sys.argv[2] == '1': {hang}\n{WRITES}"
    with pytest.raises(RunsFailedError) as error:
        run_all(program(code), runs(tmp_path), kept, minutes=2 / 60)
    assert str(error.value).splitlines() == [
        "replicate 1: still at work after 0.0333333 minutes, the `runtime`",
        "1 more had no time left",
        "1 of 3 runs are done and kept; run again for the others",
    ]
    assert kept.has("run_0.csv")
    assert is_over(int(child.read_text()))


def test_of_another_key_nothing_is_kept(tmp_path):
    run_all(program(), runs(tmp_path), KeptRuns(tmp_path / "kept", "key"))
    assert KeptRuns(tmp_path / "kept", "key").has("run_0.csv")
    assert not KeptRuns(tmp_path / "kept", "other").has("run_0.csv")
    assert not KeptRuns(tmp_path / "kept", "key").has("run_0.csv")


def test_afresh_nothing_is_kept(tmp_path):
    run_all(program(), runs(tmp_path), KeptRuns(tmp_path / "kept", "key"))
    assert not KeptRuns(tmp_path / "kept", "key", afresh=True).has("run_0.csv")


def test_what_is_damaged_is_not_kept(tmp_path, kept):
    run_all(program(), runs(tmp_path), kept)
    next((tmp_path / "kept").rglob("run_0.csv")).write_text("epoch\n7")
    assert not kept.has("run_0.csv")
    assert kept.has("run_1.csv")


def test_what_outputs_were_before_is_kept_where_it_follows_from_the_same(tmp_path):
    outputs = [run.output for run in runs(tmp_path)]
    seconds = run_all(program(), runs(tmp_path), KeptRuns(tmp_path / "kept", "key"))
    about = tmp_path / "runs.json"
    with replacing(about) as temporary:
        told = {name: taken for name, taken in seconds.items() if name != "run_2.csv"}  # which is from an earlier time
        temporary.write_text(json.dumps({"key": "key", "seconds": told}))
    keep([*outputs, about])
    outputs[1].write_text("damaged")  # so is what is kept of it, which is the same file
    for path in (*outputs, about):
        path.unlink()
    again = KeptRuns(tmp_path / "again", "key")
    again.keep_earlier([*outputs, tmp_path / "run_3.csv"], about)
    assert [again.has(f"run_{seed}.csv") for seed in range(4)] == [True, False, False, False]
    assert again.give(outputs[0]) == seconds["run_0.csv"]
    of_other = KeptRuns(tmp_path / "again", "another key")
    of_other.keep_earlier(outputs, about)
    assert not of_other.has("run_0.csv")


def test_a_folder_of_events_is_packed(tmp_path, kept):
    code = "import sys, os; os.mkdir(sys.argv[1] + '/train'); open(sys.argv[1] + '/train/events', 'w').write('e')"
    run_all(program(code, suffix=".zip"), runs(tmp_path, 1, ".zip"), kept)
    with zipfile.ZipFile(tmp_path / "run_0.zip") as packed:
        assert "train/events" in packed.namelist()


def test_a_program_has_the_threads_that_are_its_own(tmp_path, kept):
    code = "import os, sys; open(sys.argv[1], 'w').write(os.environ['OMP_NUM_THREADS'])"
    run_all(program(code), runs(tmp_path, 1), kept)
    assert (tmp_path / "run_0.csv").read_text() == "3"


def test_a_job_that_is_told_to_end_ends_its_programs_and_keeps_what_is_done(tmp_path):
    code = f"import sys, time\n{WRITES}\nif sys.argv[2] == '1': time.sleep(99)"
    job = f"""
from pathlib import Path
from batchscope.ending import end_when_told
from batchscope.training.kept_runs import KeptRuns
from batchscope.training.program_runs import Program, Run, run_all
end_when_told()
folder = Path({str(tmp_path)!r})
runs = [Run(str(seed), {{"seed": seed}}, folder / f"run_{{seed}}.csv") for seed in range(3)]
run_all(Program({program(code).words!r}, ".csv", 1, 1), runs, KeptRuns(folder / "kept", "key"))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([sys.executable, "-c", job], env=environment, stdout=subprocess.PIPE, text=True)
    while "seed 1" not in process.stdout.readline():
        pass
    programs = psutil.Process(process.pid).children()
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 128 + signal.SIGTERM
    assert time.monotonic() - begin < 6
    assert programs
    assert not any(each.is_running() for each in programs)
    assert KeptRuns(tmp_path / "kept", "key").has("run_0.csv")
