"""Standard error, to which libraries also write what is no error."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_ERRORS = 2


@contextmanager
def silence() -> Iterator[None]:
    """Lose what this process writes to standard error, compiled libraries included."""
    before = os.dup(_ERRORS)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), _ERRORS)
        yield
    finally:
        os.dup2(before, _ERRORS)
        os.close(before)
