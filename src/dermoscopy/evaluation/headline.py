"""The few numbers of metrics/*.json, in the order they are read."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.evaluation.fixed import ENSEMBLE, Fixed
from dermoscopy.evaluation.weighted import losses, roc_auc

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

Figures = dict[str, Any]


def val_figures(fixed: Fixed, protocol: str) -> Figures:
    """Return what ideas are compared by: the ensemble on photographs of val left out of its fits.

    Args:
        fixed: What val fixed.
        protocol: How the parts were drawn.

    Returns:
        Flat, in the order of reading.
    """
    label, probability = (fixed.predictions[column].to_numpy() for column in ("label", "probability"))
    once = np.ones((1, len(label)))
    named = {"log_loss": losses(label, probability, once)["log_loss"], "roc_auc": roc_auc(label, probability, once)}
    first, *others = fixed.choice.members
    return {
        "protocol": protocol,
        "ensemble": f"{fixed.choice.method} of {', '.join([first, *others])}" if others else first,
        **{metric: float(value[0]) for metric, value in named.items()},
        "gain_over_best_member": fixed.choice.gain,
    }


def headline(rows: pd.DataFrame, scores: pd.DataFrame, point: str, protocol: str) -> Figures:
    """Return the ensemble's metrics on the test part, by photograph.

    Args:
        rows: The photographs, with column lesion_id.
        scores: Rows of `tables.evaluation.SCORES`.
        point: The operating point of the calls.
        protocol: How the parts were drawn.

    Returns:
        In the order of reading; each metric with its value, low and high.
    """
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "image") & scores["point"].isin(["", point])]
    values = own.set_index("metric")[["value", "low", "high"]].to_dict("index")
    return {
        "protocol": protocol,
        "images": len(rows),
        "lesions": rows["lesion_id"].nunique(),
        **{metric: values[metric] for metric in HEADLINE},
    }


def write_figures(figures: Figures, path: Path) -> None:
    """Write metrics as DVC reads them; an undefined one (NaN, which JSON has not) becomes null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_known(figures), indent=2) + "\n")


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(one) for key, one in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
