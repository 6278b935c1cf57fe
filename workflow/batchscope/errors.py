"""The one exception for what a user can put right, the search for what they meant, and errors in one line."""

import re
from collections.abc import Iterable
from difflib import get_close_matches


class ConfigError(Exception):
    """A mistake in the config: where it is, what is wrong and what would be right, in one line."""

    def __init__(self, place: str, problem: str):
        super().__init__(f"{place}: {problem}" if place else problem)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'Dense'?`, or what is known where nothing is close and the list is short."""
    known = sorted(known)
    by_lower_case = {name.lower(): name for name in known}
    close = get_close_matches(str(word).lower(), by_lower_case, n=1)
    if close:
        return f"; did you mean {by_lower_case[close[0]]!r}?"
    return f"; known: {', '.join(known)}" if 0 < len(known) <= 20 else ""


def check_arguments(arguments: Iterable[str], known: Iterable[str], place: str) -> None:
    """Refuse an argument that is not known.

    Raises:
        ConfigError: there is one.
    """
    for argument in arguments:
        if argument not in known:
            raise ConfigError(place, f"no argument {argument!r}{suggestion(argument, known)}")


def one_line(error: Exception) -> str:
    """All that an error says."""
    return " ".join(str(error).split())


def reason(error: Exception) -> str:
    """What an error of TensorFlow's or Keras's says went wrong, without how it came to that."""
    text = str(error).strip() or type(error).__name__
    if marked := re.search("\x1b\\[1m(.+)\x1b\\[0m", text, re.DOTALL):  # as Keras does where it says in which call
        return " ".join(marked[1].split())
    lines = text.splitlines()
    return lines[-1].strip() if lines[0].startswith("in user code") else lines[0]
