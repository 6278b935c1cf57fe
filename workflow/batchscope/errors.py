"""The one exception for what a user can put right, and the search for what they meant."""

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
    return f"; known: {', '.join(known)}" if len(known) <= 20 else ""
