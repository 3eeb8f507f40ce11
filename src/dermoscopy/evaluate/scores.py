"""Metrics of classifiers and of all subsets of the members on the test split, with intervals."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion
from dermoscopy.ensemble.fit import read_candidates
from dermoscopy.evaluate.tables import SCORES, SUBSETS
from dermoscopy.stats.intervals import Scale, bootstrap_interval, predictive_values, wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.metrics import AUCS, METRICS, Metric, metrics_needing
from dermoscopy.stats.roc import roc_auc_interval, roc_aucs

Kind = Literal["member", "ensemble", "baseline", "ceiling"]


@dataclass(frozen=True)
class Classifier:
    """A classifier with its scores of the test images.

    Args:
        name: Name of a member, a combination method or a baseline; "ensemble" or "latent score".
        kind: Kind of classifier; the "ceiling" is the simulator's latent score.
        score: Score of each image, which increases with malignancy; shape (images,). A probability if
            there are thresholds.
        thresholds: Operating points with the probability from which a lesion is predicted malignant;
            empty if the score is no probability, so that only its ranking is evaluated.
    """

    name: str
    kind: Kind
    score: NDArray[np.float64]
    thresholds: Mapping[str, float] = field(default_factory=dict)


def score_classifiers(
    classifiers: Iterable[Classifier], unit: Unit, resamples: NDArray[np.float64], confidence: float
) -> pd.DataFrame:
    """Compute all metrics of classifiers on the same images or lesions, with intervals from the same resamples.

    Args:
        classifiers: Classifiers to evaluate.
        unit: Images or lesions of test.
        resamples: Number of times each row of `unit` is in each resample (`intervals.resample_lesions`);
            shape (resamples, rows).
        confidence: Confidence level of the intervals, from 0 to 1.

    Returns:
        Rows of `evaluate.tables.SCORES`. An undefined metric has no interval.
    """
    rows = [
        (classifier.name, classifier.kind, unit.name, *row)
        for classifier in classifiers
        for row in _metrics(classifier, unit, resamples, confidence)
    ]
    return pd.DataFrame(rows, columns=list(SCORES.columns))


def rarer_label_lesions(unit: Unit) -> int:
    """Return the number of lesions of the rarer label."""
    return min(len(set(unit.lesion[unit.label == label])) for label in (0, 1))


def _metrics(
    classifier: Classifier, unit: Unit, resamples: NDArray[np.float64], confidence: float
) -> Iterator[tuple[object, ...]]:
    score = unit.mean(classifier.score)
    for metric in [*metrics_needing("score"), *(metrics_needing("probability") if classifier.thresholds else [])]:
        within = metric.interval == "auc within source"
        if within and unit.source is None:
            continue
        if metric.interval in AUCS:
            roc = roc_aucs(unit.label, score[None], unit.lesion, unit.source if within else None)
            value = float(roc.aucs[0])
            bounds = roc_auc_interval(value, float(roc.covariance[0, 0]), roc.lesions, confidence)
            yield "", metric.name, value, *bounds, "DeLong" if unit.name == "lesion" else "Obuchowski"
        else:
            yield "", metric.name, *bootstrap(metric, unit, score, resamples, confidence), "bootstrap"
    for point, threshold in classifier.thresholds.items():
        for metric in metrics_needing("predictions"):
            yield point, metric.name, *_of_predictions(metric, unit, score >= threshold, resamples, confidence)


# Values at which all resamples agree.
SCALE_ENDS: Mapping[Scale, tuple[float, ...]] = {"proportion": (0, 1), "correlation": (-1, 1), "loss": (0,)}


def bootstrap(
    metric: Metric,
    unit: Unit,
    score: NDArray[np.float64 | np.bool_],
    resamples: NDArray[np.float64],
    confidence: float,
) -> tuple[float, float, float]:
    """Return a metric's value with the bounds of its bootstrap interval; at the ends of its scale, Wilson's decide.

    Args:
        metric: The metric.
        unit: Images or lesions of test.
        score: Input that the metric needs; shape (rows,).
        resamples: Number of times each row is in each resample; shape (resamples, rows).
        confidence: Confidence level of the interval, from 0 to 1.
    """
    (value,) = metric.function(unit.label, score, np.ones((1, len(unit.label))))
    if value in SCALE_ENDS[metric.scale]:
        return value, *_bounds_at_scale_end(metric, unit, score, confidence)
    resampled = metric.function(unit.label, score, resamples)
    return value, *bootstrap_interval(value, resampled, metric.scale, rarer_label_lesions(unit), confidence)


def _bounds_at_scale_end(
    metric: Metric, unit: Unit, score: NDArray[np.float64 | np.bool_], confidence: float
) -> tuple[float, float]:
    """Return the metric at the lower and the upper bounds of sensitivity and specificity.

    If all lesions are predicted correctly, all resamples agree: only the number of lesions of each label decides.

    Args:
        metric: A metric whose value is at an end of its scale.
        unit: Images or lesions of test.
        score: Predictions, or scores that separate the labels perfectly; shape (rows,).
        confidence: Confidence level of the interval, from 0 to 1.
    """
    y_pred = score if score.dtype == bool else unit.label == 1
    y_true, predicted = np.array([1, 1, 0, 0]), np.array([True, False, False, True])
    weights = []
    for label in (1, 0):
        rows = unit.label == label
        total = len(set(unit.lesion[rows]))
        bounds = np.array(wilson_interval(float((y_pred[rows] == label).mean()) * total, total, confidence))
        weights += [rows.sum() * bounds, rows.sum() * (1 - bounds)]
    low, high = sorted(metric.function(y_true, predicted.astype(score.dtype), np.stack(weights, axis=1)))
    return float(low), float(high)


def _of_predictions(
    metric: Metric, unit: Unit, y_pred: NDArray[np.bool_], resamples: NDArray[np.float64], confidence: float
) -> tuple[float, float, float, str]:
    """Return value, bounds and kind of interval of a metric that needs predictions."""
    value = metric.function(unit.label, y_pred)
    if metric.interval == "predictive value" and unit.name == "lesion":
        # The split fixes the proportion of malignant lesions, so predicted labels are no simple random sample.
        counts = confusion(unit.label, y_pred)
        _, *bounds = predictive_values(counts, float(unit.label.mean()), confidence)[metric.name]
        return value, *bounds, "likelihood ratio"
    if metric.counted and (unit.name == "lesion" or value in (0, 1)):
        # At 0 or 1 all resamples agree: the interval depends on the number of lesions only.
        total = len(set(unit.lesion[metric.counted_rows(unit.label, y_pred)]))
        return value, *wilson_interval(value * total, total, confidence), "Wilson"
    return *bootstrap(metric, unit, y_pred, resamples, confidence), "bootstrap"


def score_subsets(
    images: Unit, probabilities: pd.DataFrame, folder: Path, resamples: NDArray[np.float64], confidence: float
) -> pd.DataFrame:
    """Evaluate all subsets of the members with all methods, as fitted on val, at the calibrated threshold of `half`.

    Args:
        images: Images of test.
        probabilities: Probabilities of images by members.
        folder: data/ensemble.
        resamples: Number of times each image is in each resample; shape (resamples, rows).
        confidence: Confidence level of the intervals, from 0 to 1.

    Returns:
        Rows of `evaluate.tables.SUBSETS`.
    """
    fitted = read_candidates(folder)
    scores = np.stack([calibration.apply(combiner.combine(probabilities)) for combiner, calibration in fitted.values()])
    roc = roc_aucs(images.label, scores, images.lesion)
    rows: list[tuple[object, ...]] = []
    for index, ((members, method), (combiner, calibration)) in enumerate(fitted.items()):
        score = scores[index]
        y_pred = score >= calibration.apply(np.array(combiner.combined_threshold))
        value = float(roc.aucs[index])
        bounded = {
            "roc_auc": (value, *roc_auc_interval(value, roc.covariance[index, index], roc.lesions, confidence)),
            "accuracy": bootstrap(METRICS["accuracy"], images, y_pred, resamples, confidence),
            "log_loss": bootstrap(METRICS["log_loss"], images, score, resamples, confidence),
        }
        rows += [(len(combiner.members), members, method, metric, *values) for metric, values in bounded.items()]
    return pd.DataFrame(rows, columns=list(SUBSETS.columns))
