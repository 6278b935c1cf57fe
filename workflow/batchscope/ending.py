"""How a script ends early: within seconds after it is told to or its run is gone, and its work is kept first."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

RUN = "BATCHSCOPE_RUN"  # the number of the process with which the scripts that it started end
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS = 7  # that a script has to end well
_SECONDS_BETWEEN = 0.5  # one look at whether the run is there and the next
_log = logging.getLogger(__name__)
_told: int | None = None  # by which signal
_later = False


def end_when_told() -> None:
    """Let this process exit on a signal, or when its run is gone: as by `sys.exit`, but in any case within seconds.

    Python looks at signals only between its own steps, and a compiled training is one that may take long.
    """
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno())
    threading.Thread(target=_end_in_any_case, args=(heard, told), daemon=True).start()
    handle_signals(_end)
    end_with_run()


def handle_signals(handler) -> None:
    """Call `handler` on the signals that tell a process to end, but for those that it was started to ignore."""
    for each in SIGNALS:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, handler)


def end_with_run() -> None:
    """Tell this process to end when the one that it belongs to is gone."""
    if multiprocessing.parent_process() is not None:  # a fork of the warm process, which ends with the run
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    elif RUN in os.environ:
        threading.Thread(target=_end_with, args=(int(os.environ[RUN]),), daemon=True).start()


def told() -> bool:
    """Whether this process was told to end."""
    return _told is not None


def exit_if_told() -> None:
    """Exit where this process was told to end; what is at work is kept."""
    if _told is not None:
        _log.info("stopped; it goes on from its checkpoint when it is run again")
        sys.exit(128 + _told)


@contextmanager
def exit_later() -> Iterator[None]:
    """Exit only after this block, or where it calls `exit_if_told`."""
    global _later
    _later = True
    try:
        yield
    finally:
        _later = False
    exit_if_told()


def _end(number: int, _) -> None:
    global _told
    if _told is not None:  # what is being done about a first signal goes on
        return
    _told = number
    if not _later:
        sys.exit(128 + number)


def _end_in_any_case(heard: socket.socket, _: socket.socket) -> None:
    while (number := heard.recv(1)[0]) not in SIGNALS:
        pass
    time.sleep(SECONDS)
    _log.info("stopped in the midst of a long step; it goes on from its last checkpoint when it is run again")
    os._exit(128 + number)


def _end_with(number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(number)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_SECONDS_BETWEEN)
    os.kill(os.getpid(), signal.SIGTERM)
