"""Rows of the evaluation's charts, one function for each table of plots/."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import roc_curve
from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.ensemble.params import METHODS, SINGLE
from dermoscopy.evaluate import chart_tables
from dermoscopy.evaluate.evaluate import Evaluation
from dermoscopy.evaluate.risks import decision_curves
from dermoscopy.evaluate.scores import Classifier
from dermoscopy.evaluate.threshold_charts import (
    ensemble_roc_rows,
    point_confusion_rows,
    precision_recall_rows,
    threshold_rows,
)


def ensemble_size_rows(candidates: pd.DataFrame, subsets: pd.DataFrame, best: str, protocol: str) -> pd.DataFrame:
    """Return the ensemble's metrics by size, as members are added (the paper's figures 5 and 6).

    Members are added in the order of their accuracy on val, once with and once without the first.

    Args:
        candidates: Rows of `ensemble.fit.CANDIDATES`.
        subsets: Rows of `evaluate.tables.SUBSETS`.
        best: The best member on val, which is taken if the ensemble has a single member.
        protocol: Title of the split protocol.

    Returns:
        Rows of `evaluate.chart_tables.ENSEMBLE_SIZES`.
    """
    all_members = max(candidates["members"], key=lambda joined: joined.count("+"))
    members = all_members.split("+") if "+" in all_members else [best]
    accuracy = candidates[candidates["method"] == SINGLE].set_index("members")["accuracy"].to_dict()
    order = sorted(members, key=lambda member: -accuracy[member])
    sequences = [order, order[1:]] if len(order) > 1 else [order]
    steps = pd.DataFrame([step for sequence in sequences for step in _steps(sequence, members)])
    scores = pd.concat([_on_val(candidates), _on_test(subsets)], ignore_index=True)
    keys = ["members", "candidate_method"]
    return steps.merge(scores, on=keys).drop(columns=keys).assign(protocol=protocol)


def _steps(sequence: Sequence[str], members: Sequence[str]) -> list[dict[str, object]]:
    return [
        {
            "start": sequence[0],
            "size": size,
            "added": sequence[size - 1],
            "method": method,
            "members": "+".join(member for member in members if member in sequence[:size]),
            "candidate_method": method if size > 1 else SINGLE,
        }
        for size in range(1, len(sequence) + 1)
        for method in METHODS
    ]


def _on_val(candidates: pd.DataFrame) -> pd.DataFrame:
    rows = candidates[["members", "method", "accuracy", "roc_auc"]].rename(columns={"method": "candidate_method"})
    return rows.assign(split="val", low=float("nan"), high=float("nan"))


def _on_test(subsets: pd.DataFrame) -> pd.DataFrame:
    keys = ["members", "method"]
    by_metric = {metric: rows.set_index(keys) for metric, rows in subsets.groupby("metric")}
    rows = by_metric["accuracy"][["value", "low", "high"]].rename(columns={"value": "accuracy"})
    rows = rows.assign(roc_auc=by_metric["roc_auc"]["value"], split="test").reset_index()
    return rows.rename(columns={"method": "candidate_method"})


def write_charts(
    y_true: NDArray[np.int64],
    evaluation: Evaluation,
    point: str,
    protocol: str,
    folder: Path,
) -> None:
    """Write the rows of all charts.

    Of the combination methods, only the chosen ensemble is shown. The curves are the members' and the ensemble's, as
    in the paper's figure.

    Args:
        y_true: Labels of the test images, 0 benign, 1 malignant; shape (images,).
        evaluation: Results on the test split.
        point: Operating point of the confusion matrix.
        protocol: Title of the split protocol (`core.protocol.read_protocol_title`).
        folder: plots/.
    """
    ensemble, scores = evaluation.ensemble, evaluation.tables["scores"]
    y_pred = ensemble.score >= ensemble.thresholds[point]
    members = [classifier for classifier in evaluation.classifiers if classifier.kind == "member"]
    shown = scores[(scores["kind"] != "ensemble") | (scores["name"] == ENSEMBLE)]
    curves = [*members, ensemble]
    chart_tables.ROC.write(roc_rows(curves, y_true, protocol), folder / "roc.csv")
    chart_tables.PRECISION_RECALL.write(
        precision_recall_rows(curves, y_true, protocol), folder / "precision_recall.csv"
    )
    chart_tables.ENSEMBLE_ROC.write(ensemble_roc_rows(ensemble, y_true, protocol), folder / "ensemble_roc.csv")
    at_points = point_confusion_rows(y_true, ensemble, protocol)
    chart_tables.POINT_CONFUSION.write(at_points, folder / "point_confusion.csv")
    thresholds = threshold_rows(evaluation.tables["sweep"], scores, ensemble.thresholds, protocol)
    chart_tables.THRESHOLDS.write(thresholds, folder / "thresholds.csv")
    chart_tables.CONFUSION.write(confusion_rows(y_true, y_pred, protocol), folder / "confusion.csv")
    by_diagnosis = diagnosis_confusion_rows(evaluation.tables["diagnoses_confusion"], protocol)
    chart_tables.CONFUSION.write(by_diagnosis, folder / "diagnoses_confusion.csv")
    chart_tables.ROC_AUC.write(roc_auc_rows(shown, protocol), folder / "roc_auc.csv")
    calibration = evaluation.tables["calibration_curve"].assign(protocol=protocol)
    chart_tables.CALIBRATION_CURVES.write(calibration, folder / "calibration_curve.csv")
    net_benefits = decision_curves(evaluation.tables["decision_curve"]).assign(protocol=protocol)
    chart_tables.DECISION_CURVES.write(net_benefits, folder / "decision_curve.csv")
    chart_tables.RISK_BINS.write(risk_bins(evaluation.tables["risks"], protocol), folder / "risks.csv")


def roc_rows(classifiers: Iterable[Classifier], y_true: NDArray[np.int64], protocol: str) -> pd.DataFrame:
    """Return the corners of all classifiers' ROC curves.

    Args:
        classifiers: Classifiers to show.
        y_true: Labels of the test images, 0 benign, 1 malignant; shape (images,).
        protocol: Title of the split protocol.
    """
    curves = []
    for classifier in classifiers:
        fpr, tpr = roc_curve(y_true, classifier.score)
        curves.append(pd.DataFrame({"name": classifier.name, "protocol": protocol, "fpr": fpr, "tpr": tpr}))
    return pd.concat(curves, ignore_index=True)


def confusion_rows(y_true: NDArray[np.int64], y_pred: NDArray[np.bool_], protocol: str) -> pd.DataFrame:
    """Return the label and the prediction of each image, by their names; the predicted ones with a warning of a leak.

    DVC's own template draws these rows. It has no other place for the warning.

    Args:
        y_true: Labels of the test images, 0 benign, 1 malignant; shape (images,).
        y_pred: Whether each image is predicted malignant; shape (images,).
        protocol: Title of the split protocol.
    """
    labels = np.array(LABELS)
    predicted = np.array([f"{label} (leaky protocol)" for label in LABELS]) if "leaky" in protocol else labels
    return pd.DataFrame({"actual": labels[y_true], "predicted": predicted[y_pred.astype(int)], "protocol": protocol})


def diagnosis_confusion_rows(counts: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the diagnosis of each image and the one that the ensemble predicts; no rows if it predicts none.

    Args:
        counts: Rows of `evaluate.tables.DIAGNOSIS_CONFUSION`.
        protocol: Title of the split protocol.
    """
    own = counts[(counts["name"] == ENSEMBLE) & (counts["unit"] == "image")]
    of_images = own.loc[own.index.repeat(own["rows"].astype(int)), ["dx", "predicted"]]
    return of_images.rename(columns={"dx": "actual"}).assign(protocol=protocol)


def roc_auc_rows(scores: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the ROC AUC of all classifiers by image, and within source if sources are known, with their intervals.

    Args:
        scores: Rows of `evaluate.tables.SCORES`.
        protocol: Title of the split protocol.
    """
    keys, bounds = ["name", "kind"], ["value", "low", "high"]
    by_image = scores[scores["unit"] == "image"]
    rows = by_image.loc[by_image["metric"] == "roc_auc", [*keys, *bounds]].assign(protocol=protocol)
    within = by_image.loc[by_image["metric"] == "roc_auc_within", [*keys, *bounds]]
    if within.empty:
        return rows
    return rows.merge(within.set_axis([*keys, "within_source", "within_low", "within_high"], axis=1), on=keys)


def risk_bins(risks: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the proportion of each label's lesions in each bin of probability, with the bin as a text.

    Args:
        risks: Rows of `evaluate.tables.RISKS`.
        protocol: Title of the split protocol.
    """
    bins = [f"{start:g}-{end:g}" for start, end in zip(risks["start"], risks["end"], strict=True)]
    return risks[["label", "proportion"]].assign(probability=bins, protocol=protocol)
