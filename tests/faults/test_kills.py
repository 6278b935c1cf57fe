"""Runs that are killed, told to stop or started at once: nothing is left at work, and one plain run ends it well."""

import os
import re
import signal
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from tests.checkout import SMALL, Checkout

HISTORIES = [f"results/small/history/batch_size_{batch_size}.parquet" for batch_size in (8, 100)]
STOPPED = "stopped; run again, which goes on from here"
AT_WORK = r"process (\d+) on \S+, since \d{4}-\d\d-\d\d \d\d:\d\d, is at work in this folder; wait until it .*"
RESUMED = "resumed from a checkpoint"
SECONDS = 10  # in which all has to have ended
# A training that has something to lose: it waits rather than trains, and keeps what it has every second.
SLOWLY = """
_SECONDS_BETWEEN, _SHARE = 1, 1
_due = Checkpoint.due


def _due_after_a_while(self):
    time.sleep({seconds})
    return _due(self)


Checkpoint.due = _due_after_a_while
"""
# Of each kind of run the engine, for how long a training waits at each report, and the environment. With GPUs, which
# are pretended, the trainings are no forks of the warm process.
KINDS = {
    "compiled": ("compiled", 0.5, {}),
    "fit": ("fit", 0.25, {}),
    "by itself": ("compiled", 0.5, {"CUDA_VISIBLE_DEVICES": "0"}),
}
MARK = "BATCHSCOPE_TEST"  # in the environment of all processes of a run
_number = count()


