"""What happens to jobs on clusters, on a real SLURM: all trainings end in the bytes of a run that nothing disturbed."""

import re
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.checkout import Checkout
from tests.cluster.conftest import PROFILE, UNPACKED, read_histories
from tests.cluster.slurm import wait_until

RESUMED = "resumed from a checkpoint: epoch"
EPOCHS = 60
LONG = f"""
studies:
  long:
    dataset: {{make_blobs: {{n_samples: 1000, centers: 3, n_features: 2, cluster_std: 2, random_state: 2}}}}
    split: {{train: 500}}
    model: [{{Dense: {{units: 50, activation: relu, kernel_initializer: he_uniform}}}}]
    optimizer: {{SGD: {{momentum: 0.9}}}}
    epochs: {EPOCHS}
    replicates: 8
    batch_sizes: [1, 2, 3, 5, {{1: {2 * EPOCHS}}}]
    learning_rates: [0.01]
"""
KILLED, CANCELLED, REQUEUED, OUT_OF_MEMORY = 1, 2, 3, 5
OUT_OF_TIME = f"1x{2 * EPOCHS}"
# Trainings of 20 s at least, so that there is time for something to happen to them; SLURM looks at the time of a job
# only every 30 s. They wait rather than train, as other tests need the cores.
SLOWLY = f"""
_due = Checkpoint.due


def _due_after_a_while(self):
    time.sleep(6 if "{OUT_OF_TIME}" in str(self._folder) else 2)
    return _due(self)


Checkpoint.due = _due_after_a_while
"""


def history(batch_size: int | str) -> str:
    return f"results/long/history/batch_size_{batch_size}.parquet"


class Run:
    """Snakemake at work on the cluster, on the histories of some batch sizes."""

    def __init__(self, checkout: Checkout, batch_sizes: list[int | str], *arguments: str):
        self.checkout = checkout
        self._process = checkout.start(*map(history, batch_sizes), *PROFILE, *UNPACKED, *arguments)

    @property
    def printed(self) -> str:
        return self.checkout.read("printed.log")

    def log(self, batch_size: int | str) -> str:
        return self.checkout.read(f"results/long/logs/train_batch_size_{batch_size}.log")

    def job(self, batch_size: int | str) -> str:
        """The number that SLURM gave last to the job of a batch size, when it has one."""
        pattern = rf"submitted with SLURM jobid (\d+) \(log: \S*rule_train_batch_size_{batch_size}/"
        wait_until(lambda: re.search(pattern, self.printed), f"batch size {batch_size} is submitted")
        return re.findall(pattern, self.printed)[-1]

    def wait_for_checkpoint(self, batch_size: int | str) -> None:
        kept = self.checkout.folder / ".snakemake/batchscope/work" / history(batch_size)

        def is_there() -> bool:
            assert self._process.poll() is None, self.printed
            return any(kept.glob("*/*.checkpoint"))

        wait_until(is_there, f"batch size {batch_size} has a checkpoint")

    def wait(self, seconds: float = 600) -> int:
        return self._process.wait(seconds)

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self.kill()


@pytest.fixture(scope="module")
def make_long(make_checkout) -> Callable[[], Checkout]:
    def make() -> Checkout:
        checkout = make_checkout(LONG)
        with open(checkout.folder / "workflow/batchscope/training/checkpoint.py", "a") as file:
            file.write(SLOWLY)
        return checkout

    return make


@pytest.fixture(scope="module")
def checkout(make_long) -> Checkout:
    """One for several tests, each of a batch size of its own."""
    return make_long()


@pytest.fixture(scope="module")
def start(slurm) -> Iterator[Callable[..., Run]]:
    runs = []

    def start(*arguments) -> Run:
        runs.append(Run(*arguments))
        return runs[-1]

    yield start
    for run in runs:
        run.stop()


@pytest.fixture(scope="module")
def assert_same_bytes(make_checkout) -> Callable[[Run], None]:
    """Compares the histories of a run with those of one on this machine, without a cluster."""
    undisturbed = make_checkout(LONG)
    undisturbed.run(*map(history, (OUT_OF_TIME, 1, 2, 3, 5)), "--cores", "2")
    expected = read_histories(undisturbed)

    def compare(run: Run) -> None:
        histories = read_histories(run.checkout)
        assert histories
        assert [path for path, content in histories.items() if content != expected[path]] == []

    return compare


@pytest.fixture(scope="module")
def ended(start, slurm, make_long) -> Run:
    """A run of five jobs, each of which is ended, in a way of its own, when it has a checkpoint; one before."""
    run = start(
        make_long(),
        [KILLED, CANCELLED, REQUEUED, OUT_OF_MEMORY, OUT_OF_TIME],
        "--set-resources",
        f"train_batch_size_{OUT_OF_MEMORY}:mem_mb=600*attempt",
    )
    run.wait_for_checkpoint(KILLED)
    slurm.signal_program(run.job(KILLED), "train.py", signal.SIGKILL)  # as where no memory is left
    for batch_size, command in (
        (CANCELLED, ["scancel"]),
        (REQUEUED, ["scontrol", "requeue"]),
        (OUT_OF_TIME, ["scontrol", "update", "TimeLimit=0:01"]),
    ):
        run.wait_for_checkpoint(batch_size)
        job = run.job(batch_size)
        slurm.ask(*command, f"JobId={job}" if "update" in command else job)
    assert run.wait() == 0, run.printed
    return run


def test_trainings_whose_jobs_are_ended_end_in_the_same_bytes(ended, assert_same_bytes):
    assert_same_bytes(ended)


def test_a_job_that_is_requeued_resumes_under_its_number(ended, slurm):
    job = ended.job(REQUEUED)
    assert "Restarts=1" in slurm.ask("scontrol", "show", "job", job)
    assert f"SLURM job {job}, process" in ended.log(REQUEUED)
    assert RESUMED in ended.log(REQUEUED)


