"""How a script of the workflow begins: its output goes to its log, and its inputs are as they were written."""

import os
import sys
from pathlib import Path
from typing import TextIO

from batchscope.files import take


def begin(snakemake) -> TextIO:
    """Begin a script with the `snakemake` that it was given.

    Returns the stream to the terminal, for the few words that a user should see at once. Ends the program where an
    input is not as its writer recorded.
    """
    terminal = log_to(snakemake.log[0])
    take(snakemake.params.items(), snakemake.input)
    return terminal


def log_to(path: str | Path) -> TextIO:
    """Send all that this process prints from here on to the log at `path`, compiled libraries included.

    Returns the stream to where errors went before, for the few words that a user should see at once.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    open(path, "w").close()
    with open(path, "a") as log:  # lines that another job adds stay
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    sys.stdout.reconfigure(line_buffering=True)
    return terminal
