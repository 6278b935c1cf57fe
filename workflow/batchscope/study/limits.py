"""What there is of memory, disk and time, and in one line what studies need beyond it."""

import shutil
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import psutil

from batchscope.study.keras_plan import KerasPlan
from batchscope.study.needs import Need, Size, disk, memory_of_data, memory_of_metrics, memory_of_training
from batchscope.study.study import Study

_GB = 10**9
_OF_CONTAINER = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class Limits:
    """The section `limits` of a config; what it leaves to `auto` is what this machine has.

    Training jobs may have the memory that `resources` asks for, which on a cluster is that of another machine.
    """

    def __init__(self, config: dict):
        self._limits = config["limits"]
        self._mem_mb = config["resources"]["mem_mb"]

    @cached_property
    def memory(self) -> float:
        """Bytes."""
        asked = self._limits["memory_gb"]
        return _memory() if asked == "auto" else asked * _GB

    @property
    def memory_of_training(self) -> float:
        """Bytes."""
        return max(self.memory, self._mem_mb * 2**20)

    @cached_property
    def disk(self) -> float:
        """Bytes; what is written already counts too, as it is the room of what is to be written."""
        asked = self._limits["disk_gb"]
        if asked != "auto":
            return asked * _GB
        results = Path("results")
        written = sum(path.stat().st_size for path in results.rglob("*") if path.is_file())
        return shutil.disk_usage(results if results.exists() else ".").free + written


def _memory() -> int:
    """Bytes of this machine, or those that a container may have, by the control groups of Linux, version 2 or 1."""
    allowed = [path.read_text().strip() for path in _OF_CONTAINER if path.exists()]
    return min([psutil.virtual_memory().total, *(int(number) for number in allowed if number.isdigit())])


def too_large(study: KerasPlan, size: Size, limits: Limits) -> Iterator[str]:
    """A line where a study needs more memory or disk than there is."""
    for what, there, needs in (
        ("memory", limits.memory, [*memory_of_data(study.spec), *memory_of_metrics(study, size)]),
        ("memory", limits.memory_of_training, memory_of_training(study, size)),
        ("disk", limits.disk, disk(study, size)),
    ):
        for line in beyond(needs, what, there):
            yield line
            return


def beyond(needs: Iterable[Need], what: str, there: float) -> Iterator[str]:
    """A line where some needs are together more than there is, in bytes, with the place of the largest."""
    needs = list(needs)
    if (needed := sum(need.amount for need in needs)) > there:
        place = max(needs, key=lambda need: need.amount).place
        yield (
            f"{place}: the study needs about {_in_gb(needed)} GB of {what}, and there are {_in_gb(there)}; make it "
            f"smaller, or raise `limits.{what}_gb`"
        )


def _in_gb(amount: float) -> str:
    gb = float(f"{amount / _GB:.3g}")
    return f"{gb:,.0f}" if 100 <= gb < 1e9 else f"{gb:g}"


def too_long(studies: Iterable[Study], at_once: int, hours: float) -> Iterator[str]:
    """A line where what is still to be trained takes longer than so many hours, with so many jobs at once.

    How long programs of the user's take is not known.
    """
    due = {study.name: list(_seconds_due(study)) for study in studies if isinstance(study, KerasPlan)}
    jobs = [seconds for of_study in due.values() for seconds in of_study]
    if jobs and (needed := max(sum(jobs) / at_once, max(jobs)) / 3600) > hours:
        longest = max(due, key=lambda name: sum(due[name]))
        yield (
            f"training may take {needed:,.0f} hours (jobs at once: {at_once}), most of it studies.{longest}; that is a "
            "guess, and rather too long. `limits.hours` says from how many hours on you are told"
        )


def _seconds_due(study: KerasPlan) -> Iterator[float]:
    """A guess at the seconds of each training job whose result is not there."""
    results = Path("results", study.name)
    for name in study.trainings:
        if not (results / f"history/batch_size_{name}.parquet").exists():
            yield study.seconds(name)
    if "ensembles" in study.spec and not (results / "metrics/ensembles.csv").exists():
        yield 60 * study.minutes_of_ensembles
    if "noise_scale" in study.spec and not (results / "metrics/noise_scale_gradients.csv").exists():
        yield 60 * study.minutes_of_noise_scale
    if "variance" in study.spec and not (results / "metrics/variance_trainings.csv").exists():
        yield 60 * study.minutes_of_variance
