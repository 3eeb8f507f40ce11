"""Intervals from a bootstrap of lesions.

Images of one lesion are no independent evidence, so lesions are drawn and each brings all
its images (the cluster bootstrap; Davison and Hinkley, Bootstrap Methods and their
Application, 1997, section 3.8). A draw is kept as the number of times each image is in it:
every metric is then a weighted one (`core.metrics`), and all draws are computed at once.

Intervals of shares counted in independent lesions.

Predictive values where another share is malignant than in the test part.
"""

import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import BENIGN, MALIGNANT, Confusion

Scale = Literal["proportion", "correlation", "loss"]

LARGEST = 700.0  # whose exponential a float64 still holds

# To a scale without walls, back, and the slope of the first at a value.
SCALES: Mapping[Scale, tuple[Callable[[float], float], Callable[[float], float], Callable[[float], float]]] = {
    "proportion": (
        lambda value: math.log(value / (1 - value)),
        lambda odds: 1 / (1 + math.exp(min(-odds, LARGEST))),
        lambda value: 1 / (value * (1 - value)),
    ),
    "correlation": (math.atanh, math.tanh, lambda value: 1 / (1 - value**2)),
    "loss": (math.log, lambda odds: math.exp(min(odds, LARGEST)), lambda value: 1 / value),
}


def resample_lesions(
    lesion: NDArray[np.object_], label: NDArray[np.int64], resamples: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw lesions with replacement, within each label, so that no draw lacks one.

    The share of malignant lesions is thereby fixed: intervals speak of other lesions in the same
    proportion. The draws depend on the set of lesions alone, not on how often each was imaged.

    Args:
        lesion: Each image's lesion; shape (rows,).
        label: 0 benign, 1 malignant; shape (rows,).
        resamples: How many draws.
        generator: What they come from.

    Returns:
        How often each image is in each draw: whole numbers, shape (resamples, rows).
    """
    draws = np.empty((resamples, len(label)))
    for value in np.unique(label):
        rows = label == value
        names, index = np.unique(lesion[rows].astype(str), return_inverse=True)
        times = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
        draws[:, rows] = times[:, index]
    return draws


def bootstrap_interval(
    value: float, drawn: NDArray[np.float64], scale: Scale, lesions: int, confidence: float
) -> tuple[float, float]:
    """Return an interval from the draws' spread, symmetric on a scale without walls.

    With forty malignant lesions percentiles of the draws hold the truth 91 to 93 times in a hundred.
    So, after Hesterberg, What teachers should know about the bootstrap, The American Statistician 69
    (2015): the standard error is freed of its bias downwards, and Student's quantile taken for the
    normal one; shares keep from 0 and 1 by their log-odds.

    Args:
        value: The metric.
        drawn: It, in each draw; shape (resamples,). NaNs are left out.
        scale: "proportion" (from 0 to 1), "correlation" (from -1 to 1) or "loss" (over 0).
        lesions: Of the rarer label, at least one.
        confidence: How often such an interval holds the truth, from 0 to 1.

    Returns:
        Low and high; NaN twice where the value stands at a wall, or draws do not differ for want of lesions.
    """
    from scipy.special import stdtrit

    to, back, slope = SCALES[scale]
    known = drawn[~np.isnan(drawn)]
    if len(known) < 2 or lesions < 2 or math.isnan(value) or not _inside(value, scale):
        return math.nan, math.nan
    error = known.std(ddof=1) * math.sqrt(lesions / (lesions - 1)) * slope(value)
    half = float(stdtrit(lesions - 1, (1 + confidence) / 2)) * error
    return back(to(value) - half), back(to(value) + half)


def _inside(value: float, scale: Scale) -> bool:
    return {"proportion": 0 < value < 1, "correlation": -1 < value < 1, "loss": value > 0}[scale]


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


class Bounded(NamedTuple):
    """A value with its interval."""

    value: float
    low: float
    high: float


def predictive_values(counts: Confusion, prevalence: float, confidence: float) -> dict[str, Bounded]:
    """Return both predictive values at a prevalence, from sensitivity and specificity.

    Each is a monotone function of a ratio of two independent shares (the likelihood ratio), whose
    interval is recovered from their own (Donner and Zou, Closed-form confidence intervals for
    functions of the normal mean and standard deviation, Statistical Methods in Medical Research 21,
    2012), so that it holds where nobody, or everybody, was called right.

    Args:
        counts: Of independent lesions.
        prevalence: The share that is malignant, over 0 and under 1.
        confidence: Of the intervals.

    Returns:
        `ppv` and `npv`; NaN where a label has no lesion, or nobody is called so.
    """
    (right, malignant), (spared, benign) = counts.fraction(MALIGNANT), counts.fraction(BENIGN)
    if not malignant or not benign:  # and the prevalence may be 0 or 1
        missing = Bounded(math.nan, math.nan, math.nan)
        return {"ppv": missing, "npv": missing}
    found = Bounded(right / malignant, *wilson_interval(right, malignant, confidence))
    alarms = Bounded((benign - spared) / benign, *wilson_interval(benign - spared, benign, confidence))
    odds = prevalence / (1 - prevalence)
    return {
        "ppv": _share(_ratio(found, alarms), odds),
        "npv": _share(_ratio(_rest(alarms), _rest(found)), 1 / odds),
    }


def _rest(share: Bounded) -> Bounded:
    return Bounded(1 - share.value, 1 - share.high, 1 - share.low)


def _share(ratio: Bounded, odds: float) -> Bounded:
    """Return the share that odds times a likelihood ratio stand for; 1 for endless ones."""
    return Bounded(*(1.0 if math.isinf(bound) else bound * odds / (1 + bound * odds) for bound in ratio))


def _ratio(first: Bounded, second: Bounded) -> Bounded:
    """Return the ratio of two independent shares with its interval; infinite where the second may be 0."""
    if first.value == second.value == 0:
        return Bounded(math.nan, math.nan, math.nan)
    product = first.value * second.value

    def bound(one: float, other: float, sign: int) -> float:
        below = other * (2 * second.value - other)
        if not below:
            return math.inf
        inner = product**2 - one * other * (2 * first.value - one) * (2 * second.value - other)
        return (product + sign * math.sqrt(max(inner, 0.0))) / below

    value = first.value / second.value if second.value else math.inf
    return Bounded(value, max(bound(first.low, second.high, -1), 0.0), bound(first.high, second.low, 1))
