"""A study on a real SLURM: the same results as here, a GPU for every job, short trainings packed together."""

import re
import subprocess
from datetime import datetime

import pytest

from tests.checkout import ROOT, Checkout
from tests.cluster.conftest import PROFILE, UNPACKED, read_histories
from tests.cluster.slurm import NODES, Slurm


class Job:
    """A job of the cluster, when it has ended."""

    def __init__(self, slurm: Slurm, number: str):
        told = slurm.ask("scontrol", "show", "job", number)
        self.number = number
        self.begin, self.end = (
            datetime.fromisoformat(re.search(rf"{name}Time=(\S+)", told).group(1)) for name in ("Start", "End")
        )
        self.node = re.search(r" NodeList=(\S+)", told).group(1)
        self.minutes = int(re.search(r"TimeLimit=00:(\d+):00", told).group(1))
        self.gpus = int(re.search(r"TresPerJob=gres:gpu:(\d+)", told).group(1))

    def overlaps(self, other: "Job") -> bool:
        return self.begin < other.end and other.begin < self.end


def jobs_of(slurm: Slurm, printed: str) -> list[Job]:
    return [Job(slurm, number) for number in re.findall(r"submitted with SLURM jobid (\d+)", printed)]


@pytest.fixture(scope="module")
def tutorial() -> str:
    """The tutorial study, with fewer epochs."""
    return (ROOT / "config.yaml").read_text().replace("epochs: 200\n", "epochs: 10\n")


@pytest.fixture(scope="module")
def trained(slurm, make_checkout, tutorial) -> tuple[Checkout, list[Job]]:
    """The tutorial study, trained on the cluster."""
    checkout = make_checkout(tutorial)
    printed = checkout.run("results/blobs/metrics/history.parquet", *PROFILE, *UNPACKED)
    return checkout, jobs_of(slurm, printed)


def test_histories_have_the_same_bytes_as_here(trained, make_checkout, tutorial):
    here = make_checkout(tutorial)
    here.run("results/blobs/metrics/history.parquet", "--cores", "2")
    checkout, _ = trained
    histories = read_histories(checkout)
    assert len(histories) == 10
    assert histories == read_histories(here)


def test_no_more_jobs_run_at_once_than_there_are_gpus(trained):
    _, jobs = trained
    assert len(jobs) == 10
    assert max(sum(job.begin <= other.begin < job.end for job in jobs) for other in jobs) == 2 * len(NODES)


def test_each_job_has_a_device_of_its_own(trained):
    checkout, jobs = trained
    devices = {}
    for log in (checkout.folder / "results/blobs/logs").glob("train_batch_size_*.log"):
        number, gpu = re.search(r"SLURM job (\d+), .*; GPUs: (\d);", log.read_text()).groups()
        devices[number] = gpu
    for job in jobs:
        beside = [other for other in jobs if other is not job and other.overlaps(job) and other.node == job.node]
        assert devices[job.number] not in [devices[other.number] for other in beside]


@pytest.fixture(scope="module")
def packed(slurm, make_checkout) -> tuple[Checkout, str]:
    """The small study, of whose three trainings the second cannot run: its output is another job's work."""
    checkout = make_checkout()
    with checkout.another_job_at_work("results/small/history/batch_size_100.parquet"):
        done = checkout.snakemake(*PROFILE, "--retries", "0")
    assert done.returncode == 1
    return checkout, done.stdout + done.stderr


def test_short_trainings_share_an_allocation_with_one_gpu_and_the_time_of_all(packed, slurm):
    _, printed = packed
    [job] = jobs_of(slurm, printed)
    assert (job.gpus, job.minutes) == (1, 3 * 2)


def test_how_an_allocation_ended_is_told(packed):
    _, printed = packed
    assert "SLURM status is: 'FAILED'" in printed


def test_a_failed_log_is_shown_once_for_its_allocation_and_its_job(packed):
    _, printed = packed
    assert printed.count("another job is at work on results/small/history/batch_size_100.parquet") == 1
    assert "train_batch_size_100 failed, its log is results/small/logs/train_batch_size_100.log" in printed


@pytest.fixture(scope="module")
def finished(packed) -> tuple[Checkout, str]:
    """The small study, run again after one of its trainings failed."""
    checkout, printed = packed
    assert "another job is at work on results/small/history/batch_size_100.parquet" in printed
    assert not (checkout.folder / "results/small/history/batch_size_8.parquet").exists()  # gone with the failed one
    return checkout, checkout.run(*PROFILE)


def test_one_that_fails_does_not_make_its_fellows_train_again(finished, slurm):
    checkout, printed = finished
    assert len(jobs_of(slurm, printed)) == 1
    log = checkout.read("results/small/logs/train_batch_size_8.log")
    assert "resumed from a checkpoint: epoch 12 " in log
    assert "trainings done" not in log
    kept = checkout.folder / ".snakemake/batchscope/work/results/small/history"
    assert list(kept.glob("*.parquet")) == []  # removed when all is well


def test_what_trainings_found_and_how_far_they_are_is_told_here(finished):
    _, printed = finished
    found = re.findall(r"small, batch size (\d+): .*\((\d+) of 25 trainings", printed)
    assert {batch_size for batch_size, _ in found} == {"8", "100", "150"}
    assert found[-1][-1] == "25"


def test_a_submission_that_fails_is_told(slurm, make_checkout):
    checkout = make_checkout()
    checkout.run("results/small/dataset.npz", "--cores", "1")
    slurm.stop_controller()
    try:
        run = checkout.start("results/small/metrics/history.parquet", *PROFILE, "--retries", "0")
        assert run.wait(240) == 1
    finally:
        slurm.start_controller()
    assert "Job submission failed" in checkout.read("printed.log")
    assert "Unable to contact slurm controller" in checkout.read("printed.log")


def test_why_slurm_refuses_a_job_is_told(slurm, make_checkout):
    checkout = make_checkout()
    path = "results/small/history/batch_size_full.parquet"
    done = checkout.snakemake(path, *PROFILE, "--retries", "0", "--default-resources", "slurm_partition=missing")
    assert done.returncode == 1
    assert "invalid partition specified: missing" in done.stdout + done.stderr


def test_a_cluster_without_gpus(slurm, make_checkout):
    checkout = make_checkout()
    path = "results/small/history/batch_size_full.parquet"
    printed = checkout.run(path, *PROFILE, "--resources", "gpu=0", "training=1")
    [number] = re.findall(r"submitted with SLURM jobid (\d+)", printed)
    assert "gpu" not in slurm.ask("scontrol", "show", "job", number).replace("Partition=gpu", "")
    assert "GPUs: none" in checkout.read("results/small/logs/train_batch_size_full.log")


@pytest.fixture
def home(finished, make_checkout) -> Checkout:
    """Another checkout, with the results brought by the command that profiles/README.md gives."""
    cluster, _ = finished
    home = make_checkout()
    [command] = re.findall(r"^rsync .*", (ROOT / "profiles/README.md").read_text(), re.MULTILINE)
    command = command.replace("CLUSTER:", "").replace("batchscope/", f"{cluster.folder}/")
    subprocess.run(["bash", "-c", command], cwd=home.folder, check=True)
    return home


def test_results_are_taken_home_as_they_are(home):
    assert home.rules_due() == set()
    assert home.run("--cores", "1").count("Nothing to be done") == 1


def test_at_home_a_change_makes_again_what_depends_on_it(home):
    home.change_config(lambda config: config["studies"]["small"]["batch_sizes"].append(32))
    due = home.rules_due()
    assert {rule for rule in due if rule.startswith("train")} == {"train_batch_size_32"}