@pytest.mark.parametrize(
    ("batch_size", "told"),
    [
        (KILLED, "SLURM status is: 'FAILED'"),
        (CANCELLED, "SLURM status is: 'CANCELLED'"),
        (OUT_OF_TIME, "SLURM status is: 'TIMEOUT'"),
        (OUT_OF_MEMORY, "error: Exceeded job memory limit"),
    ],
)
def test_how_a_job_ended_is_told(ended, batch_size, told):
    errors = [
        error for error in ended.printed.split("Error in rule ") if error.startswith(f"train_batch_size_{batch_size}:")
    ]
    assert told in errors[0]
    assert "Trying to restart job" in ended.printed


@pytest.mark.parametrize("batch_size", [KILLED, CANCELLED, OUT_OF_TIME])
def test_the_next_attempt_resumes(ended, batch_size):
    assert RESUMED in ended.log(batch_size)


def test_the_next_attempt_asks_for_more_memory_and_time(ended, slurm):
    job = slurm.ask("scontrol", "show", "job", ended.job(OUT_OF_MEMORY))
    assert int(re.search(r"MinMemoryNode=(\d+)M", job).group(1)) in (1200, 1800)
    first, again = (
        re.search(r"TimeLimit=(\S+)", slurm.ask("scontrol", "show", "job", job)).group(1)
        for job in (ended.job(REQUEUED), ended.job(OUT_OF_MEMORY))
    )
    assert again > first


@pytest.fixture(scope="module")
def preempted(start, slurm, make_long) -> Run:
    """A run whose jobs give way to an urgent one; one of them runs again by itself. Then its node is lost."""
    run = start(make_long(), [1, 2], "--set-resources", "train_batch_size_2:slurm_partition=scavenger")
    for batch_size in (1, 2):
        run.wait_for_checkpoint(batch_size)
    slurm.ask("sbatch", "--partition=urgent", "--ntasks=8", "--output=/dev/null", "--wrap=sleep 1")
    wait_until(lambda: RESUMED in run.log(1), "the training that was preempted resumes")
    node = slurm.ask("squeue", "--noheader", "--format=%N", f"--jobs={run.job(1)}").strip()
    slurm.lose_node(node)
    assert run.wait() == 0, run.printed
    slurm.start_node(node)
    return run


def test_trainings_that_were_preempted_and_lost_their_node_end_in_the_same_bytes(preempted, assert_same_bytes):
    assert_same_bytes(preempted)


def test_a_job_runs_again_after_it_was_preempted_and_after_its_node_was_lost(preempted, slurm):
    job = preempted.job(1)
    assert len(re.findall("jobid (\\d+) \\(log: \\S*rule_train_batch_size_1/", preempted.printed)) == 1
    assert "Restarts=2" in slurm.ask("scontrol", "show", "job", job)
    assert RESUMED in preempted.log(1)


def test_a_job_that_was_preempted_and_cancelled_is_submitted_again(preempted):
    assert "was preempted and cancelled. If retries are left it is submitted again." in preempted.printed
    assert RESUMED in preempted.log(2)


def test_the_controller_may_be_away_while_a_job_ends(start, slurm, checkout, assert_same_bytes):
    run = start(checkout, [5])
    wait_until(lambda: "compiled to train" in run.log(5), "the training has begun")
    slurm.stop_controller()
    wait_until(lambda: "SLURM does not answer" in run.printed, "Snakemake notices")
    wait_until((run.checkout.folder / history(5)).exists, "the job ends")
    slurm.start_controller()
    assert run.wait() == 0, run.printed
    assert_same_bytes(run)


def test_jobs_are_cancelled_with_snakemake_and_resume_when_it_runs_again(start, slurm, checkout, assert_same_bytes):
    interrupted = start(checkout, [2])
    interrupted.wait_for_checkpoint(2)
    job = interrupted.job(2)
    interrupted.interrupt()
    assert interrupted.wait() == 1
    wait_until(lambda: slurm.jobs()[job] == "CANCELLED", "the job is cancelled")
    again = start(checkout, [2])
    assert again.wait() == 0, again.printed
    assert RESUMED in again.log(2)
    assert_same_bytes(again)


def test_no_two_jobs_are_at_work_on_one_output_when_snakemake_is_killed_and_started_again(
    start, slurm, checkout, assert_same_bytes
):
    killed = start(checkout, [1])
    killed.wait_for_checkpoint(1)
    job = killed.job(1)
    slurm.signal_program(job, "train.py", signal.SIGSTOP)  # so that it is at work for long enough
    killed.kill()

    again = start(checkout, [1], "--retries", "0")
    assert again.wait() == 1
    assert "with jobs on a cluster, left locks; when neither it nor a job of it is at work: snakemake --unlock" in (
        again.printed
    )
    checkout.run("--unlock")
    again = start(checkout, [1], "--retries", "0")
    assert again.wait() == 1
    refusal = rf"SLURM job {job}, process \d+ on n\d, since .*, is at work on {history(1)}; this job stops."
    assert re.search(refusal, again.log(1))
    assert re.search(refusal, again.printed)
    slurm.signal_program(job, "train.py", signal.SIGCONT)

    wait_until(lambda: slurm.jobs()[job] in ("COMPLETED", "FAILED"), "the first job has ended")
    last = start(checkout, [1])
    assert last.wait() == 0, last.printed
    # What the first job wrote stands, or Snakemake removed it with the failure of the second, which may come before or
    # after the end of the first. Then the checkpoint has it all.
    assert "Nothing to be done" in last.printed or f"{RESUMED} {EPOCHS} " in last.log(1)
    assert_same_bytes(last)
