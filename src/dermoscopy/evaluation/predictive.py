"""Predictive values where another share is malignant than in the test part."""

import math
from typing import NamedTuple

from dermoscopy.evaluation.metrics import Confusion
from dermoscopy.evaluation.proportions import wilson_interval


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
    malignant, benign = counts.tp + counts.fn, counts.tn + counts.fp
    if not malignant or not benign:  # and the prevalence may be 0 or 1
        missing = Bounded(math.nan, math.nan, math.nan)
        return {"ppv": missing, "npv": missing}
    found = Bounded(counts.tp / malignant, *wilson_interval(counts.tp, malignant, confidence))
    alarms = Bounded(counts.fp / benign, *wilson_interval(counts.fp, benign, confidence))
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
