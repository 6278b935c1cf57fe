"""One process at a time has a claim, until it ends or gives it back, and others can say which one it is."""

import os
import subprocess
import sys

import pytest

from batchscope.at_work import Claim, this_process
from batchscope.imports import LIBRARY

OTHER = """
import sys
from pathlib import Path
from batchscope.at_work import Claim
print(Claim(Path(sys.argv[1])).take(seconds=0, words=" of a test"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder/claim"


@pytest.fixture
def other(path):
    """Another process that has the claim."""
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(LIBRARY.parent)},
    )
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_claim_is_had_once_and_says_by_whom(path, other):
    claim = Claim(path)
    assert not claim.take(seconds=0)
    assert not claim.is_free()
    assert claim.holder.startswith(f"process {other.pid} on ")
    assert claim.holder.endswith(", of a test")


def test_a_claim_ends_with_its_process_and_its_last_holder_is_known(path, other):
    other.kill()
    other.wait()
    claim = Claim(path)
    assert claim.is_free()
    assert str(other.pid) in claim.holder
    assert claim.take(seconds=0)
    assert claim.holder.startswith(f"{this_process()}, since ")
    claim.give_back()
    assert claim.holder == ""


def test_who_waits_has_it_when_it_is_given_back(path, other):
    other.stdin.close()
    assert Claim(path).take(seconds=20)


def test_a_job_of_slurm_is_named(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURMD_NODENAME", "n1")
    assert this_process() == f"SLURM job 7, process {os.getpid()} on n1"
