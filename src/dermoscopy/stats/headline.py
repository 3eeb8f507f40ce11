"""Headline metrics: the few numbers of metrics/*.json, in reading order."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.core.files import write_json
from dermoscopy.core.tables import ENSEMBLE

# Few enough for `dvc metrics diff` to be read; the others are in data/evaluation/scores.csv.
HEADLINE = (
    "roc_auc",
    "average_precision",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "accuracy",
    "balanced_accuracy",
)

Headline = dict[str, Any]


def headline(rows: pd.DataFrame, scores: pd.DataFrame, point: str, protocol: str) -> Headline:
    """Return the ensemble's metrics on the test split, by image.

    Args:
        rows: The images, with column lesion_id.
        scores: Rows of `evaluate.tables.SCORES`.
        point: Operating point of the metrics that need a threshold.
        protocol: Title of the split protocol.

    Returns:
        Metric names, in reading order, with value, low and high.
    """
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "image") & scores["point"].isin(["", point])]
    values = own.set_index("metric")[["value", "low", "high"]].to_dict("index")
    return {
        "protocol": protocol,
        "images": len(rows),
        "lesions": rows["lesion_id"].nunique(),
        **{metric: values[metric] for metric in HEADLINE},
    }


def write_metrics(metrics: Headline, path: Path) -> None:
    """Write metrics as JSON for DVC; an undefined metric (NaN) becomes null."""
    write_json(path, _nan_to_none(metrics))


def _nan_to_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _nan_to_none(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
