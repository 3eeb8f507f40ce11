"""Operating points and class-conditional conformal sets (benign, malignant or refer), fitted on lesions of val.

A label is in a lesion's set unless the lesion's score is more extreme than the (1 - coverage) quantile of
val's lesions of that label. Each label has its own quantile (Vovk, Conditional validity of inductive
conformal predictors, 2012), so that coverage holds for the rare malignant lesions and for the benign ones.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion
from dermoscopy.core.tables import Table
from dermoscopy.ensemble.params import CONFIDENCE
from dermoscopy.stats.lesions import Unit

POINTS = Table(  # points.csv: operating points of members and ensembles
    columns={
        "name": "str",  # of the classifier
        "point": "str",  # half, balanced, sensitive
        "threshold": "float64",  # calibrated probability from which a lesion is predicted malignant
        "sensitivity": "float64",  # on lesions of val
        "specificity": "float64",  # on lesions of val
        "expected_sensitivity": "float64",  # mean sensitivity on new lesions; for "sensitive" only
        "low": "float64",  # bounds of the sensitivity of this threshold on new lesions
        "high": "float64",
    },
    order=("name", "point"),
)


def read_thresholds(path: Path) -> dict[str, dict[str, float]]:
    """Read the thresholds of the operating points.

    Args:
        path: data/ensemble/points.csv.

    Returns:
        Name of the classifier to its operating points and their thresholds.
    """
    return {
        str(name): dict(zip(points["point"], points["threshold"], strict=True))
        for name, points in POINTS.read(path).groupby("name")
    }


def conformal_rank(count: int, at_least: float) -> int:
    """Return the highest rank in ascending order whose score a new one reaches with this probability.

    The order statistic of split conformal prediction (Vovk, Gammerman and Shafer, Algorithmic Learning
    in a Random World, 2005). The probability is over samples of these scores and the new one together.

    Args:
        count: Number of scores.
        at_least: Probability, from 0 to 1.

    Returns:
        Rank from 1; 0 if there are too few scores.
    """
    return math.floor((count + 1) * (1 - at_least) + 1e-9)


@dataclass(frozen=True)
class ExpectedSensitivity:
    """A threshold with its expected sensitivity on new lesions.

    The proportion of malignant lesions above the k-th smallest of n scores has the distribution of an
    order statistic, Beta(n + 1 - k, k), for any distribution of scores. Its mean is at least the wanted
    sensitivity; that of a single threshold may be lower.

    Attributes:
        threshold: Score from which a lesion is predicted malignant.
        mean: Mean sensitivity over samples of val.
        low: Lower bound of the interval of this threshold's sensitivity.
        high: Upper bound of the interval of this threshold's sensitivity.
    """

    threshold: float
    mean: float
    low: float
    high: float


def sensitive_threshold(score: NDArray[np.float64], at_least: float, confidence: float) -> ExpectedSensitivity:
    """Return the highest threshold whose expected sensitivity on new lesions is at least the wanted one.

    Args:
        score: Scores of the malignant lesions of val; shape (lesions,). With too few of them the
            threshold is 0: all lesions are predicted malignant.
        at_least: Wanted sensitivity, from 0 to 1.
        confidence: Confidence level of the interval of this threshold's sensitivity, from 0 to 1.
    """
    from scipy.stats import beta

    count, rank = len(score), conformal_rank(len(score), at_least)
    if not rank:
        return ExpectedSensitivity(0.0, 1.0, 1.0, 1.0)
    low, high = beta.ppf([(1 - confidence) / 2, (1 + confidence) / 2], count + 1 - rank, rank)
    return ExpectedSensitivity(float(np.sort(score)[rank - 1]), 1 - rank / (count + 1), float(low), float(high))


def balanced_threshold(y_true: NDArray[np.int64], y_score: NDArray[np.float64]) -> float:
    """Return the threshold of the highest balanced accuracy.

    It is halfway between the score and the next lower one; of several equal maxima, the lowest is taken.

    Args:
        y_true: Labels, 0 benign, 1 malignant, both present; shape (lesions,).
        y_score: Scores from 0 to 1; shape (lesions,).
    """
    steps = np.unique(y_score)
    counts = [confusion(y_true, y_score >= step) for step in steps]
    best = int(np.argmax([each.sensitivity - each.false_positive_rate for each in counts]))
    return float(steps[best] if best == 0 else (steps[best - 1] + steps[best]) / 2)


def fit_operating_points(
    lesions: Unit, classifiers: Mapping[str, tuple[NDArray[np.float64], float]], at_least: float
) -> pd.DataFrame:
    """Fit the operating points of all classifiers on lesions of val.

    Args:
        lesions: Lesions of val.
        classifiers: Name to the calibrated probability of each image and the calibrated threshold, which
            is the operating point "half".
        at_least: Wanted sensitivity of the operating point "sensitive", from 0 to 1.

    Returns:
        Rows of `POINTS`.
    """
    rows = []
    for name, (probability, calibrated_threshold) in classifiers.items():
        score = lesions.mean(probability)
        expected = sensitive_threshold(score[lesions.label == 1], at_least, CONFIDENCE)
        thresholds = {
            "half": calibrated_threshold,
            "balanced": balanced_threshold(lesions.label, score),
            "sensitive": expected.threshold,
        }
        for point, threshold in thresholds.items():
            counts = confusion(lesions.label, score >= threshold)
            bounds = (expected.mean, expected.low, expected.high) if point == "sensitive" else (np.nan, np.nan, np.nan)
            rows.append((name, point, threshold, counts.sensitivity, counts.specificity, *bounds))
    return pd.DataFrame(rows, columns=list(POINTS.columns))


DECISIONS = ("benign", "refer", "malignant")


@dataclass(frozen=True)
class ConformalSets:
    """Thresholds that decide which labels are in a lesion's conformal set.

    Attributes:
        malignant_from: Lowest probability whose set contains malignant.
        benign_until: Highest probability whose set contains benign.
    """

    malignant_from: float
    benign_until: float

    def contains(self, probability: NDArray[np.float64], label: int) -> NDArray[np.bool_]:
        """Return whether each lesion's set contains a label, 0 benign or 1 malignant; shape (lesions,)."""
        return probability >= self.malignant_from if label else probability <= self.benign_until

    def decide(self, probability: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return the decision for each lesion, of `DECISIONS`: sets of both labels or of none are referred."""
        malignant, benign = self.contains(probability, 1), self.contains(probability, 0)
        return np.where(malignant == benign, "refer", np.where(malignant, "malignant", "benign"))


def fit_conformal_sets(y_true: NDArray[np.int64], y_prob: NDArray[np.float64], coverage: float) -> ConformalSets:
    """Fit conformal sets on lesions of val.

    Args:
        y_true: Labels, 0 benign, 1 malignant; shape (lesions,).
        y_prob: Probabilities from 0 to 1; shape (lesions,).
        coverage: Probability that a new lesion's set contains its label, for each label; from 0 to 1.
    """
    malignant, benign = np.sort(y_prob[y_true == 1]), np.sort(y_prob[y_true == 0])[::-1]
    malignant_rank, benign_rank = conformal_rank(len(malignant), coverage), conformal_rank(len(benign), coverage)
    return ConformalSets(
        malignant_from=float(malignant[malignant_rank - 1]) if malignant_rank else 0.0,
        benign_until=float(benign[benign_rank - 1]) if benign_rank else 1.0,
    )