class Run:
    """A run of Snakemake for the histories."""

    def __init__(self, checkout: Checkout, *arguments: str, **environment: str):
        self._mark = f"{os.getpid()}_{next(_number)}"
        self._log = f"printed_{self._mark}.log"
        self.checkout = checkout
        self.process = checkout.start(
            "--cores", "2", *HISTORIES, *arguments, log=self._log, **environment, **{MARK: self._mark}
        )

    @property
    def printed(self) -> str:
        return self.checkout.read(self._log)

    def wait_for_checkpoint(self) -> None:
        kept = self.checkout.folder / ".snakemake/batchscope/work"
        while self.process.poll() is None and not any(kept.rglob("*.checkpoint")):
            time.sleep(0.05)

    def wait_for_claim(self) -> None:
        """Until Snakemake has read the rules; before, it knows nothing of how this workflow ends."""
        while self.process.poll() is None and not (self.checkout.folder / ".snakemake/batchscope/run.holder").exists():
            time.sleep(0.05)

    def at_work(self) -> list[psutil.Process]:
        """All processes of the run that are at work."""
        return [process for process in psutil.process_iter() if self._is_one(process)]

    def trainings(self) -> list[psutil.Process]:
        """The processes that Snakemake started for trainings, and those that train for them."""
        at_work = self.at_work()
        warm = {process.pid for process in at_work if self._is_child(process) and "batchscope.warm" in _words(process)}
        forks = [process for process in at_work if _parent(process) in warm]
        return forks + [process for process in at_work if any(word.endswith(".train.py") for word in _words(process))]

    def seconds_to_end(self) -> float:
        begin = time.monotonic()
        while at_work := self.at_work():
            assert time.monotonic() - begin < 3 * SECONDS, [_words(process) for process in at_work]
            time.sleep(0.05)
        self.process.wait()
        return time.monotonic() - begin

    def _is_one(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return process.environ().get(MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE
        return False

    def _is_child(self, process: psutil.Process) -> bool:
        return _parent(process) == self.process.pid


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _parent(process: psutil.Process) -> int | None:
    with suppress(psutil.Error):
        return process.ppid()
    return None


class Trials:
    """Runs of one kind that are disturbed, and what the undisturbed one wrote."""

    def __init__(self, checkout: Checkout, folder: Path, environment: dict[str, str]):
        self._checkout = checkout
        self._folder = folder
        self._environment = environment
        self._copies = count()
        begin = time.monotonic()
        undisturbed = self.start()
        assert undisturbed.process.wait() == 0, undisturbed.printed
        self.seconds = time.monotonic() - begin
        self._expected = self._bytes(undisturbed.checkout)
        self.resumed = 0

    def copy(self) -> Checkout:
        return self._checkout.copy(self._folder / str(next(self._copies)))

    def start(self) -> Run:
        return Run(self.copy(), **self._environment)

    def goes_on(self, checkout: Checkout) -> None:
        """One plain run ends well, with the bytes of the undisturbed one."""
        checkout.run("--cores", "2", *HISTORIES, **self._environment)
        assert self._bytes(checkout) == self._expected
        logs = [path.read_text() for path in checkout.folder.glob("results/small/logs/train_*.log")]
        self.resumed += any(RESUMED in log for log in logs)

    def _bytes(self, checkout: Checkout) -> list[bytes]:
        return [(checkout.folder / history).read_bytes() for history in HISTORIES]


@pytest.fixture(scope="module", params=KINDS)
def trials(request, make_checkout, tmp_path_factory) -> Trials:
    if request.param == "by itself":
        skip_unless_thorough(request)  # before anything is trained for it
    engine, seconds, environment = KINDS[request.param]
    config = yaml.safe_load(SMALL)
    config["studies"]["small"] |= {"engine": engine, "epochs": 20, "replicates": 1, "learning_rates": [0.01]}
    checkout = make_checkout(yaml.safe_dump(config, sort_keys=False))
    with open(checkout.folder / "workflow/batchscope/training/checkpoint.py", "a") as file:
        file.write(SLOWLY.format(seconds=seconds))
    checkout.run("--cores", "1", "results/small/dataset.npz")
    return Trials(checkout, tmp_path_factory.mktemp("trials"), environment)


def skip_unless_thorough(request) -> None:
    if not request.config.getoption("--thorough"):
        pytest.skip("--thorough tries it")


@pytest.fixture
def runs(request, trials) -> Callable[..., Iterator[Run]]:
    """Starts runs, one after the other, each to be disturbed at the moment when it is given out.

    Where the tests are thorough every other moment is anywhere from its beginning on, the others are after a first
    checkpoint.
    """

    def start(thorough: int, always: tuple[str, ...]) -> Iterator[Run]:
        if request.node.callspec.params["trials"] not in always:
            skip_unless_thorough(request)
        if not request.config.getoption("--thorough"):
            thorough = 1
        generator = np.random.default_rng(zlib.crc32(request.node.name.encode()))
        for trial in range(thorough):
            run = trials.start()
            if trial % 2:
                run.wait_for_claim()
                time.sleep(generator.uniform(0, trials.seconds))
            else:
                run.wait_for_checkpoint()
                time.sleep(generator.uniform(0, 3))
            yield run

    return start


def disturbed(
    trials: Trials, runs: Iterator[Run], disturb: Callable[[Run], bool], check: Callable[[Run], None]
) -> None:
    """Disturb runs: each ends within seconds, and a plain one more goes on to the same bytes.

    `disturb` says whether there was something to disturb, and `check` looks at what is then left of a run.
    """
    seconds, resumed, tried = [], trials.resumed, 0
    for run in runs:
        if disturb(run):
            seconds.append(run.seconds_to_end())
            check(run)
        run.process.wait()
        trials.goes_on(run.checkout)
        tried += 1
    resumed = trials.resumed - resumed
    print(
        f"\n{tried} runs, {len(seconds)} of them disturbed: over after {np.median(seconds):.1f} s, at most "
        f"{max(seconds):.1f} s; {resumed} went on from a checkpoint; all to the same bytes"
    )
    assert max(seconds) < SECONDS
    assert resumed


def send(number: int, everyone: bool = False) -> Callable[[Run], bool]:
    """Send a signal to Snakemake, or to everyone in its group as a terminal does."""

    def disturb(run: Run) -> bool:
        if run.process.poll() is not None:
            return False
        (os.killpg if everyone else os.kill)(run.process.pid, number)
        return True

    return disturb


def test_snakemake_is_killed(trials, runs):
    def check(run: Run) -> None:
        assert run.process.returncode == -signal.SIGKILL

    disturbed(trials, runs(7, always=("compiled",)), send(signal.SIGKILL), check)


@pytest.mark.parametrize(
    ("number", "everyone", "tries", "always"),
    [
        (signal.SIGINT, True, 2, ("fit",)),
        (signal.SIGTERM, False, 2, ("compiled",)),
        (signal.SIGINT, False, 1, ()),
        (signal.SIGHUP, True, 1, ()),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGINT", "a closed terminal"],
)
def test_snakemake_is_told_to_end(trials, runs, number, everyone, tries, always):
    def check(run: Run) -> None:
        if run.process.returncode != 0:  # it was about to end
            assert run.process.returncode == 1
            assert run.printed.splitlines()[-1] == STOPPED, run.printed
        assert "Traceback" not in run.printed, run.printed

    disturbed(trials, runs(tries, always), send(number, everyone), check)


def test_a_training_is_killed(trials, runs):
    generator = np.random.default_rng(0)

    def disturb(run: Run) -> bool:
        trainings = run.trainings()
        if trainings:
            trainings[generator.integers(len(trainings))].kill()
            run.process.wait()  # the other one may go on to its end
        return bool(trainings)

    def check(run: Run) -> None:
        assert run.process.returncode in (0, 1)

    disturbed(trials, runs(7, always=("fit",)), disturb, check)


@pytest.fixture
def compiled(trials, request) -> Trials:
    if request.node.callspec.params["trials"] != "compiled":
        pytest.skip("the others do not differ")
    return trials


@pytest.mark.parametrize("nolock", [False, True], ids=["", "nolock"])
def test_one_of_eight_runs_works_and_the_others_say_so(compiled, nolock, request):
    if nolock:
        skip_unless_thorough(request)
    checkout = compiled.copy()
    started = [Run(checkout, *["--nolock"] * nolock) for _ in range(8)]
    assert sorted(run.process.wait() for run in started) == [0] + [1] * 7
    [worked] = [run for run in started if run.process.returncode == 0]
    for run in started:
        if run is not worked:
            *said_by_snakemake, said = run.printed.splitlines()
            assert len(said_by_snakemake) <= 2, run.printed
            assert re.fullmatch(AT_WORK, said).group(1) == str(worked.process.pid), run.printed
    compiled.goes_on(checkout)


@pytest.mark.parametrize(
    ("holder", "seen"),
    [
        ("", True),
        (f"process 7 on {socket.gethostname()}, since 2026-01-01 00:00,", True),
        ("process 7 on elsewhere, since 2026-01-01 00:00,", False),
        (f"process 7 on {socket.gethostname()}, since 2026-01-01 00:00, with jobs on a cluster,", False),
    ],
    ids=["", "here", "elsewhere", "cluster"],
)
def test_a_lock_that_was_left_is_no_obstacle_where_nobody_can_be_at_work(compiled, holder, seen, request):
    if request.node.callspec.id not in ("compiled-here", "compiled-elsewhere"):
        skip_unless_thorough(request)
    checkout = compiled.copy()
    (checkout.folder / ".snakemake/locks").mkdir()
    (checkout.folder / ".snakemake/locks/0.output.lock").write_text("results/small/dataset.npz\n")
    if holder:
        (checkout.folder / ".snakemake/batchscope/run.holder").write_text(holder)
    command = ("--cores", "1", "results/small/dataset.npz")
    if not seen:
        done = checkout.snakemake(*command)
        assert done.returncode == 1
        *_, said = done.stderr.splitlines()
        assert said == f"{holder} left locks; when neither it nor a job of it is at work: snakemake --unlock, run again"
        checkout.run("--unlock")
    assert "cannot be locked" not in checkout.run("--dry-run", *command)
    assert "Nothing to be done" in checkout.run(*command)
