"""Runs that are killed, told to stop or started at once: nothing is left at work, and one plain run ends it well."""

import os
import re
import signal
import time
import zlib
from collections.abc import Callable
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
AT_WORK = r"process \d+ on \S+, since \d{4}-\d\d-\d\d \d\d:\d\d, is at work here; wait until .* run again"
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
ENGINES = {"compiled": 0.5, "fit": 0.25}  # and for how long a training waits at each report
MARK = "BATCHSCOPE_TEST"  # in the environment of all processes of a run
_number = count()


class Run:
    """A run of Snakemake for the histories, in a session of its own as that of a terminal."""

    def __init__(self, checkout: Checkout, *arguments: str):
        self.mark = f"{os.getpid()} {next(_number)}"
        self.log = f"printed_{self.mark.replace(' ', '_')}.log"
        self.checkout = checkout
        self.process = checkout.start("--cores", "2", *HISTORIES, *arguments, log=self.log, **{MARK: self.mark})

    @property
    def printed(self) -> str:
        return self.checkout.read(self.log)

    def at_work(self) -> list[psutil.Process]:
        """All processes of the run that are at work."""
        return [process for process in psutil.process_iter() if self._is_one(process)]

    def trainings(self) -> list[psutil.Process]:
        """The processes that Snakemake started for trainings, and those that train for them."""
        names = ("train.py", "batchscope.warm")
        found = [process for process in self.at_work() if any(name in " ".join(process.cmdline()) for name in names)]
        warm = [process for process in found if process.ppid() == self.process.pid and "-m" in process.cmdline()]
        return [process for process in found if process not in warm and process.name() != "bash"]

    def seconds_to_end(self) -> float:
        begin = time.monotonic()
        while at_work := self.at_work():
            seconds = time.monotonic() - begin
            assert seconds < 3 * SECONDS, [process.cmdline() for process in at_work]
            time.sleep(0.05)
        self.process.wait()
        return time.monotonic() - begin

    def _is_one(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class Trials:
    """Runs of one engine that are disturbed, and what the undisturbed one wrote."""

    def __init__(self, checkout: Checkout, folder: Path):
        self._checkout = checkout
        self._folder = folder
        self._copies = count()
        begin = time.monotonic()
        run = Run(self.copy())
        run.process.wait()
        self.length = time.monotonic() - begin
        self._expected = self._bytes(run.checkout)
        self.resumed = 0

    def copy(self) -> Checkout:
        return self._checkout.copy(self._folder / str(next(self._copies)))

    def goes_on(self, checkout: Checkout) -> None:
        """One plain run ends well, with the bytes of the undisturbed one."""
        checkout.run("--cores", "2", *HISTORIES)
        assert self._bytes(checkout) == self._expected
        logs = [path.read_text() for path in checkout.folder.glob("results/small/logs/train_*.log")]
        self.resumed += any(RESUMED in log for log in logs)

    def _bytes(self, checkout: Checkout) -> list[bytes]:
        return [(checkout.folder / history).read_bytes() for history in HISTORIES]


@pytest.fixture(scope="module", params=ENGINES)
def trials(request, make_checkout, tmp_path_factory) -> Trials:
    config = yaml.safe_load(SMALL)
    study = config["studies"]["small"]
    study |= {"engine": request.param, "epochs": 20, "replicates": 1, "learning_rates": [0.01]}
    checkout = make_checkout(yaml.safe_dump(config, sort_keys=False))
    with open(checkout.folder / "workflow/batchscope/training/checkpoint.py", "a") as file:
        file.write(SLOWLY.format(seconds=ENGINES[request.param]))
    checkout.run("--cores", "1", "results/small/dataset.npz")
    return Trials(checkout, tmp_path_factory.mktemp("trials"))


@pytest.fixture
def moments(request, trials) -> Callable[[int, int], np.ndarray]:
    """Seconds after which a run is disturbed, seeded; few of them where the tests are not thorough."""

    def draw(thorough: int, few: int) -> np.ndarray:
        seed = zlib.crc32(request.node.name.encode())
        if request.config.getoption("--thorough"):
            return np.random.default_rng(seed).uniform(1, trials.length - 1, thorough)
        return trials.length * np.linspace(0.7, 0.9, few)

    return draw


def disturbed(trials: Trials, moments: np.ndarray, disturb: Callable[[Run], None], status: int) -> None:
    """Disturb a run at each of some moments: it ends within seconds, and a plain run goes on to the same bytes."""
    seconds, resumed, at_work = [], trials.resumed, 0
    for moment in moments:
        run = Run(trials.copy())
        time.sleep(moment)
        at_work += run.process.poll() is None
        disturb(run)
        seconds.append(run.seconds_to_end())
        if run.process.returncode != 0:  # it may have been done
            assert run.process.returncode == status, run.printed
            assert_told(run)
        trials.goes_on(run.checkout)
    assert max(seconds) < SECONDS
    resumed = trials.resumed - resumed
    print(
        f"{len(moments)} runs, {at_work} of them at work: over after {np.median(seconds):.1f} s, at most "
        f"{max(seconds):.1f} s; {resumed} went on from a checkpoint; all to the same bytes"
    )
    assert resumed


def assert_told(run: Run) -> None:
    """A run that was told to end said how to go on, in its last line, and printed no traceback."""
    if run.process.returncode == 1:
        assert run.printed.splitlines()[-1] == STOPPED, run.printed
    assert "Traceback" not in run.printed, run.printed


def send(number: int, everyone: bool = False) -> Callable[[Run], None]:
    """Send a signal to Snakemake, or to everyone in its group as a terminal does."""

    def disturb(run: Run) -> None:
        with suppress(ProcessLookupError):
            (os.killpg if everyone else os.kill)(run.process.pid, number)

    return disturb


def test_snakemake_is_killed(trials, moments):
    disturbed(trials, moments(10, 2), send(signal.SIGKILL), -signal.SIGKILL)


@pytest.mark.parametrize(
    ("number", "everyone"),
    [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGHUP, True)],
    ids=["Ctrl-C", "SIGTERM", "SIGINT", "SIGHUP"],
)
def test_snakemake_is_told_to_end(trials, moments, number, everyone):
    disturbed(trials, moments(5, 1), send(number, everyone), 1)


