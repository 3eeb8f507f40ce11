"""The table of metrics: one row for each metric that is computed and printed.

scores.csv, the tables of the report and its glossary read it. A new metric is one row here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import (
    ALL,
    BENIGN,
    MALIGNANT,
    PREDICTED_BENIGN,
    PREDICTED_MALIGNANT,
    Cell,
    Confusion,
    Floats,
    Labels,
    Predictions,
    Value,
    average_precision,
    brier,
    confusion,
    in_cells,
    log_loss,
    roc_auc,
)
from dermoscopy.stats.intervals import SCALES, Scale

Needs = Literal["score", "probability", "predictions"]
Interval = Literal["area", "bootstrap", "proportion", "predictive value"]


Function = Callable[..., Value]  # of y_true, what the metric needs, and sample_weight (`core.metrics`)


@dataclass(frozen=True)
class Metric:
    """A metric, and all that one has to know to compute and to print it.

    Attributes:
        name: In tables and files.
        title: On pages.
        function: What computes it, of labels and what it needs.
        needs: "score" (any number that grows with malignancy), "probability", or "predictions" at an operating point.
        scale: Of a bootstrap interval.
        interval: "area" is DeLong's or Obuchowski's; "bootstrap"; "proportion" is Wilson's by lesion and at
            0 and 1, else the bootstrap's; "predictive value" is the likelihood ratio's by lesion, else a proportion's.
        counted: Of "proportion" and "predictive value": the cells it is the proportion of.
        description: An entry of the page's glossary; None where the page's template explains it.
    """

    name: str
    title: str
    function: Function
    needs: Needs
    scale: Scale
    interval: Interval
    counted: tuple[Cell, ...] = ()
    description: str | None = None

    def __post_init__(self) -> None:
        """Refuse a row that would leave a gap in a table or on a page.

        Raises:
            ValueError: The row lacks a name or a title, or its need, scale or interval is none there is.
        """
        proportion = self.interval in ("proportion", "predictive value")
        wrong = {
            "name": not self.name,
            "title": not self.title,
            "needs": self.needs not in get_args(Needs),
            "scale": self.scale not in SCALES,
            "interval": self.interval not in get_args(Interval),
            "counted": proportion != bool(self.counted),
        }
        if any(wrong.values()):
            fields = ", ".join(field for field, found in wrong.items() if found)
            raise ValueError(f"metric {self.name or self.title!r}: {fields} missing or unknown")

    def is_of(self, y_true: Labels, y_pred: Predictions) -> NDArray[np.bool_]:
        """Return the rows that a proportion is of; shape (rows,)."""
        return in_cells(y_true, y_pred, self.counted)


def of_counts(rate: Callable[[Confusion], Value]) -> Function:
    """Return the metric function of a figure of the confusion matrix."""

    def function(y_true: Labels, y_pred: Predictions, sample_weight: Floats | None = None) -> Value:
        return rate(confusion(y_true, y_pred, sample_weight))

    return function


ROWS = (  # in the order of the page's columns
    Metric(
        "sensitivity",
        "sensitivity",
        of_counts(lambda counts: counts.sensitivity),
        needs="predictions",
        scale="proportion",
        interval="proportion",
        counted=MALIGNANT,
    ),
    Metric(
        "specificity",
        "specificity",
        of_counts(lambda counts: counts.specificity),
        needs="predictions",
        scale="proportion",
        interval="proportion",
        counted=BENIGN,
    ),
    Metric(
        "ppv",
        "PPV",
        of_counts(lambda counts: counts.ppv),
        needs="predictions",
        scale="proportion",
        interval="predictive value",
        counted=PREDICTED_MALIGNANT,
    ),
    Metric(
        "npv",
        "NPV",
        of_counts(lambda counts: counts.npv),
        needs="predictions",
        scale="proportion",
        interval="predictive value",
        counted=PREDICTED_BENIGN,
    ),
    Metric(
        "accuracy",
        "accuracy",
        of_counts(lambda counts: counts.accuracy),
        needs="predictions",
        scale="proportion",
        interval="proportion",
        counted=ALL,
    ),
    Metric(
        "balanced_accuracy",
        "balanced accuracy",
        of_counts(lambda counts: counts.balanced_accuracy),
        needs="predictions",
        scale="proportion",
        interval="bootstrap",
    ),
    Metric(
        "f1", "F1", of_counts(lambda counts: counts.f1), needs="predictions", scale="proportion", interval="bootstrap"
    ),
    Metric(
        "mcc",
        "Matthews",
        of_counts(lambda counts: counts.mcc),
        needs="predictions",
        scale="correlation",
        interval="bootstrap",
    ),
    Metric("roc_auc", "ROC AUC", roc_auc, needs="score", scale="proportion", interval="area"),
    Metric(
        "average_precision",
        "average precision",
        average_precision,
        needs="score",
        scale="proportion",
        interval="bootstrap",
    ),
    Metric("log_loss", "log loss", log_loss, needs="probability", scale="loss", interval="bootstrap"),
    Metric("brier", "Brier score", brier, needs="probability", scale="loss", interval="bootstrap"),
)

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in ROWS}


def that_need(needs: Needs) -> list[Metric]:
    """Return the metrics of one need, in the order of the table."""
    return [metric for metric in METRICS.values() if metric.needs == needs]
