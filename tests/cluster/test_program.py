"""A program of the user's on a real SLURM: each of its jobs has a device of its own, which the program is told."""

import json
import re

import pytest

from tests.checkout import Checkout
from tests.cluster.conftest import PROFILE, UNPACKED
from tests.cluster.slurm import Slurm
from tests.cluster.test_study import jobs_of

PROGRAM = """
import json, os, sys, time
batch_size, seed, gpu, history = sys.argv[1:]
time.sleep(3)
with open(history, "w") as file:
    for epoch in (1, 2):
        loss = 1 / epoch + int(seed) / 10 + int(batch_size) / 1000
        print(json.dumps({"epoch": epoch, "test_loss": loss, "test_accuracy": 1 - loss / 10}), file=file)
print("sees", os.environ["CUDA_VISIBLE_DEVICES"], "told", gpu)
"""
CONFIG = """
studies:
  program:
    program:
      command: python train.py {batch_size} {seed} {gpu} {history}
      format: jsonl
    train_rows: 100
    epochs: 2
    replicates: 2
    batch_sizes: [1, 2, 4, 8, 16, 32]
    learning_rates: [0.1]
    resources: {gpu: 1, mem_mb: 300, runtime: 3, threads: 1}
"""


@pytest.fixture(scope="module")
def run(slurm: Slurm, make_checkout) -> tuple[Checkout, str]:
    checkout = make_checkout(CONFIG)
    (checkout.folder / "train.py").write_text(PROGRAM)
    return checkout, checkout.run("results/program/metrics/summary.csv", *PROFILE, *UNPACKED)


def test_each_program_has_a_device_of_its_own(run, slurm):
    checkout, printed = run
    jobs = {job.number: job for job in jobs_of(slurm, printed)}
    assert len(jobs) == 6
    assert {(job.gpus, job.minutes) for job in jobs.values()} == {(1, 3)}
    devices = {}
    for log in (checkout.folder / "results/program/logs").glob("train_batch_size_*.log"):
        number, gpu = re.search(r"SLURM job (\d+), .*; GPUs: (\d);", log.read_text()).groups()
        assert re.findall(r"sees (.+) told (.+)", log.read_text()) == [(gpu, gpu)] * 2
        devices[number] = gpu
    assert devices.keys() == jobs.keys()
    for job in jobs.values():
        beside = [other for other in jobs.values() if other is not job and other.overlaps(job)]
        assert devices[job.number] not in [devices[each.number] for each in beside if each.node == job.node]


def test_what_the_programs_wrote_is_read(run):
    checkout, _ = run
    assert len(checkout.read("results/program/metrics/replicates.csv").splitlines()) == 1 + 6 * 2
    assert json.loads(checkout.read("results/program/runs/batch_size_8/runs.json"))["seconds"].keys() == {
        "learning_rate_0.1_replicate_0.jsonl",
        "learning_rate_0.1_replicate_1.jsonl",
    }
