"""Calibration of probabilities of independent lesions: ratio, intercept, slope, and a smooth calibration curve.

Van Calster et al., Calibration: the Achilles heel of predictive analytics, BMC Medicine 17 (2019), names the levels:
in the large (observed to expected ratio, intercept), weak (slope), moderate (curve). All intervals are for lesions
that are drawn at random: the number of malignant lesions is random, too. So they do not use the bootstrap of this
project, which fixes it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermoscopy.ensemble.calibration import fit_logistic, from_logit, to_logit
from dermoscopy.stats.intervals import Bounded

Floats = NDArray[np.float64]
UNDEFINED = Bounded(math.nan, math.nan, math.nan)
DISTINCT = 1e-6  # logits that differ by less are equal: a member that learns nothing predicts almost one probability


def calibration_measures(y_true: NDArray[np.int64], y_prob: Floats, confidence: float) -> dict[str, Bounded]:
    """Return observed to expected ratio, calibration intercept and calibration slope with their intervals.

    The intervals are Student's, with one degree of freedom less than there are lesions of the rarer label. Their
    standard errors do not assume that the probabilities are calibrated: that of a ratio of two sums for the logarithm
    of the ratio (Cochran, Sampling Techniques, 1977, section 6.3), the sandwich estimator for the others (White,
    Maximum likelihood estimation of misspecified models, Econometrica 50, 1982).

    Args:
        y_true: Label of each lesion, 0 benign, 1 malignant; shape (lesions,).
        y_prob: Probability of each lesion, from 0 to 1; shape (lesions,).
        confidence: Confidence level, from 0 to 1.

    Returns:
        oe_ratio: malignant lesions over the sum of the probabilities; perfect is 1.
        intercept: intercept of the logit with slope 1 (calibration in the large); perfect is 0.
        slope: slope of the logit; perfect is 1; less means that the probabilities are too extreme.
        NaN with fewer than two lesions of a label; the slope also if the probabilities separate the labels, or are
        almost equal.
    """
    from scipy.special import stdtrit

    malignant = int(y_true.sum())
    rarer = min(malignant, len(y_true) - malignant)
    if rarer < 2:
        return dict.fromkeys(("oe_ratio", "intercept", "slope"), UNDEFINED)
    quantile = float(stdtrit(rarer - 1, (1 + confidence) / 2))
    logits, ones = to_logit(y_prob), np.ones(len(y_true))
    ratio = malignant / y_prob.sum()
    factor = math.exp(quantile * math.sqrt(((y_true - ratio * y_prob) ** 2).sum()) / malignant)
    return {
        "oe_ratio": Bounded(ratio, ratio / factor, ratio * factor),
        "intercept": _first_coefficient(ones[:, None], y_true, logits, quantile),
        "slope": _first_coefficient(np.column_stack([logits, ones]), y_true, 0.0, quantile)
        if _overlap(y_true, y_prob) and np.ptp(logits) > DISTINCT
        else UNDEFINED,
    }


def _overlap(y_true: NDArray[np.int64], y_prob: Floats) -> bool:
    """Return whether no threshold separates the labels, so that the slope is finite."""
    benign, malignant = y_prob[y_true == 0], y_prob[y_true == 1]
    return bool(benign.max() > malignant.min() and malignant.max() > benign.min())


def _first_coefficient(columns: Floats, y_true: NDArray[np.int64], offset: Floats | float, quantile: float) -> Bounded:
    coefficients = fit_logistic(columns, y_true.astype(float), np.zeros(columns.shape[1]), offset)
    probability = from_logit(columns @ coefficients + offset)
    inverse = np.linalg.inv((columns.T * (probability * (1 - probability))) @ columns)
    covariance = inverse @ (columns.T * (y_true - probability) ** 2) @ columns @ inverse
    value, half = float(coefficients[0]), quantile * math.sqrt(covariance[0, 0])
    return Bounded(value, value - half, value + half)


KNOTS = (0.1, 0.5, 0.9)  # quantiles of the logits; three suffice, and four overfit small test splits


@dataclass(frozen=True)
class CalibrationCurve:
    """Probability of malignancy as a smooth function of the predicted probability.

    Logistic regression on a restricted cubic spline of the logit, which is linear beyond the outer knots (Harrell,
    Regression Modeling Strategies, 2015, section 2.4.5).

    Attributes:
        knots: Logits; three, or none if too few logits are distinct: the curve is then linear on the logit scale.
        coefficients: Coefficients of constant, logit and spline; shape (coefficients,).
        covariance: Covariance of the coefficients; shape (coefficients, coefficients).
    """

    knots: Floats
    coefficients: Floats
    covariance: Floats

    def at(self, y_prob: Floats) -> Floats:
        """Return the calibrated probabilities; shape (rows,)."""
        return from_logit(_spline(to_logit(y_prob), self.knots) @ self.coefficients)

    def bounds(self, y_prob: Floats, confidence: float) -> tuple[Floats, Floats]:
        """Return pointwise bounds of the calibrated probabilities, symmetric on the logit scale; each of shape (rows,).

        Args:
            y_prob: Predicted probabilities, from 0 to 1; shape (rows,).
            confidence: Confidence level, from 0 to 1.
        """
        from scipy.special import ndtri

        columns = _spline(to_logit(y_prob), self.knots)
        half = float(ndtri((1 + confidence) / 2)) * np.sqrt(
            np.einsum("rc,cd,rd->r", columns, self.covariance, columns).clip(0)
        )
        return from_logit(columns @ self.coefficients - half), from_logit(columns @ self.coefficients + half)


def fit_curve(y_true: NDArray[np.int64], y_prob: Floats) -> CalibrationCurve:
    """Fit the smooth calibration curve.

    Args:
        y_true: Label of each lesion, 0 benign, 1 malignant; shape (lesions,).
        y_prob: Probability of each lesion, from 0 to 1; shape (lesions,).
    """
    logits = to_logit(y_prob)
    knots = np.quantile(logits, KNOTS)
    knots = knots if np.diff(knots).min() > DISTINCT else np.empty(0)
    columns = _spline(logits, knots)
    coefficients = fit_logistic(columns, y_true.astype(float), np.zeros(columns.shape[1]))
    probability = from_logit(columns @ coefficients)
    information = (columns.T * (probability * (1 - probability))) @ columns
    return CalibrationCurve(knots, coefficients, np.linalg.pinv(information, hermitian=True).astype(np.float64))


def _spline(logits: Floats, knots: Floats) -> Floats:
    """Return the columns of the regression: constant, logit and restricted cubic spline; shape (rows, columns)."""
    linear = np.column_stack([np.ones(len(logits)), logits])
    if not len(knots):
        return linear
    first, middle, last = ((logits - knot).clip(0) ** 3 for knot in knots)
    before, after = (knots[2] - knots[0]) / (knots[2] - knots[1]), (knots[1] - knots[0]) / (knots[2] - knots[1])
    return np.column_stack([linear, (first - before * middle + after * last) / (knots[2] - knots[0]) ** 2])


def calibration_errors(y_true: NDArray[np.int64], y_prob: Floats) -> dict[str, float]:
    """Return the distances of the smooth calibration curve from the diagonal.

    Austin and Steyerberg, The Integrated Calibration Index (ICI) and related metrics for quantifying the calibration
    of logistic regression models, Statistics in Medicine 38 (2019).

    Args:
        y_true: Label of each lesion, 0 benign, 1 malignant; shape (lesions,).
        y_prob: Probability of each lesion, from 0 to 1; shape (lesions,).

    Returns:
        ici, e50 and e90: mean, median and 90th percentile of the absolute differences over the lesions.
    """
    differences = np.abs(fit_curve(y_true, y_prob).at(y_prob) - y_prob)
    return {
        "ici": float(differences.mean()),
        "e50": float(np.median(differences)),
        "e90": float(np.quantile(differences, 0.9)),
    }


def errors_by_chance(y_prob: Floats, times: int, generator: np.random.Generator) -> Mapping[str, Floats]:
    """Return the calibration errors of perfectly calibrated probabilities: labels are drawn from the probabilities.

    Args:
        y_prob: Probability of each lesion, from 0 to 1; shape (lesions,).
        times: Number of simulated splits.
        generator: Random generator of the labels.

    Returns:
        The names of `calibration_errors`, each with its values; shape (times,).
    """

    def simulated() -> Iterator[dict[str, float]]:
        for _ in range(times):
            yield calibration_errors((generator.random(len(y_prob)) < y_prob).astype(np.int64), y_prob)

    errors = list(simulated())
    return {name: np.array([each[name] for each in errors]) for name in errors[0]}
