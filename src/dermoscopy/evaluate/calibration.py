"""Calibration of the ensemble on test: measures, losses, smooth curve and reliability table, by lesion."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluate.recalibration import calibration_errors, calibration_measures, errors_by_chance, fit_curve
from dermoscopy.evaluate.scores import bootstrap
from dermoscopy.evaluate.tables import CALIBRATION
from dermoscopy.stats.intervals import wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.metrics import metrics_needing


def reliability_table(
    y_true: NDArray[np.int64], y_prob: NDArray[np.float64], bins: int, confidence: float
) -> pd.DataFrame:
    """Return the proportion of malignant lesions in each bin of predicted probability.

    Args:
        y_true: Labels of independent lesions, 0 benign, 1 malignant; shape (rows,).
        y_prob: Predicted probabilities, from 0 to 1; shape (rows,).
        bins: Number of equally wide bins from 0 to 1; empty bins are left out.
        confidence: Confidence level of the intervals, from 0 to 1.

    Returns:
        A row per bin: start, end, lesions, probability (their mean), malignant (proportion), low, high.
    """
    bin_of_lesion = np.minimum((y_prob * bins).astype(int), bins - 1)
    rows = []
    for number in np.unique(bin_of_lesion):
        inside = bin_of_lesion == number
        low, high = wilson_interval(y_true[inside].sum(), inside.sum(), confidence)
        rows.append(
            (number / bins, (number + 1) / bins, inside.sum(), y_prob[inside].mean(), y_true[inside].mean(), low, high)
        )
    return pd.DataFrame(rows, columns=["start", "end", "lesions", "probability", "malignant", "low", "high"])


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Return the expected calibration error: mean absolute difference of proportion and probability over lesions.

    Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, 2015.
    Even perfect probabilities have an error over 0, by chance within the bins, and bootstrap resamples a
    still larger one: no interval is computed.

    Args:
        table: Rows of `reliability_table`.
    """
    return float(np.average((table["malignant"] - table["probability"]).abs(), weights=table["lesions"]))


POINTS = 101  # points of the smooth curve


def curve_rows(y_true: NDArray[np.int64], y_prob: NDArray[np.float64], confidence: float) -> pd.DataFrame:
    """Return the smooth calibration curve from the lowest to the highest predicted probability.

    Args:
        y_true: Labels of independent lesions, 0 benign, 1 malignant; shape (rows,).
        y_prob: Predicted probabilities, from 0 to 1; shape (rows,).
        confidence: Confidence level of the pointwise intervals, from 0 to 1.

    Returns:
        Rows with probability, value, low and high.
    """
    probability = np.linspace(y_prob.min(), y_prob.max(), POINTS)
    curve = fit_curve(y_true, y_prob)
    low, high = curve.bounds(probability, confidence)
    return pd.DataFrame({"probability": probability, "value": curve.at(probability), "low": low, "high": high})


def calibration_rows(
    lesions: Unit,
    scores: Mapping[str, NDArray[np.float64]],
    bins: int,
    resamples: NDArray[np.float64],
    confidence: float,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return measures, reliability bins and smooth curves of the ensemble before and after calibration.

    Args:
        lesions: Lesions of test.
        scores: Probabilities "before" and "after" calibration, each of shape (lesions,).
        bins: Number of bins of the reliability table.
        resamples: Number of times each lesion is in each resample; shape (resamples, lesions).
        confidence: Confidence level of the intervals, from 0 to 1.
        seed: Seed of the simulated labels of `errors_by_chance`; there are as many as resamples.

    Returns:
        Rows of `evaluate.tables.CALIBRATION`, of `evaluate.tables.RELIABILITY` and of
        `evaluate.tables.CALIBRATION_CURVE`.
    """
    rows: list[tuple[object, ...]] = []
    tables, curves = [], []
    for name, score in scores.items():
        table = reliability_table(lesions.label, score, bins, confidence)
        tables.append(table.assign(name=name))
        curves.append(curve_rows(lesions.label, score, confidence).assign(name=name))
        rows.append((name, "ece", expected_calibration_error(table), np.nan, np.nan, np.nan))
        chance = errors_by_chance(score, len(resamples), np.random.default_rng(seed))
        for error, value in calibration_errors(lesions.label, score).items():
            rows.append((name, error, value, np.nan, np.nan, np.quantile(chance[error], confidence)))
        for measure, bounded in calibration_measures(lesions.label, score, confidence).items():
            rows.append((name, measure, *bounded, np.nan))
        for metric in metrics_needing("probability"):
            rows.append((name, metric.name, *bootstrap(metric, lesions, score, resamples, confidence), np.nan))
    return (
        pd.DataFrame(rows, columns=list(CALIBRATION.columns)),
        pd.concat(tables, ignore_index=True),
        pd.concat(curves, ignore_index=True),
    )
