"""How sure a difference must become to be decided, were the measured one the true one."""

from scipy import stats

from batchscope.evidence.studentised import LEVEL

MOST_MORE = 10_000  # trainings that anyone would add
_POWER = 0.8


def variance_that_decides(difference: float, margin: float, critical: float) -> float:
    """The largest variance of a difference with which it is decided with a power of 80 %.

    Args:
        margin: the difference that still counts as none; NaN where every one counts.
        critical: the distance, in standard errors, from which on a difference is shown.

    It is decided by showing it, or that it is inside the margin (one-sided, at 5 %), whichever takes less.
    """
    power = stats.norm.ppf(_POWER)
    errors = [abs(difference) / (critical + power)]
    if abs(difference) < margin:
        errors.append((margin - abs(difference)) / (stats.norm.isf(LEVEL) + power))
    return max(errors) ** 2
