"""Operating points: thresholds that lesions of val have fixed.

Class-conditional conformal sets: benign, malignant, or refer.

A label is in a lesion's set unless the lesion is stranger to it than all but a few of val's lesions
of that label. Each label's own lesions decide (Vovk, Conditional validity of inductive conformal
predictors, 2012), so that coverage holds for the rare malignant ones as for the benign.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion
from dermoscopy.stats.lesions import Unit

PROMISE = 0.95  # confidence of what a single threshold may come to


def rank(count: int, at_least: float) -> int:
    """Return which of so many scores, the smallest first, a new one reaches with the chance asked for.

    The order statistic of split conformal prediction (Vovk, Gammerman and Shafer, Algorithmic Learning
    in a Random World, 2005). The chance is over draws of these scores and the new one together.

    Args:
        count: Of the scores.
        at_least: The chance, from 0 to 1.

    Returns:
        From 1; 0 where there are too few scores for any of them to do.
    """
    return math.floor((count + 1) * (1 - at_least) + 1e-9)


@dataclass(frozen=True)
class Promise:
    """What a threshold fixed on some malignant lesions promises of others.

    The share of malignant lesions above the k-th smallest of n scores has the law of an order
    statistic, Beta(n + 1 - k, k), whatever the scores' own law. Its mean is at least what was asked
    for; any one threshold may lie below.

    Attributes:
        threshold: The score from which a lesion is called malignant.
        mean: Of the sensitivity, over draws of val.
        low: Of its interval: what this one threshold may come to.
        high: Likewise.
    """

    threshold: float
    mean: float
    low: float
    high: float


def sensitive(score: NDArray[np.float64], at_least: float, confidence: float) -> Promise:
    """Return the highest threshold that finds a new malignant lesion with the chance asked for.

    Args:
        score: Of the malignant lesions of val; shape (lesions,). Where they are too few, everything
            is called malignant.
        at_least: The chance, from 0 to 1.
        confidence: Of the interval of what this one threshold comes to.
    """
    from scipy.stats import beta

    count, place = len(score), rank(len(score), at_least)
    if not place:
        return Promise(0.0, 1.0, 1.0, 1.0)
    low, high = beta.ppf([(1 - confidence) / 2, (1 + confidence) / 2], count + 1 - place, place)
    return Promise(float(np.sort(score)[place - 1]), 1 - place / (count + 1), float(low), float(high))


def balanced(label: NDArray[np.int64], score: NDArray[np.float64]) -> float:
    """Return the threshold of the best balanced accuracy, half-way down to the next score; the lowest of equals.

    Args:
        label: 0 benign, 1 malignant, both present; shape (lesions,).
        score: From 0 to 1; shape (lesions,).
    """
    steps = np.unique(score)
    counts = [confusion(label, score >= step) for step in steps]
    best = int(np.argmax([each.sensitivity - each.false_positive_rate for each in counts]))
    return float(steps[best] if best == 0 else (steps[best - 1] + steps[best]) / 2)


def fix_points(
    unit: Unit, classifiers: Mapping[str, tuple[NDArray[np.float64], float]], at_least: float
) -> pd.DataFrame:
    """Fix every classifier's operating points on lesions of val.

    Args:
        unit: The lesions (`lesions.lesions`).
        classifiers: Name to its calibrated probability of each image and the cut that
            "half" stands for.
        at_least: The sensitivity that "sensitive" is to have.

    Returns:
        Rows of `tables.ensemble.POINTS`.
    """
    found = []
    for name, (probability, cut) in classifiers.items():
        score = unit.mean(probability)
        promise = sensitive(score[unit.label == 1], at_least, PROMISE)
        thresholds = {"half": cut, "balanced": balanced(unit.label, score), "sensitive": promise.threshold}
        for point, threshold in thresholds.items():
            counts = confusion(unit.label, score >= threshold)
            kept = (promise.mean, promise.low, promise.high) if point == "sensitive" else (np.nan, np.nan, np.nan)
            found.append((name, point, threshold, counts.sensitivity, counts.specificity, *kept))
    columns = ["name", "point", "threshold", "sensitivity", "specificity", "promised", "low", "high"]
    return pd.DataFrame(found, columns=columns)


SETS = ("benign", "refer", "malignant")


@dataclass(frozen=True)
class Sets:
    """Which labels a probability leaves possible.

    Attributes:
        malignant_from: Probability from which malignant is possible.
        benign_until: Probability up to which benign is.
    """

    malignant_from: float
    benign_until: float

    def possible(self, probability: NDArray[np.float64], label: int) -> NDArray[np.bool_]:
        """Return whether a label is in each lesion's set; shape (lesions,)."""
        return probability >= self.malignant_from if label else probability <= self.benign_until

    def name(self, probability: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return the answer for each lesion, of `SETS`: who may be either, or neither, is referred."""
        malignant, benign = self.possible(probability, 1), self.possible(probability, 0)
        return np.where(malignant == benign, "refer", np.where(malignant, "malignant", "benign"))


def fit_sets(label: NDArray[np.int64], probability: NDArray[np.float64], coverage: float) -> Sets:
    """Fix the sets on lesions of val.

    Args:
        label: 0 benign, 1 malignant; shape (lesions,).
        probability: From 0 to 1; shape (lesions,).
        coverage: The chance that a new lesion's set holds its label, for each label.
    """
    malignant, benign = np.sort(probability[label == 1]), np.sort(probability[label == 0])[::-1]
    first, last = rank(len(malignant), coverage), rank(len(benign), coverage)
    return Sets(
        malignant_from=float(malignant[first - 1]) if first else 0.0,
        benign_until=float(benign[last - 1]) if last else 1.0,
    )
