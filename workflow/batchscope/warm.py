"""Jobs that start at once: a run has one process that imports what they need, and forks itself for each of them.

Importing TensorFlow, pandas and matplotlib takes longer than most jobs. The warm process begins with it before it is
asked. A script that hands itself over runs in a fork of the warm process where its run has one, with its own
environment, folder and streams, and goes on by itself elsewhere: on a cluster, with GPUs, in an environment of conda,
with more than one thread. Its results do not differ.

The warm process and its jobs end with the run that started it, whatever ends that; a job ends with the process that
Snakemake knows of, and the other way round. Run as a program it serves, on the socket of a number of its own.
"""

import ast
import gc
import importlib
import multiprocessing
import os
import pickle
import resource
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from batchscope.ending import SECONDS, end_when_told, handle_signals
from batchscope.streams import silence

_ADDRESS = "BATCHSCOPE_WARM_PROCESS"
_STREAMS = (0, 1, 2)
# What a terminal sends to all of its processes: its owner hears of it, and tells.
_UNHEARD = ("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh")
_warm: subprocess.Popen | None = None  # the one that this process started
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # as Snakemake sets them for a job


def start_warm_process(ahead: Iterable[Path] = ()) -> None:
    """Let the scripts that this process starts from now on run in forks of a warm process; it ends with this one.

    Args:
        ahead: scripts whose imports it begins with, in this order, while it waits for the first.
    """
    global _warm
    if os.environ.get(_ADDRESS):  # that of a run around this one
        return
    folder = tempfile.mkdtemp(prefix="batchscope-")  # a path short enough for a socket, that nobody else can reach
    address = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        _warm = subprocess.Popen(
            [*_UNHEARD, sys.executable, "-m", "batchscope.warm", str(listener.fileno()), folder, *map(str, ahead)],
            stdin=subprocess.PIPE,  # never written to: its end tells that this process is gone
            pass_fds=[listener.fileno()],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])} | dict.fromkeys(_THREADS, "1"),
        )
    os.environ[_ADDRESS] = address


def end_warm_process() -> None:
    """End the warm process that this one started, and its jobs, and wait for that."""
    address = os.environ.pop(_ADDRESS, None)
    if address and _warm is not None:
        _warm.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            _warm.wait(SECONDS + 1)
        shutil.rmtree(Path(address).parent, ignore_errors=True)


def warm_process() -> int | None:
    """The number of the warm process that this one started."""
    return _warm.pid if _warm is not None else None


def in_warm_process(script: str, threads: int = 1, **variables) -> None:
    """Run a script with these variables in the warm process and exit as it does; return where there is none.

    Then the script goes on here, and ends within seconds when it is told to or when its run is gone.
    """
    caller = _connect() if threads == 1 else None
    if caller is None:
        end_when_told()
        return
    handle_signals(signal.SIG_DFL)  # in silence; what runs for it is told
    environment = {name: value for name, value in os.environ.items() if name != _ADDRESS}
    request = pickle.dumps((script, variables, environment, os.getcwd(), os.getpgrp()))
    socket.send_fds(caller, [b"streams"], _STREAMS)
    with Connection(caller.detach()) as connection:
        connection.send_bytes(request)
        try:
            status = connection.recv()
        except EOFError:
            sys.exit(f"{script}: the process that it ran in has ended")
    if status < 0:
        os.kill(os.getpid(), -status)  # by the same signal
    os._exit(status)  # all was printed, and closed, in the fork


def serve(listener: socket.socket, ahead: Iterable[str] = ()) -> None:
    """Fork for every script that calls, and tell it how that ended, until the owner of standard input is gone.

    Import what the scripts `ahead` do where no script calls.
    """
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_owner, daemon=True).start()
    gc.disable()  # of what is imported nothing is garbage, and looking for it takes a third of the time
    to_import = deque(module for script in ahead for module in _imported_by(script))
    jobs = {}  # of each its caller, None where that is gone
    try:
        while True:
            callers = [caller for caller in jobs.values() if caller is not None]
            ready = wait([listener, *callers, *(job.sentinel for job in jobs)], timeout=0 if to_import else None)
            if to_import and not ready:
                _import(to_import.popleft())
            if listener in ready:
                with suppress(EOFError, OSError):  # a caller that was gone before it had said what to run
                    jobs.update([_start_job(listener, callers)])
            for job, caller in list(jobs.items()):
                if job.sentinel in ready:
                    _tell(caller, job)
                    del jobs[job]
                elif caller in ready:
                    job.terminate()
                    caller.close()
                    jobs[job] = None
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for job in multiprocessing.active_children():
            job.terminate()
        for job, caller in jobs.items():
            _tell(caller, job)


def _end(number: int, _) -> None:
    sys.exit(128 + number)


def _end_with_owner() -> None:
    """Also in the midst of an import, which may take long."""
    os.read(sys.stdin.fileno(), 1)
    while True:  # it is lost where Python cannot raise an exception, as in callbacks
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)


def _tell(caller: Connection | None, job: multiprocessing.Process) -> None:
    job.join()
    if caller is not None:
        with suppress(OSError):  # it may be gone
            caller.send(job.exitcode)
        caller.close()


def _connect() -> socket.socket | None:
    """A connection to the warm process, where there is one."""
    if _ADDRESS not in os.environ:
        return None
    caller = socket.socket(socket.AF_UNIX)
    try:
        caller.connect(os.environ[_ADDRESS])
    except OSError:  # it has ended
        return None
    return caller


def _start_job(listener: socket.socket, callers: list[Connection]) -> tuple[multiprocessing.Process, Connection]:
    accepted, _ = listener.accept()
    _, streams, *_ = socket.recv_fds(accepted, len(b"streams"), len(_STREAMS))
    caller = Connection(accepted.detach())
    script, variables, *place = pickle.loads(caller.recv_bytes())
    for module in _imported_by(script):
        _import(module)
    gc.freeze()  # what is here already stays as it is, and shared, where a job looks for garbage
    job = multiprocessing.get_context("fork").Process(
        target=_run, args=(script, variables, *place, streams, [listener, caller, *callers])
    )
    job.start()
    for stream in streams:
        os.close(stream)
    return job, caller


def _imported_by(script: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(Path(script).read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def _import(module: str) -> None:
    # What libraries say while they are imported is of no one job; that there is none, the script itself will say.
    with silence(), suppress(ImportError):
        importlib.import_module(module)


def _run(
    script: str, variables: dict, environment: dict, folder: str, group: int, streams: list[int], others: list
) -> None:
    """Be the process of a script: the streams, the folder and the environment are those of the one that called."""
    gc.enable()
    for other in others:
        other.close()
    for stream, own in zip(streams, _STREAMS):
        os.dup2(stream, own)
        os.close(stream)
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with suppress(PermissionError):  # the group is of another session
        os.setpgid(0, group)  # what is sent to the job's group reaches it
    runpy.run_path(script, init_globals=variables, run_name="__main__")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"{used.ru_utime + used.ru_stime:.2f} s of CPU, at most {used.ru_maxrss / 1024:.0f} MB of memory",
        file=sys.stderr,
    )


if __name__ == "__main__":
    number, folder, *ahead = sys.argv[1:]
    try:
        with suppress(SystemExit):  # when it is told to end
            serve(socket.socket(fileno=int(number)), ahead)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # to take apart what was imported takes a second
