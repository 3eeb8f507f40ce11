"""Rows of the charts by threshold and at the operating points, one function for each table of plots/."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion, ratio
from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.evaluate.scores import Classifier
from dermoscopy.evaluate.tables import BOUNDED

STEPS = 50  # a curve of precision and recall has a row at each of so many equal steps of the sensitivity
SWEPT = ("sensitivity", "specificity")


def precision_recall_rows(classifiers: Iterable[Classifier], y_true: NDArray[np.int64], protocol: str) -> pd.DataFrame:
    """Return the PPV (precision) of all classifiers by sensitivity (recall).

    Rows that would not change the drawn line are left out: between the corners of the ROC curve there is one row at
    each step of the sensitivity.

    Args:
        classifiers: Classifiers to show.
        y_true: Labels of the test images, 0 benign, 1 malignant; shape (images,).
        protocol: Title of the split protocol.

    Returns:
        Rows of `evaluate.chart_tables.PRECISION_RECALL`; none if only one label is present.
    """
    curves: list[pd.DataFrame] = []
    for classifier in classifiers:
        curve = _by_threshold(y_true, classifier.score).iloc[1:]  # without a positive prediction there is no PPV
        step = np.floor(curve["sensitivity"] * STEPS)
        corner = curve["corner"] | (step != step.shift())
        curves.append(curve[corner].assign(name=classifier.name))
    rows: pd.DataFrame = pd.concat(curves, ignore_index=True)
    return rows.drop(columns=["fpr", "corner"]).assign(protocol=protocol, prevalence=y_true.mean())


def ensemble_roc_rows(ensemble: Classifier, y_true: NDArray[np.int64], protocol: str) -> pd.DataFrame:
    """Return the corners of the ensemble's ROC curve, for charts of DVC's own templates.

    These templates cannot show a warning, so there are no rows if the protocol leaks.

    Args:
        ensemble: The ensemble.
        y_true: Labels of the test images, 0 benign, 1 malignant; shape (images,).
        protocol: Title of the split protocol.

    Returns:
        Rows of `evaluate.chart_tables.ENSEMBLE_ROC`; none if only one label is present.
    """
    curve = _by_threshold(y_true, ensemble.score)
    rows = curve.iloc[:0] if "leaky" in protocol else curve[curve["corner"]]
    return rows.drop(columns=["ppv", "corner"]).assign(specificity=1 - rows["fpr"], protocol=protocol)


def _by_threshold(y_true: NDArray[np.int64], y_score: NDArray[np.float64]) -> pd.DataFrame:
    """Return metrics at each distinct score, descending, after a row at which no image is predicted malignant.

    Columns are threshold, fpr, sensitivity, ppv, and corner: whether the ROC curve has a corner there. The first
    threshold is 1. There are no rows if only one label is present.
    """
    malignant = y_true == 1
    if malignant.all() or not malignant.any():
        columns = {**dict.fromkeys(("threshold", "fpr", "sensitivity", "ppv"), "float64"), "corner": "bool"}
        return pd.DataFrame(columns=list(columns)).astype(columns)
    order = np.argsort(-y_score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(y_score[order])), len(order) - 1)  # of each distinct score
    tp, predicted = np.append(0, malignant[order].cumsum()[last]), np.append(0, last + 1)
    fp = predicted - tp
    turns = np.diff(fp)[:-1] * np.diff(tp)[1:] != np.diff(fp)[1:] * np.diff(tp)[:-1]
    rows = {
        "threshold": np.append(1.0, y_score[order][last]),
        "fpr": fp / fp[-1],
        "sensitivity": tp / tp[-1],
        "ppv": ratio(tp, predicted),
        "corner": np.concatenate([[True], turns, [True]]),
    }
    return pd.DataFrame(rows)


def point_confusion_rows(y_true: NDArray[np.int64], ensemble: Classifier, protocol: str) -> pd.DataFrame:
    """Return the number of images by label and prediction at each operating point of the ensemble.

    Args:
        y_true: Labels of the test images, 0 benign, 1 malignant; shape (images,).
        ensemble: The ensemble.
        protocol: Title of the split protocol.

    Returns:
        Rows of `evaluate.chart_tables.POINT_CONFUSION`.
    """
    rows = []
    benign, malignant = LABELS
    for point, threshold in ensemble.thresholds.items():
        counts = confusion(y_true, ensemble.score >= threshold)
        cells = {
            (benign, benign): counts.tn,
            (benign, malignant): counts.fp,
            (malignant, benign): counts.fn,
            (malignant, malignant): counts.tp,
        }
        rows += [
            {"point": point, "threshold": threshold, "actual": actual, "predicted": predicted, "images": images}
            for (actual, predicted), images in cells.items()
        ]
    return pd.DataFrame(rows).assign(protocol=protocol)


def threshold_rows(
    sweep: pd.DataFrame, scores: pd.DataFrame, thresholds: Mapping[str, float], protocol: str
) -> pd.DataFrame:
    """Return sensitivity and specificity of the ensemble by threshold and at its operating points, by lesion.

    Args:
        sweep: Rows of `evaluate.tables.SWEEP`.
        scores: Rows of `evaluate.tables.SCORES`.
        thresholds: Operating points of the ensemble with their thresholds.
        protocol: Title of the split protocol.

    Returns:
        Rows of `evaluate.chart_tables.THRESHOLDS`.
    """
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "lesion") & scores["point"].isin(list(thresholds))]
    at_points = own.assign(threshold=own["point"].map(thresholds))
    rows = pd.concat([sweep.assign(point=""), at_points], ignore_index=True)
    columns = ["metric", "point", "threshold", *BOUNDED]
    return rows.loc[rows["metric"].isin(SWEPT), columns].assign(protocol=protocol)
