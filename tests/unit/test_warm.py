"""A script in a fork of the warm process is like the script by itself: same streams, folder, status, and end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from batchscope.imports import LIBRARY
from batchscope.warm import end_warm_process, start_warm_process

HEAD = "from batchscope.warm import in_warm_process\nin_warm_process(__file__, job['threads'], job=job)\n"
OWNER = """
import os, sys
from batchscope.warm import start_warm_process
start_warm_process()
print(os.environ["BATCHSCOPE_WARM_PROCESS"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def address():
    """The owner of a warm process, which a test may kill, and its address."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(LIBRARY.parent)},
    )
    address = owner.stdout.readline().strip()
    yield owner, address
    owner.kill()
    owner.communicate()


def start(script: Path, address: str, threads: int = 1) -> subprocess.Popen:
    """Start a script as Snakemake does: with variables that it does not define."""
    caller = (
        f"import runpy; runpy.run_path({str(script)!r}, dict(job=dict(threads={threads}, word='given')), '__main__')"
    )
    return subprocess.Popen(
        [sys.executable, "-c", caller],
        cwd=script.parent,
        env=os.environ
        | {"PYTHONPATH": str(LIBRARY.parent), "BATCHSCOPE_WARM_PROCESS": address, "OF_THE_CALLER": "there"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def script(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(HEAD + text)
        return path

    return write


def test_a_script_has_its_variables_streams_folder_and_environment(address, script):
    text = (
        "import os, sys\nprint(job['word'], os.getppid(), os.getcwd(), os.environ['OF_THE_CALLER'], sys.stdin.read())\n"
    )
    owner, where = address
    path = script(text)
    out, error = start(path, where).communicate("asked")
    warm = psutil.Process(owner.pid).children()[0].pid
    assert out.split() == ["given", str(warm), str(path.parent), "there", "asked"]
    assert "MB of memory" in error


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('a word')", 1, "a word"),
        ("import no_such_module", 1, "No module named 'no_such_module'"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
    ],
)
def test_a_script_ends_as_it_does_by_itself(address, script, text, status, said):
    by_itself = start(script(text), "")
    _, error_by_itself = by_itself.communicate()
    in_fork = start(script(text), address[1])
    _, error = in_fork.communicate()
    assert in_fork.returncode == by_itself.returncode == status
    assert said in error_by_itself
    assert said in error


def test_what_a_script_imports_is_there_for_the_next(address, script):
    path = script("import sys\nbefore = 'wave' in sys.modules\nimport wave\nprint(before)\n")
    assert start(path, "").communicate()[0] == "False\n"
    assert start(path, address[1]).communicate()[0] == "True\n"


def test_what_scripts_import_is_imported_ahead_of_them(script, tmp_path, monkeypatch):
    monkeypatch.delenv("BATCHSCOPE_WARM_PROCESS", raising=False)
    (tmp_path / "ahead.py").write_text("import no_such_module\nimport wave\n")
    start_warm_process([tmp_path / "ahead.py"])
    path, deadline = script("import sys\nprint('wave' in sys.modules)\n"), time.monotonic() + 20
    try:
        while start(path, os.environ["BATCHSCOPE_WARM_PROCESS"]).communicate()[0] != "True\n":
            assert time.monotonic() < deadline
    finally:
        end_warm_process()


def test_more_threads_than_one_are_left_to_the_script_itself(address, script):
    text = "import os; print(os.getppid())"
    assert start(script(text), address[1], threads=2).communicate()[0] == f"{os.getpid()}\n"


def test_a_script_whose_caller_is_killed_ends(address, script):
    job = start(script("import os, time; print(os.getpid(), flush=True); time.sleep(600)"), address[1])
    pid = int(job.stdout.readline())
    job.kill()
    assert ends(pid)


def test_a_script_whose_warm_process_is_killed_ends(address, script):
    owner, where = address
    job = start(script("import os, time; print(os.getpid(), flush=True); time.sleep(600)"), where)
    pid = int(job.stdout.readline())
    psutil.Process(owner.pid).children()[0].kill()
    _, error = job.communicate(timeout=20)
    assert job.returncode == 1
    assert "the process that it ran in has ended" in error
    assert ends(pid)


def test_scripts_end_with_the_owner_and_nothing_is_left(address, script):
    owner, where = address
    warm = psutil.Process(owner.pid).children()[0].pid
    job = start(script("import sys; print('at work', flush=True); sys.stdin.read(); print('done')"), where)
    assert job.stdout.readline() == "at work\n"
    owner.kill()
    owner.wait()
    job.wait(timeout=20)
    out, error = job.communicate()
    assert (out, error, job.returncode) == ("", "", 128 + signal.SIGTERM)
    assert ends(warm)
    assert not Path(where).parent.exists()
    assert start(script("print('by itself')"), where).communicate()[0] == "by itself\n"


def test_what_is_started_after_its_end_runs_by_itself(script, monkeypatch):
    monkeypatch.delenv("BATCHSCOPE_WARM_PROCESS", raising=False)
    start_warm_process()
    where = os.environ["BATCHSCOPE_WARM_PROCESS"]
    end_warm_process()
    assert "BATCHSCOPE_WARM_PROCESS" not in os.environ
    deadline = time.monotonic() + 20
    while Path(where).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    end_warm_process()  # there is none, which does no harm


def test_a_caller_that_says_nothing_does_no_harm(address, script):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(address[1])
    assert start(script("print(job['word'])"), address[1]).communicate()[0] == "given\n"


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
