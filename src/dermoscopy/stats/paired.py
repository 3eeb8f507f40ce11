"""Paired tests of two classifiers on the same lesions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import brier_losses, in_cells, log_losses
from dermoscopy.stats.intervals import paired_interval
from dermoscopy.stats.lesions import Unit, by_image, by_lesion
from dermoscopy.stats.metrics import METRICS
from dermoscopy.stats.roc import roc_aucs

ROUNDING = 1e-12  # differences and standard errors below this are rounding errors
LOSSES = {"log_loss": log_losses, "brier": brier_losses}  # losses of each row


@dataclass(frozen=True)
class PairedTest:
    """Difference of a metric between two classifiers on the same lesions, with its test.

    Attributes:
        unit: "image" or "lesion".
        metric: Name of the metric.
        test: Name of the test.
        first: Value of the first classifier.
        second: Value of the second classifier.
        low: Lower bound of the interval of first minus second.
        high: Upper bound of the interval of first minus second.
        p: Two-sided p-value of the hypothesis of no difference; NaN if undefined.
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
class ThresholdedScores:
    """Calibrated probabilities of a classifier with its threshold.

    Attributes:
        y_prob: Probability of malignancy of each image; shape (images,).
        threshold: Score from which a lesion is predicted malignant.
        y_score: Score of each image, for rankings and predictions; shape (images,). None: the probability. Only
            out-of-fold probabilities have another score, since each fold has its own calibration.
    """

    y_prob: NDArray[np.float64]
    threshold: float
    y_score: NDArray[np.float64] | None = None

    @property
    def score(self) -> NDArray[np.float64]:
        """Score of each image; shape (images,)."""
        return self.y_prob if self.y_score is None else self.y_score


def compare(
    rows: pd.DataFrame, first: ThresholdedScores, second: ThresholdedScores, confidence: float
) -> list[PairedTest]:
    """Test all differences of two classifiers.

    Args:
        rows: The images, with columns lesion_id and label.
        first: Scores of the first classifier, in the order of `rows`.
        second: Scores of the second classifier, in the order of `rows`.
        confidence: Confidence level of the intervals, from 0 to 1.
    """
    lesions = by_lesion(rows)
    return [
        *(
            delong(unit, first, second, confidence, within_source=within_source)
            for unit in (lesions, by_image(rows))
            for within_source in ((False, True) if unit.source is not None else (False,))
        ),
        *mcnemar(lesions, first, second, confidence),
        *paired_t(lesions, first, second, confidence),
    ]


def delong(
    unit: Unit,
    first: ThresholdedScores,
    second: ThresholdedScores,
    confidence: float,
    *,
    within_source: bool = False,
) -> PairedTest:
    """Test the difference of two ROC AUCs: DeLong's test on lesions, Obuchowski's on images.

    If both classifiers rank all lesions alike, the difference is 0 and p is 1.

    Args:
        unit: Images or lesions.
        first: Scores of the first classifier.
        second: Scores of the second classifier.
        confidence: Confidence level of the interval, from 0 to 1.
        within_source: Whether only pairs from the same source are compared.
    """
    from scipy.stats import norm

    y_scores = np.stack([unit.mean(scores.score) for scores in (first, second)])
    test = "DeLong" if unit.name == "lesion" else "Obuchowski"
    metric = "roc_auc_within" if within_source else "roc_auc"
    roc = roc_aucs(unit.label, y_scores, unit.lesion, unit.source if within_source else None)
    difference = float(roc.aucs[0] - roc.aucs[1])
    variance = float(roc.covariance[0, 0] + roc.covariance[1, 1] - 2 * roc.covariance[0, 1])
    error = math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan
    half = float(norm.ppf((1 + confidence) / 2)) * error
    p = _p(difference, error, norm)
    values = float(roc.aucs[0]), float(roc.aucs[1])
    return PairedTest(unit.name, metric, test, *values, difference - half, difference + half, p)


def mcnemar(unit: Unit, first: ThresholdedScores, second: ThresholdedScores, confidence: float) -> Iterator[PairedTest]:
    """Test the differences of sensitivity, specificity and accuracy: McNemar's exact test on discordant lesions."""
    from scipy.stats import binomtest

    y_pred = [unit.mean(scores.score) >= scores.threshold for scores in (first, second)]
    correct = [in_cells(unit.label, predicted, ("tn", "tp")) for predicted in y_pred]
    for metric in ("sensitivity", "specificity", "accuracy"):
        counted = METRICS[metric].counted_rows(unit.label, y_pred[0])  # depends on the label only: same for both
        of_first, of_second = correct[0][counted], correct[1][counted]
        only_first, only_second = int((of_first & ~of_second).sum()), int((of_second & ~of_first).sum())
        discordant = only_first + only_second
        p = float(binomtest(only_first, discordant).pvalue) if discordant else 1.0
        bounds = paired_interval(only_first, only_second, len(of_first), confidence)
        values = (float(of_first.mean()), float(of_second.mean())) if len(of_first) else (math.nan, math.nan)
        yield PairedTest(unit.name, metric, "McNemar", *values, *bounds, p)


def paired_t(
    unit: Unit, first: ThresholdedScores, second: ThresholdedScores, confidence: float
) -> Iterator[PairedTest]:
    """Test the differences of log loss and Brier score: Student's paired t-test on lesions."""
    from scipy.stats import t

    y_prob = [unit.mean(scores.y_prob) for scores in (first, second)]
    for metric, losses in LOSSES.items():
        of_first, of_second = (losses(unit.label, probability) for probability in y_prob)
        count = len(of_first)
        differences = of_first - of_second
        error = float(differences.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
        half = float(t.ppf((1 + confidence) / 2, count - 1)) * error if count > 1 else math.nan
        difference = float(differences.mean())
        p = _p(difference, error, t(count - 1))
        values = float(of_first.mean()), float(of_second.mean())
        yield PairedTest(unit.name, metric, "paired t", *values, difference - half, difference + half, p)


def _p(difference: float, error: float, distribution: Any) -> float:
    """Return the two-sided p-value of a difference; difference over standard error has this symmetric distribution."""
    if error > ROUNDING:
        return float(2 * distribution.sf(abs(difference) / error))
    return 1.0 if abs(difference) <= ROUNDING else math.nan
