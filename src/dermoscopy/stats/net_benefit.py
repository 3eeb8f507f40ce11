"""Net benefit of predicting lesions malignant from a threshold probability.

Vickers and Elkin, Decision curve analysis: a novel method for evaluating prediction models, Medical Decision
Making 26 (2006). The threshold probability states how many unnecessary excisions one found malignant lesion is
worth: at 0.1 it is nine. Net benefit counts true positives per lesion and subtracts false positives at that rate.
"""

import math

import numpy as np

from dermoscopy.core.metrics import BENIGN, MALIGNANT, Confusion, Floats, Labels, Value, confusion
from dermoscopy.stats.intervals import Bounded, wilson_interval


def net_benefit(y_true: Labels, y_prob: Floats, threshold: float, sample_weight: Floats | None = None) -> Value:
    """Return the net benefit: true positives minus false positives times the odds of the threshold, per lesion.

    Args:
        y_true: Label of each lesion, 0 benign, 1 malignant; shape (lesions,).
        y_prob: Probability of each lesion, from 0 to 1; shape (lesions,).
        threshold: Threshold probability, over 0 and under 1; lesions from it on are predicted malignant.
        sample_weight: Number of times each lesion counts; shape (lesions,) or (resamples, lesions).

    Returns:
        At most the proportion of malignant lesions; 0 if no lesion is predicted malignant. Shape (resamples,) if
        the weights have that many rows.
    """
    counts = confusion(y_true, y_prob >= threshold, sample_weight)
    return (counts.tp - _odds(threshold) * counts.fp) / counts.total


def net_benefit_of_all(y_true: Labels, threshold: float) -> float:
    """Return the net benefit of predicting all lesions malignant.

    Args:
        y_true: Label of each lesion, 0 benign, 1 malignant; shape (lesions,).
        threshold: Threshold probability, over 0 and under 1.
    """
    prevalence = float(np.mean(y_true))
    return prevalence - _odds(threshold) * (1 - prevalence)


def net_benefit_interval(counts: Confusion, threshold: float, confidence: float) -> Bounded:
    """Return the net benefit with an interval for other lesions with the same proportion of malignant ones.

    At a fixed proportion, net benefit is a weighted difference of two independent proportions: sensitivity and
    false positive rate. Its interval is recovered from their score intervals (Donner and Zou, Closed-form
    confidence intervals for functions of the normal mean and standard deviation, Statistical Methods in Medical
    Research 21, 2012). It holds at low thresholds too, where no lesion is missed: there all bootstrap resamples have
    the same true positives.

    Args:
        counts: Confusion matrix of independent lesions at the threshold.
        threshold: Threshold probability, over 0 and under 1.
        confidence: Confidence level, from 0 to 1.

    Returns:
        NaN without a malignant or without a benign lesion.
    """
    (true_positives, malignant), (true_negatives, benign) = counts.fraction(MALIGNANT), counts.fraction(BENIGN)
    if not malignant or not benign:
        return Bounded(math.nan, math.nan, math.nan)
    gain = malignant / counts.total
    loss = _odds(threshold) * benign / counts.total
    sensitivity, false_positives = true_positives / malignant, benign - true_negatives
    rate = false_positives / benign
    least, most = wilson_interval(true_positives, malignant, confidence)
    fewest, highest = wilson_interval(false_positives, benign, confidence)
    value = gain * sensitivity - loss * rate
    return Bounded(
        value,
        value - math.hypot(gain * (sensitivity - least), loss * (highest - rate)),
        value + math.hypot(gain * (most - sensitivity), loss * (rate - fewest)),
    )


def _odds(threshold: float) -> float:
    return threshold / (1 - threshold)
