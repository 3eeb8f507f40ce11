"""Results of the predicted diagnoses: recall and ROC AUC of each, the confusion matrix, and all classifiers."""

from typing import Any

import pandas as pd

from dermoscopy.core.tables import DIAGNOSES, ENSEMBLE
from dermoscopy.evaluate.diagnoses import RECALL, ROC_AUC
from dermoscopy.report.colours import css
from dermoscopy.report.formatting import classifier, diagnosis, ratio
from dermoscopy.report.inputs import Sources
from dermoscopy.stats.headline import MEAN_RECALL

BOUNDS = ["value", "low", "high"]


def about_diagnoses(sources: Sources) -> dict[str, Any]:
    """Return the values that the templates show about the predicted diagnoses.

    Args:
        sources: Outputs of the other stages.

    Returns:
        `diagnoses`: None if no member predicts diagnoses. Otherwise the ensemble's results by diagnosis and its
        confusion matrix, by image, which are empty if none of its members predicts diagnoses; and the mean recall of
        each classifier that predicts them.
    """
    scores = sources.evaluation["diagnoses"]
    if scores.empty:
        return {"diagnoses": None}
    counts = sources.evaluation["diagnoses_confusion"]
    matrix = _matrix(counts[(counts["name"] == ENSEMBLE) & (counts["unit"] == "image")])
    predicting = list(scores.loc[scores["kind"] == "member", "name"].unique())
    return {
        "diagnoses": {
            "abbreviations": DIAGNOSES,
            "rows": _rows(scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "image")]),
            "matrix": matrix,
            "classifiers": _classifiers(scores),
            "averaged": [classifier(name) for name in sources.choice.members if name in predicting],
            "binary": [classifier(name) for name in sources.choice.members if name not in predicting],
        }
    }


def _rows(own: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the counts and metrics of each diagnosis of the test split."""
    rows = []
    for dx, of_dx in own[(own["dx"] != "") & (own["images"] > 0)].groupby("dx"):
        values = of_dx.set_index("metric")[BOUNDS].to_dict("index")
        sizes = {size: int(of_dx[size].iloc[0]) for size in ("images", "lesions")}
        rows.append(
            {"dx": dx, "name": diagnosis(str(dx)), **sizes, "recall": values[RECALL], "roc_auc": values[ROC_AUC]}
        )
    return rows


def _matrix(counts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return for each diagnosis of the test split the number of images by predicted diagnosis, and its proportion."""
    rows = []
    for dx, of_dx in counts.groupby("dx"):
        total = int(of_dx["rows"].sum())
        by_predicted = of_dx.set_index("predicted")["rows"]
        cells = [(int(by_predicted[predicted]), ratio(int(by_predicted[predicted]), total)) for predicted in DIAGNOSES]
        if total:
            rows.append({"dx": dx, "name": diagnosis(str(dx)), "cells": cells})
    return rows


def _classifiers(scores: pd.DataFrame) -> list[tuple[str, str, dict[Any, Any], dict[Any, Any]]]:
    """Return display name, CSS class and mean recall by image and by lesion of each classifier, the ensemble first."""
    own = scores[scores["metric"] == MEAN_RECALL]
    by_image, by_lesion = (
        own[own["unit"] == unit].set_index("name")[BOUNDS].to_dict("index") for unit in ("image", "lesion")
    )
    return [(classifier(str(name)), css(str(name)), by_image[name], by_lesion[name]) for name in by_image]
