"""A script ends when it is told to, or with its run; what is at work is kept, and seconds later it ends in any case."""

import os
import signal
import subprocess
import sys
import time

import pytest

from batchscope.imports import LIBRARY

HEAD = "import os, signal, sys, time\nfrom batchscope import ending\nending.SECONDS = 1\nending.end_when_told()\n"
AT_WORK = "print('at work', flush=True)\n"
STEPS = "while True: time.sleep(0.01)"
# As in a compiled training, Python does not look at signals.
LONG_STEP = "import hashlib\nhashlib.pbkdf2_hmac('sha1', b'', b'', 10**9)\n"
LATER = f"""
with ending.exit_later():
    {AT_WORK.strip()}
    while not ending.told():
        time.sleep(0.01)
    print('kept', flush=True)
print('went on')
"""
TOLD = 128 + signal.SIGTERM


@pytest.fixture
def start(tmp_path):
    started = []

    def start(text: str, **environment: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", HEAD + text],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": str(LIBRARY.parent)} | environment,
        )
        started.append(process)
        assert process.stdout.readline() == "at work\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_exits_in_silence_and_leaves_its_blocks(start, number):
    process = start(f"try:\n    {AT_WORK}    {STEPS}\nfinally:\n    print('left')")
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("left\n", 128 + number)


def test_a_second_signal_changes_nothing(start):
    process = start(f"try:\n    {AT_WORK}    {STEPS}\nfinally:\n    time.sleep(0.5)\n    print('left')")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert out == "left\n"


def test_what_is_at_work_is_kept_first(start):
    process = start(LATER)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("kept\n", TOLD)


def test_it_ends_in_a_long_step(start):
    process = start(AT_WORK + LONG_STEP)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("", TOLD)


def test_it_ends_with_its_run(start):
    run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    process = start(LATER, BATCHSCOPE_RUN=str(run.pid))
    run.kill()  # and not waited for: it is a zombie
    out, _ = process.communicate(timeout=20)
    run.wait()
    assert (out, process.returncode) == ("kept\n", TOLD)


def test_it_ends_where_its_run_was_gone_before():
    run = subprocess.Popen([sys.executable, "-c", ""])
    run.wait()
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + STEPS],
        env=os.environ | {"PYTHONPATH": str(LIBRARY.parent), "BATCHSCOPE_RUN": str(run.pid)},
    )
    assert process.wait(timeout=20) == TOLD


def test_what_it_was_started_to_ignore_does_not_end_it(start):
    process = subprocess.Popen(
        ["nohup", sys.executable, "-c", HEAD + "os.kill(os.getpid(), signal.SIGHUP)\nprint('went on')"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(LIBRARY.parent)},
    )
    assert process.communicate(timeout=20)[0] == "went on\n"
