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
    return float(low), float(high)


def paired_interval(only_first: int, only_second: int, whole: int, confidence: float) -> tuple[float, float]:
    """Return the interval of the difference of two shares counted in the same lesions.

    Bonett and Price, Adjusted Wald confidence interval for a difference of binomial proportions based
    on paired data, Journal of Educational and Behavioral Statistics 37 (2012).

    Args:
        only_first: Lesions the first has and the second has not.
        only_second: Lesions the second has and the first has not.
        whole: All lesions.
        confidence: How often such an interval holds the truth, from 0 to 1.

    Returns:
        Low and high of the first share minus the second; NaN twice where there is no lesion.
    """
    from scipy.special import ndtri

    if not whole:
        return math.nan, math.nan
    first, second = (only_first + 1) / (whole + 2), (only_second + 1) / (whole + 2)
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt((first + second - (first - second) ** 2) / (whole + 2))
    return max(first - second - half, -1.0), min(first - second + half, 1.0)
