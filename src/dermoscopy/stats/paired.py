"""Tests of two classifiers on the same lesions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import brier_losses, in_cells, log_losses
from dermoscopy.stats.intervals import paired_interval
from dermoscopy.stats.lesions import Unit, images, lesions
from dermoscopy.stats.metrics import METRICS
from dermoscopy.stats.roc import areas

ROUNDING = 1e-12  # of a difference and its error: below, there is none
LOSSES = {"log_loss": log_losses, "brier": brier_losses}  # compared row by row


@dataclass(frozen=True)
class Paired:
    """A difference on the same lesions.

    Attributes:
        unit: "image" or "lesion".
        metric: What differs.
        test: What judged it.
        first: The first classifier's value.
        second: The second's.
        low: Of the interval of first minus second.
        high: Likewise.
        p: Of the two-sided test that there is no difference; NaN where it cannot be told.
    """

    unit: str
    metric: str
    test: str
    first: float
    second: float
    low: float
    high: float
    p: float

    @property
    def difference(self) -> float:
        """First minus second."""
        return self.first - self.second


@dataclass(frozen=True)
class Calls:
    """A classifier's calibrated probabilities and the threshold of its calls.

    Attributes:
        probability: Of each image; shape (images,).
        threshold: Probability from which a lesion is called malignant.
    """

    probability: NDArray[np.float64]
    threshold: float


def compare(rows: pd.DataFrame, first: Calls, second: Calls, confidence: float) -> list[Paired]:
    """Test every difference of two classifiers.

    Args:
        rows: The images, with columns lesion_id and label.
        first: In the order of `rows`.
        second: Likewise.
        confidence: Of the intervals.
    """
    by_lesion = lesions(rows)
    return [
        delong(by_lesion, first, second, confidence),
        delong(images(rows), first, second, confidence),
        *mcnemar(by_lesion, first, second, confidence),
        *mean_losses(by_lesion, first, second, confidence),
    ]


def delong(unit: Unit, first: Calls, second: Calls, confidence: float) -> Paired:
    """Test the difference of two ROC AUCs: DeLong's test on lesions, Obuchowski's on images.

    Where both order all lesions alike there is no difference, and p is 1.
    """
    from scipy.stats import norm

    found = areas(unit.label, np.stack([unit.mean(one.probability) for one in (first, second)]), unit.lesion)
    difference = float(found.aucs[0] - found.aucs[1])
    variance = float(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    error = math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan
    half = float(norm.ppf((1 + confidence) / 2)) * error
    p = _p(difference, error, norm)
    test = "DeLong" if unit.name == "lesion" else "Obuchowski"
    return Paired(
        unit.name, "roc_auc", test, float(found.aucs[0]), float(found.aucs[1]), difference - half, difference + half, p
    )


def mcnemar(unit: Unit, first: Calls, second: Calls, confidence: float) -> Iterator[Paired]:
    """Test the differences in calls, exactly: McNemar's test with the binomial law of the lesions that differ.

    Of the malignant lesions (sensitivity), the benign (specificity), and all (accuracy).
    """
    from scipy.stats import binomtest

    called = [unit.mean(one.probability) >= one.threshold for one in (first, second)]
    right = [in_cells(unit.label, each, ("tn", "tp")) for each in called]
    for metric in ("sensitivity", "specificity", "accuracy"):
        counted = METRICS[metric].is_of(unit.label, called[0])  # of the label alone, so the same for both
        one, other = right[0][counted], right[1][counted]
        only_first, only_second = int((one & ~other).sum()), int((other & ~one).sum())
        differ = only_first + only_second
        p = float(binomtest(only_first, differ).pvalue) if differ else 1.0
        bounds = paired_interval(only_first, only_second, len(one), confidence)
        values = (float(one.mean()), float(other.mean())) if len(one) else (math.nan, math.nan)
        yield Paired(unit.name, metric, "McNemar", *values, *bounds, p)


def mean_losses(unit: Unit, first: Calls, second: Calls, confidence: float) -> Iterator[Paired]:
    """Test the differences in log loss and Brier score: Student's paired t on lesions."""
    from scipy.stats import t

    probabilities = [unit.mean(each.probability) for each in (first, second)]
    for metric, losses in LOSSES.items():
        one, other = (losses(unit.label, probability) for probability in probabilities)
        count = len(one)
        difference = one - other
        error = float(difference.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
        half = float(t.ppf((1 + confidence) / 2, count - 1)) * error if count > 1 else math.nan
        middle = float(difference.mean())
        p = _p(middle, error, t(count - 1))
        yield Paired(
            unit.name, metric, "paired t", float(one.mean()), float(other.mean()), middle - half, middle + half, p
        )


def _p(difference: float, error: float, law: Any) -> float:
    """Return the two-sided p of a difference under a symmetric law of difference over error."""
    if error > ROUNDING:
        return float(2 * law.sf(abs(difference) / error))
    return 1.0 if abs(difference) <= ROUNDING else math.nan