def test_a_training_is_killed(trials, moments):
    moments = moments(10, 1)
    generator, killed, resumed, seconds = np.random.default_rng(0), 0, trials.resumed, []
    for moment in moments:
        run = Run(trials.copy())
        time.sleep(moment)
        if trainings := run.trainings():
            with suppress(psutil.NoSuchProcess):
                trainings[generator.integers(len(trainings))].kill()
                killed += 1
        run.process.wait()
        seconds.append(run.seconds_to_end())
        trials.goes_on(run.checkout)
    assert max(seconds) < SECONDS
    print(f"{len(moments)} runs, {killed} trainings killed, {trials.resumed - resumed} went on from a checkpoint")


@pytest.mark.parametrize("nolock", [False, True], ids=["", "nolock"])
def test_one_of_eight_runs_works_and_the_others_say_so(trials, nolock):
    checkout = trials.copy()
    runs = [Run(checkout, *["--nolock"] * nolock) for _ in range(8)]
    for run in runs:
        run.process.wait()
    assert sorted(run.process.returncode for run in runs) == [0] + [1] * 7
    [worked] = [run for run in runs if run.process.returncode == 0]
    for run in runs:
        if run is not worked:
            *_, said = run.printed.splitlines()
            assert re.fullmatch(AT_WORK, said), run.printed
            assert f"process {worked.process.pid} on " in said
            assert len(run.printed.splitlines()) <= 3, run.printed  # with what Snakemake says of profile and files
    trials.goes_on(checkout)
