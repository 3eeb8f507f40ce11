"""Every metric of every classifier on the test split, with its interval.

Every subset of the members in every way, on test.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion
from dermoscopy.ensemble.fit import read_candidates
from dermoscopy.stats.intervals import bootstrap_interval, predictive_values, wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.metrics import METRICS, Metric, that_need
from dermoscopy.stats.roc import area_interval, areas

Kind = Literal["member", "ensemble", "baseline", "truth"]

COLUMNS = ["name", "kind", "unit", "point", "metric", "value", "low", "high", "interval"]


@dataclass(frozen=True)
class Classifier:
    """One that gave every image a score.

    Args:
        name: A member's, "ensemble", a method's, a baseline's, or "latent score".
        kind: What it is.
        score: The larger, the more malignant; shape (images,). A probability where there are thresholds.
        thresholds: The probability from which it calls a lesion malignant, by operating point; empty
            where the score is no probability, and only its order can be told.
    """

    name: str
    kind: Kind
    score: NDArray[np.float64]
    thresholds: Mapping[str, float] = field(default_factory=dict)


def score_classifiers(
    classifiers: Iterable[Classifier], unit: Unit, draws: NDArray[np.float64], confidence: float
) -> pd.DataFrame:
    """Measure classifiers on the same images or lesions, with intervals from the same draws.

    Args:
        classifiers: Those to measure.
        unit: What is counted.
        draws: How often each row of `unit` is in each draw (`intervals.resample_lesions`);
            shape (resamples, rows).
        confidence: Of the intervals, from 0 to 1.

    Returns:
        Rows of `tables.evaluation.SCORES`. A metric that is undefined has no interval either.
    """
    rows = [
        (one.name, one.kind, unit.name, *row) for one in classifiers for row in _measure(one, unit, draws, confidence)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def rarer(unit: Unit) -> int:
    """Return how many lesions the rarer label has."""
    return min(len(set(unit.lesion[unit.label == label])) for label in (0, 1))


def _measure(
    one: Classifier, unit: Unit, draws: NDArray[np.float64], confidence: float
) -> Iterator[tuple[object, ...]]:
    score, few = unit.mean(one.score), rarer(unit)
    for metric in [*that_need("score"), *(that_need("probability") if one.thresholds else [])]:
        if metric.interval == "area":
            found = areas(unit.label, score[None], unit.lesion)
            value = float(found.aucs[0])
            bounds = area_interval(value, float(found.covariance[0, 0]), few, confidence)
            yield "", metric.name, value, *bounds, "DeLong" if unit.name == "lesion" else "Obuchowski"
        else:
            yield "", metric.name, *bootstrapped(metric, unit, score, draws, confidence), "bootstrap"
    for point, threshold in one.thresholds.items():
        for metric in that_need("predictions"):
            yield point, metric.name, *_of_calls(metric, unit, score >= threshold, draws, confidence)


def bootstrapped(
    metric: Metric,
    unit: Unit,
    score: NDArray[np.float64 | np.bool_],
    draws: NDArray[np.float64],
    confidence: float,
) -> tuple[float, float, float]:
    """Return a metric's value with the bounds of its bootstrap interval.

    Args:
        metric: The metric.
        unit: What is counted.
        score: What the metric needs; shape (rows,).
        draws: How often each row is in each draw; shape (resamples, rows).
        confidence: Of the interval.
    """
    (value,) = metric.function(unit.label, score, np.ones((1, len(unit.label))))
    drawn = metric.function(unit.label, score, draws)
    return value, *bootstrap_interval(value, drawn, metric.scale, rarer(unit), confidence)


def _of_calls(
    metric: Metric, unit: Unit, called: NDArray[np.bool_], draws: NDArray[np.float64], confidence: float
) -> tuple[float, float, float, str]:
    """Return the value of a metric of calls, its bounds, and where they come from."""
    value = metric.function(unit.label, called)
    if metric.interval == "predictive value" and unit.name == "lesion":
        # Splits have a set share of malignant lesions, so who is called malignant is no free draw.
        counts = confusion(unit.label, called)
        _, *bounds = predictive_values(counts, float(unit.label.mean()), confidence)[metric.name]
        return value, *bounds, "likelihood ratio"
    if metric.counted and (unit.name == "lesion" or value in (0, 1)):
        # At a wall all draws agree: what is known is how many lesions agreed.
        whole = len(set(unit.lesion[metric.is_of(unit.label, called)]))
        return value, *wilson_interval(value * whole, whole, confidence), "Wilson"
    return *bootstrapped(metric, unit, called, draws, confidence), "bootstrap"


def score_subsets(
    unit: Unit, probabilities: pd.DataFrame, folder: Path, draws: NDArray[np.float64], confidence: float
) -> pd.DataFrame:
    """Score every subset in every way as val has fitted it, at the calibrated threshold of `half`.

    Args:
        unit: The images of test.
        probabilities: Rows by members.
        folder: data/ensemble.
        draws: How often each image is in each draw; shape (resamples, rows).
        confidence: Of the intervals.

    Returns:
        Rows of `tables.evaluation.SUBSETS`.
    """
    fitted = read_candidates(folder)
    scores = np.stack([calibration.apply(combiner.combine(probabilities)) for combiner, calibration in fitted.values()])
    found = areas(unit.label, scores, unit.lesion)
    few, rows = rarer(unit), []
    for place, ((members, method), (combiner, calibration)) in enumerate(fitted.items()):
        score = scores[place]
        called = score >= calibration.apply(np.array(combiner.cut))
        value = float(found.aucs[place])
        bounded = {
            "roc_auc": (value, *area_interval(value, found.covariance[place, place], few, confidence)),
            "accuracy": bootstrapped(METRICS["accuracy"], unit, called, draws, confidence),
            "log_loss": bootstrapped(METRICS["log_loss"], unit, score, draws, confidence),
        }
        rows += [(len(combiner.members), members, method, metric, *values) for metric, values in bounded.items()]
    return pd.DataFrame(rows, columns=["size", "members", "method", "metric", "value", "low", "high"])
