"""Number of lesions that an interval of a given width needs: ROC AUC, observed to expected ratio, calibration slope.

Riley et al., Minimum sample size for external validation of a clinical prediction model with a binary outcome,
Statistics in Medicine 40 (2021), and Evaluation of clinical prediction models (part 3), BMJ 384 (2024), e074821. The
widths are those that they recommend. The formulas assume calibrated probabilities.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WIDTHS = {"roc_auc": 0.1, "oe_ratio": 0.2, "slope": 0.2}
MOST = 10_000_000  # lesions; no more are searched for


def sample_size_rows(
    y_true: NDArray[np.int64], y_prob: NDArray[np.float64], roc_auc: float, confidence: float
) -> pd.DataFrame:
    """Return the number of lesions that each interval needs, given the results of this test split.

    Args:
        y_true: Label of each lesion, 0 benign, 1 malignant; shape (lesions,).
        y_prob: Probability of each lesion, over 0 and under 1; shape (lesions,).
        roc_auc: ROC AUC of the probabilities.
        confidence: Confidence level of the intervals, from 0 to 1.

    Returns:
        A row for each metric of `WIDTHS`: metric, width, needed (lesions for this width; NaN if undefined), lesions
        (of the split) and expected (width with these lesions).
    """
    from scipy.special import logit, ndtri

    z, prevalence = float(ndtri((1 + confidence) / 2)), float(y_true.mean())
    logits = logit(y_prob)
    widths: dict[str, Callable[[float], float]] = {
        "roc_auc": lambda lesions: 2 * z * roc_auc_error(roc_auc, prevalence, lesions),
        "oe_ratio": lambda lesions: 2 * math.sinh(z * oe_ratio_error(prevalence, lesions)),
        "slope": lambda lesions: 2 * z * slope_error(logits, lesions),
    }
    rows = [
        (metric, width, lesions_for(width, widths[metric]), len(y_true), widths[metric](len(y_true)))
        for metric, width in WIDTHS.items()
    ]
    return pd.DataFrame(rows, columns=["metric", "width", "needed", "lesions", "expected"])


def lesions_for(width: float, expected: Callable[[float], float]) -> float:
    """Return the smallest number of lesions with which the expected width is at most the wanted one.

    Args:
        width: Wanted width.
        expected: Expected width of the interval with a number of lesions; it falls as the number rises.

    Returns:
        A whole number; NaN if the expected width is undefined or more than `MOST` lesions are needed.
    """
    few, many = 1, MOST
    if not expected(many) <= width:
        return math.nan
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if expected(middle) <= width else (middle, many)
    return float(many)


def roc_auc_error(roc_auc: float, prevalence: float, lesions: float) -> float:
    """Return the expected standard error of a ROC AUC.

    Newcombe, Confidence intervals for an effect size measure based on the Mann-Whitney statistic, part 2, Statistics
    in Medicine 25 (2006), method 4.

    Args:
        roc_auc: ROC AUC.
        prevalence: Proportion of malignant lesions, from 0 to 1.
        lesions: Number of lesions.

    Returns:
        NaN with one label only, or if no pair of lesions is misranked.
    """
    if not 0 < prevalence < 1 or not 0 < roc_auc < 1:
        return math.nan
    half = lesions / 2 - 1
    inner = 1 + half * (1 - roc_auc) / (2 - roc_auc) + half * roc_auc / (1 + roc_auc)
    return math.sqrt(roc_auc * (1 - roc_auc) * inner / (prevalence * (1 - prevalence))) / lesions


def oe_ratio_error(prevalence: float, lesions: float) -> float:
    """Return the expected standard error of the logarithm of the observed to expected ratio.

    Riley et al. (2021), equation of section 3.1. It takes the expected number as fixed, which is conservative.

    Args:
        prevalence: Proportion of malignant lesions, from 0 to 1.
        lesions: Number of lesions.

    Returns:
        NaN without malignant lesions.
    """
    return math.sqrt((1 - prevalence) / (lesions * prevalence)) if prevalence > 0 else math.nan


def slope_error(logits: NDArray[np.float64], lesions: float) -> float:
    """Return the expected standard error of the calibration slope, from the information matrix of the logistic model.

    Riley et al. (2021), section 3.2.

    Args:
        logits: Sample of the logits of the predicted probabilities; shape (rows,).
        lesions: Number of lesions.

    Returns:
        NaN if all logits are equal.
    """
    from scipy.special import expit

    probability = expit(logits)
    weight = probability * (1 - probability)
    constant, mixed, squared = (float(np.mean(weight * logits**power)) for power in range(3))
    determinant = constant * squared - mixed**2
    if not determinant > 1e-12 * constant * squared:  # rounding errors of equal logits
        return math.nan
    return math.sqrt(constant / (determinant * lesions))
