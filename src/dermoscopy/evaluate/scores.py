"""Every metric of every classifier on the test part, with its interval.

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
from dermoscopy.stats.intervals import Scale, bootstrap_interval, predictive_values, wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.roc import area_interval, areas
from dermoscopy.stats.weighted import average_precision, calls, losses

Kind = Literal["member", "ensemble", "baseline", "truth"]

SCALES: Mapping[str, Scale] = {"mcc": "correlation", "log_loss": "loss", "brier": "loss"}  # the others are shares

COLUMNS = ["name", "kind", "unit", "point", "metric", "value", "low", "high", "interval"]


@dataclass(frozen=True)
class Classifier:
    """One that gave every photograph a score.

    Args:
        name: A member's, "ensemble", a method's, a baseline's, or "latent score".
        kind: What it is.
        score: The larger, the more malignant; shape (photographs,). A probability where there are thresholds.
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
    """Measure classifiers on the same photographs or lesions, with intervals from the same draws.

    Args:
        classifiers: Those to measure.
        unit: What is counted.
        draws: How often each row of `unit` is in each draw (`intervals.draw_lesions`);
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
    score, once, few = unit.mean(one.score), np.ones((1, len(unit.label))), rarer(unit)

    def spread(metric: str, value: float, drawn: NDArray[np.float64]) -> tuple[float, float, str]:
        return *bootstrap_interval(value, drawn, SCALES.get(metric, "share"), few, confidence), "bootstrap"

    found = areas(unit.label, score[None], unit.lesion)
    bounds = area_interval(float(found.aucs[0]), float(found.covariance[0, 0]), few, confidence)
    yield "", "roc_auc", float(found.aucs[0]), *bounds, "DeLong" if unit.name == "lesion" else "Obuchowski"
    precision = float(average_precision(unit.label, score, once)[0])
    drawn_precision = average_precision(unit.label, score, draws)
    yield "", "average_precision", precision, *spread("average_precision", precision, drawn_precision)
    if one.thresholds:
        drawn = losses(unit.label, score, draws)
        for metric, (value,) in losses(unit.label, score, once).items():
            yield "", metric, value, *spread(metric, value, drawn[metric])
    for point, threshold in one.thresholds.items():
        called = score >= threshold
        drawn = calls(unit.label, called, draws)
        for metric, (value,) in calls(unit.label, called, once).items():
            counted = _counted(metric, unit.label, called)
            if unit.name == "lesion" and metric in ("ppv", "npv"):
                # Parts have a set share of malignant lesions, so who is called malignant is no free draw.
                counts = confusion(unit.label, called)
                bounds = predictive_values(counts, float(unit.label.mean()), confidence)[metric][1:]
                yield point, metric, value, *bounds, "likelihood ratio"
            elif counted is not None and (unit.name == "lesion" or value in (0, 1)):
                # At a wall all draws agree: what is known is how many lesions agreed.
                whole = len(set(unit.lesion[counted]))
                yield point, metric, value, *wilson_interval(value * whole, whole, confidence), "Wilson"
            else:
                yield point, metric, value, *spread(metric, value, drawn[metric])


def _counted(metric: str, label: NDArray[np.int64], called: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return the rows that a share is of; None for what is no plain share."""
    return {
        "sensitivity": label == 1,
        "specificity": label == 0,
        "ppv": called,
        "npv": ~called,
        "accuracy": np.ones(len(label), dtype=bool),
    }.get(metric)


def score_subsets(
    unit: Unit, probabilities: pd.DataFrame, folder: Path, draws: NDArray[np.float64], confidence: float
) -> pd.DataFrame:
    """Score every subset in every way as val has fitted it, at the calibrated threshold of `half`.

    Args:
        unit: The photographs of test.
        probabilities: Rows by members.
        folder: data/ensemble.
        draws: How often each photograph is in each draw; shape (resamples, rows).
        confidence: Of the intervals.

    Returns:
        Rows of `tables.evaluation.SUBSETS`.
    """
    fitted = read_candidates(folder)
    scores = np.stack([calibration.apply(combiner.combine(probabilities)) for combiner, calibration in fitted.values()])
    found = areas(unit.label, scores, unit.lesion)
    once, few, rows = np.ones((1, len(unit.label))), rarer(unit), []
    for place, ((members, method), (combiner, calibration)) in enumerate(fitted.items()):
        called = scores[place] >= calibration.apply(np.array(combiner.cut))
        value = float(found.aucs[place])
        bounded = {"roc_auc": (value, *area_interval(value, found.covariance[place, place], few, confidence))}
        drawn, (value,) = calls(unit.label, called, draws)["accuracy"], calls(unit.label, called, once)["accuracy"]
        bounded["accuracy"] = (value, *bootstrap_interval(value, drawn, "share", few, confidence))
        drawn, (value,) = (losses(unit.label, scores[place], weights)["log_loss"] for weights in (draws, once))
        bounded["log_loss"] = (value, *bootstrap_interval(value, drawn, "loss", few, confidence))
        rows += [(len(combiner.members), members, method, metric, *values) for metric, values in bounded.items()]
    return pd.DataFrame(rows, columns=["size", "members", "method", "metric", "value", "low", "high"])
