"""Every metric of every classifier on the test part, with its interval."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.intervals import percentile_interval, resample, resample_roc_auc
from dermoscopy.evaluation.metrics import measure, roc_auc

Kind = Literal["member", "ensemble", "baseline", "truth"]


@dataclass(frozen=True)
class Classifier:
    """One that gave every photograph a score.

    Args:
        name: A member's, "ensemble", a method's, a baseline's, or "latent score".
        kind: What it is.
        score: The larger, the more malignant; shape (rows,). A probability where there is a threshold.
        threshold: The probability from which it calls a photograph malignant; None where the
            score is no probability, and only its ROC AUC can be told.
    """

    name: str
    kind: Kind
    score: NDArray[np.float64]
    threshold: float | None

    @property
    def called(self) -> NDArray[np.bool_]:
        """True where it calls a photograph malignant, never where it has no threshold; shape (rows,)."""
        return self.score >= (np.inf if self.threshold is None else self.threshold)


def score_classifiers(
    classifiers: Iterable[Classifier], label: NDArray[np.int64], draws: NDArray[np.float64], confidence: float
) -> pd.DataFrame:
    """Measure classifiers on the same photographs, with intervals from the same draws.

    Args:
        classifiers: Those to measure.
        label: 0 benign, 1 malignant; shape (rows,).
        draws: How often each photograph is in each draw (`intervals.draw_lesions`);
            shape (resamples, rows).
        confidence: Of the intervals, from 0 to 1.

    Returns:
        Rows of `tables.evaluation.SCORES`. A metric that is undefined has no interval either.
    """
    rows = []
    for one in classifiers:
        if one.threshold is None:
            values = {"roc_auc": roc_auc(label, one.score)}
            drawn = {"roc_auc": resample_roc_auc(label, one.score, draws)}
        else:
            values = measure(label, one.score, one.threshold)
            drawn = resample(label, one.score, one.threshold, draws)
        for metric, value in values.items():
            rows.append((one.name, one.kind, metric, value, *percentile_interval(drawn[metric], confidence)))
    return pd.DataFrame(rows, columns=["name", "kind", "metric", "value", "low", "high"])
