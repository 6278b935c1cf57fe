"""Jobs that run at once take different GPUs. The GPUs are pretended by CUDA_VISIBLE_DEVICES; the locks are real."""

import os
import subprocess
import sys
import uuid

import pytest

from batchscope.hardware.devices import visible_gpus

HOLD = """
import os, sys
from batchscope.hardware.devices import claim_gpus
print(",".join(claim_gpus(int(sys.argv[1]))), os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start_job(request):
    """Starts a process that claims GPUs, and gives what it got; it holds them until the test ends."""
    jobs = []

    def start(visible: str, count: int = 1) -> tuple[str, str]:
        job = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(count)],
            cwd=request.config.rootpath / "workflow",
            env=os.environ | {"CUDA_VISIBLE_DEVICES": visible},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        jobs.append(job)
        return tuple(job.stdout.readline().rstrip("\n").split(" "))

    yield start
    for job in jobs:
        job.communicate()


def test_jobs_at_once_get_different_gpus_and_share_only_when_there_are_more_jobs(start_job):
    gpus = [f"GPU-{uuid.uuid4()}" for _ in range(2)]
    claimed = [start_job(",".join(gpus))[0] for _ in range(3)]
    assert claimed[:2] == gpus
    assert claimed[2] in gpus


def test_a_job_may_have_several_gpus(start_job):
    gpus = [f"GPU-{uuid.uuid4()}" for _ in range(3)]
    assert start_job(",".join(gpus), count=2) == (",".join(gpus[:2]), ",".join(gpus[:2]))
    assert start_job(",".join(gpus))[0] == gpus[2]


def test_a_gpu_is_free_again_when_its_job_has_ended(request):
    gpu = f"GPU-{uuid.uuid4()}"
    for _ in range(2):
        command = [sys.executable, "-c", HOLD, "1"]
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": f"{gpu},other"}
        done = subprocess.run(
            command, cwd=request.config.rootpath / "workflow", env=environment, input="", capture_output=True, text=True
        )
        assert done.stdout.split()[0] == gpu


def test_a_job_that_asks_for_none_sees_none(start_job):
    assert start_job("0,1", count=0) == ("", "-1")


@pytest.mark.parametrize(("visible", "gpus"), [("", []), ("-1", []), ("0", ["0"]), ("2, GPU-a", ["2", "GPU-a"])])
def test_visible_gpus_follow_the_environment(monkeypatch, visible, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_gpus() == gpus
