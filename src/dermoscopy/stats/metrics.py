"""Table of metrics: one row for each metric that is computed and printed.

scores.csv, the tables of the report and its glossary are made from it. A new metric is one row here.
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
Interval = Literal["auc", "auc within source", "bootstrap", "proportion", "predictive value"]

AUCS = ("auc", "auc within source")

Function = Callable[..., Value]  # of y_true, the input that the metric needs, and sample_weight (`core.metrics`)


@dataclass(frozen=True)
class Metric:
    """A metric with its function, interval and title.

    Attributes:
        name: Name in tables and files.
        title: Name on pages.
        function: Function of the labels, of the input that the metric needs, and of sample weights.
        needs: Input of the metric: "score" (any number that increases with malignancy), "probability", or
            "predictions" at an operating point.
        scale: Scale on which a bootstrap interval is symmetric.
        interval: Kind of interval. "auc", of `roc_auc` only: DeLong's or Obuchowski's. "auc within source", of the same
            function: likewise, but of pairs from the same source (`core.sources`). "bootstrap". "proportion", of
            predictions only: Wilson's by lesion and at 0 and 1, else the bootstrap's. "predictive value", of ppv and
            npv only: the likelihood ratio's by lesion, else as "proportion".
        counted: Cells of the confusion matrix in the denominator; of "proportion" and "predictive value" only.
        description: Entry of the page's glossary; None if the page's template explains the metric.
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
        """Refuse a metric that would be missing in a table or on a page.

        Raises:
            ValueError: Name or title is empty; needs, scale or interval has an unknown value; the interval is of
                other metrics, or of another input; or counted is missing or has no use.
        """
        proportion = self.interval in ("proportion", "predictive value")
        of_others = (self.interval in AUCS and self.function is not roc_auc) or (
            self.interval == "predictive value" and self.name not in ("ppv", "npv")
        )
        needed = {**dict.fromkeys(AUCS, "score"), "proportion": "predictions", "predictive value": "predictions"}
        invalid = {
            "name": not self.name,
            "title": not self.title,
            "needs": self.needs not in get_args(Needs) or self.needs != needed.get(self.interval, self.needs),
            "scale": self.scale not in SCALES,
            "interval": self.interval not in get_args(Interval) or of_others,
            "counted": proportion != bool(self.counted),
        }
        if any(invalid.values()):
            fields = ", ".join(field for field, refused in invalid.items() if refused)
            raise ValueError(f"metric {self.name or self.title!r}: invalid {fields}")

    def counted_rows(self, y_true: Labels, y_pred: Predictions) -> NDArray[np.bool_]:
        """Return whether each row is in the denominator of the proportion; shape (rows,)."""
        return in_cells(y_true, y_pred, self.counted)


def from_confusion(rate: Callable[[Confusion], Value]) -> Function:
    """Return the metric function of a property of the confusion matrix."""

    def function(y_true: Labels, y_pred: Predictions, sample_weight: Floats | None = None) -> Value:
        return rate(confusion(y_true, y_pred, sample_weight))

    return function


ROWS = (  # in the order of the page's columns
    Metric(
        "sensitivity",
        "sensitivity",
        from_confusion(lambda counts: counts.sensitivity),
        needs="predictions",
        scale="proportion",
        interval="proportion",
        counted=MALIGNANT,
    ),
    Metric(
        "specificity",
        "specificity",
        from_confusion(lambda counts: counts.specificity),
        needs="predictions",
        scale="proportion",
        interval="proportion",
        counted=BENIGN,
    ),
    Metric(
        "ppv",
        "PPV",
        from_confusion(lambda counts: counts.ppv),
        needs="predictions",
        scale="proportion",
        interval="predictive value",
        counted=PREDICTED_MALIGNANT,
    ),
    Metric(
        "npv",
        "NPV",
        from_confusion(lambda counts: counts.npv),
        needs="predictions",
        scale="proportion",
        interval="predictive value",
        counted=PREDICTED_BENIGN,
    ),
    Metric(
        "accuracy",
        "accuracy",
        from_confusion(lambda counts: counts.accuracy),
        needs="predictions",
        scale="proportion",
        interval="proportion",
        counted=ALL,
    ),
    Metric(
        "balanced_accuracy",
        "balanced accuracy",
        from_confusion(lambda counts: counts.balanced_accuracy),
        needs="predictions",
        scale="proportion",
        interval="bootstrap",
    ),
    Metric(
        "f1",
        "F1",
        from_confusion(lambda counts: counts.f1),
        needs="predictions",
        scale="proportion",
        interval="bootstrap",
    ),
    Metric(
        "mcc",
        "Matthews",
        from_confusion(lambda counts: counts.mcc),
        needs="predictions",
        scale="correlation",
        interval="bootstrap",
    ),
    Metric("roc_auc", "ROC AUC", roc_auc, needs="score", scale="proportion", interval="auc"),
    Metric(
        "roc_auc_within",
        "ROC AUC within source",
        roc_auc,
        needs="score",
        scale="proportion",
        interval="auc within source",
        description="The ROC AUC of pairs of a malignant and a benign case from the same source: the same clinic and "
        "camera. A classifier that recognises only the source has 0.5.",
    ),
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


def metrics_needing(needs: Needs) -> list[Metric]:
    """Return the metrics with this input, in the order of the table."""
    return [metric for metric in METRICS.values() if metric.needs == needs]
