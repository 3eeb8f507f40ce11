"""Intervals of shares counted in independent lesions."""

import math

import numpy as np


def wilson_interval(part: float, whole: float, confidence: float) -> tuple[float, float]:
    """Return the score interval of a share (Wilson, Journal of the American Statistical Association 22, 1927).

    Args:
        part: How many have what is counted.
        whole: How many there are; independent of each other.
        confidence: How often such an interval holds the truth, from 0 to 1.

    Returns:
        Low and high, from 0 to 1; NaN twice where there is none.
    """
    from scipy.special import ndtri

    if not whole:
        return math.nan, math.nan
    z = float(ndtri((1 + confidence) / 2))
    share = part / whole
    middle = share + z**2 / (2 * whole)
    half = z * math.sqrt(share * (1 - share) / whole + z**2 / (4 * whole**2))
    low, high = np.clip(np.array([middle - half, middle + half]) / (1 + z**2 / whole), 0, 1)
    # At a wall the bound is the wall: rounding would leave it a hair inside, where a ratio takes it for a share.
    return 0.0 if part == 0 else float(low), 1.0 if part == whole else float(high)


def paired_interval(only_first: int, only_second: int, whole: int, confidence: float) -> tuple[float, float]:
    """Return the score interval of the difference of two shares counted in the same lesions.

    Tango, Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design, Statistics in Medicine 17 (1998): the differences a score test does not refuse.

    Args:
        only_first: Lesions the first has and the second has not.
        only_second: Lesions the second has and the first has not.
        whole: All lesions.
        confidence: How often such an interval holds the truth, from 0 to 1.

    Returns:
        Low and high of the first share minus the second; NaN twice where there is no lesion.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    if not whole:
        return math.nan, math.nan
    z = float(ndtri((1 + confidence) / 2))
    seen = (only_first - only_second) / whole

    def score(difference: float) -> float:
        distance = only_first - only_second - whole * difference
        if not distance:
            return 0.0
        # The likeliest share of `only_second`, were this the true difference.
        middle = (2 * whole - only_first + only_second) * difference - only_first - only_second
        last = -only_second * difference * (1 - difference)
        share = (math.sqrt(max(middle**2 - 8 * whole * last, 0.0)) - middle) / (4 * whole)
        variance = whole * (2 * share + difference * (1 - difference))
        return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)

    def bound(wall: float) -> float:
        if seen == wall:
            return wall
        # At the wall itself the score is infinite.
        return float(
            brentq(lambda difference: max(min(score(difference), 9e9), -9e9) + math.copysign(z, wall), seen, wall)
        )

    return bound(-1.0), bound(1.0)
