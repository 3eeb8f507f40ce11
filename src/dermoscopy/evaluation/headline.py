"""The few numbers of metrics/*.json, in the order they are read."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.ensembles import METHODS, combine, operating_threshold
from dermoscopy.evaluation.metrics import METRICS, confusion, measure, roc_auc
from dermoscopy.evaluation.scores import Classifier
from dermoscopy.params.ensemble import Ensemble

Figures = dict[str, str | int | float]


def compare_methods(
    label: NDArray[np.int64],
    probabilities: pd.DataFrame,
    settings: Ensemble,
    weights: Mapping[str, float],
    protocol: str,
) -> Figures:
    """Return the ensemble's metrics on val, and the ROC AUC of each way to combine the same members.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        probabilities: Rows by members; only those that count.
        settings: How they are combined.
        weights: Each member's; they sum to one.
        protocol: How the parts were drawn.

    Returns:
        Flat, in the order of reading.
    """
    combined = {method: combine(probabilities, method, settings.threshold, weights) for method in METHODS}
    cut = operating_threshold(settings.method, settings.threshold)
    values = measure(label, combined[settings.method], cut)
    others = {f"roc_auc_{method}": roc_auc(label, combined[method]) for method in METHODS}
    return {"protocol": protocol, **values, **others}


def headline(rows: pd.DataFrame, ensemble: Classifier, scores: pd.DataFrame, protocol: str) -> Figures:
    """Return the ensemble's metrics on the test part.

    Args:
        rows: The photographs, with columns lesion_id and label.
        ensemble: Its scores, in the order of `rows`.
        scores: Rows of `tables.evaluation.SCORES`, the ensemble's among them.
        protocol: How the parts were drawn.

    Returns:
        Flat, in the order of reading.
    """
    counts = confusion(rows["label"].to_numpy(), ensemble.called)
    own = scores[scores["name"] == ensemble.name].set_index("metric")[["value", "low", "high"]].T.to_dict()
    return {
        "protocol": protocol,
        "images": len(rows),
        "lesions": rows["lesion_id"].nunique(),
        **asdict(counts),
        **{metric: own[metric]["value"] for metric in METRICS},
        "roc_auc_low": own["roc_auc"]["low"],
        "roc_auc_high": own["roc_auc"]["high"],
    }


def write_figures(figures: Figures, path: Path) -> None:
    """Write metrics as DVC reads them; an undefined one (NaN, which JSON has not) becomes null."""
    known = {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in figures.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=2) + "\n")
