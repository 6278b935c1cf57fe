"""The median of times of which some are censored."""

import math

import numpy as np
from scipy import stats


def median_time(times: np.ndarray) -> tuple[float, float, float]:
    """The median of times (n,) with its 95 % interval; a time is infinite where the end was not seen.

    All are watched equally long, so the median of Kaplan and Meier (1958) is that of the times themselves, where those
    that were not seen come last: infinite where most were not. The interval is exact, from order statistics (Conover
    1999); fewer than 6 times have none (NaN).
    """
    times = np.sort(times)
    # Places, not times: of equal and of infinite times the order still counts.
    places = np.arange(1, len(times) + 1)
    bounds = stats.quantile_test(places, q=np.median(places), p=0.5).confidence_interval(0.95)
    low, high = (math.nan if math.isnan(bound) else float(times[int(bound) - 1]) for bound in bounds)
    with np.errstate(invalid="ignore"):  # of two infinite times the middle is infinite
        middle = times[[(len(times) - 1) // 2, len(times) // 2]]
    return float(middle.mean()), low, high
