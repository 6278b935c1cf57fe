"""The CPU time of every process of a command, looked at many times a second, and the log that each one writes."""

import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import psutil

SECONDS_OF_A_LOOK = 0.05


class Watched(NamedTuple):
    seconds: float  # on the clock
    cpu: float  # seconds of all processes, of those too that no look saw
    looks: pd.DataFrame  # a row per look and process: `second`, `pid`, `parent`, `words` of its command, `log` that it
    # writes in the end ("" for none), `cpu` seconds since the look before
    printed: str


def watch(command: list[str], folder: Path) -> Watched:
    """Run a command in a folder; where it fails, end with what it printed. Linux alone says what a process writes."""
    before, looks = _cpu_of_children(), []
    with open(folder / "printed.log", "w+") as printed, open(folder / "errors.log", "w+") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=printed, stderr=errors)
        while process.poll() is None:
            looks += [(time.perf_counter() - begin, *seen) for seen in _look(process.pid)]
            time.sleep(SECONDS_OF_A_LOOK)
        seconds = time.perf_counter() - begin
        for file in (printed, errors):
            file.seek(0)
        text, said = printed.read(), errors.read()
    if process.returncode:
        sys.exit(text + said)
    table = pd.DataFrame(looks, columns=["second", "pid", "parent", "words", "log", "cpu"])
    table["log"] = table.groupby("pid")["log"].transform("last")
    table["cpu"] = table.groupby("pid")["cpu"].diff().fillna(table["cpu"])
    return Watched(seconds, _cpu_of_children() - before, table, text)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _look(pid: int) -> list[tuple[int, int, str, str, float]]:
    seen = []
    with suppress(psutil.NoSuchProcess):
        main = psutil.Process(pid)
        for process in (main, *main.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                times, output = process.cpu_times(), os.readlink(f"/proc/{process.pid}/fd/1")
                log = output if output.endswith(".log") and "/logs/" in output else ""
                words = " ".join(process.cmdline())
                seen.append((process.pid, process.ppid(), words, log, times.user + times.system))
    return seen
