"""The rows behind the evaluation's charts, one function a table of `tables.charts`."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.fixed import ENSEMBLE
from dermoscopy.evaluation.judge import Judged
from dermoscopy.evaluation.metrics import roc_curve
from dermoscopy.evaluation.scores import Classifier
from dermoscopy.tables import charts as tables
from dermoscopy.tables.parts import LABELS


def write_charts(
    label: NDArray[np.int64],
    judged: Judged,
    epochs: Mapping[str, pd.DataFrame],
    point: str,
    protocol: str,
    folder: Path,
) -> None:
    """Write the rows behind every chart.

    Of the ways to combine the members only the chosen one is drawn; the ROC curves are the
    members' and the ensemble's (the paper's figure).

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        judged: Everyone who was scored, and their scores.
        epochs: Each member's epochs (`tables.curves`).
        point: The operating point of the confusion matrix.
        protocol: How the parts were drawn, as `protocol.read_protocol` tells it.
        folder: Where roc.csv, confusion.csv, curves.csv, chosen.csv and roc_auc.csv go.
    """
    ensemble, scores = judged.ensemble, judged.tables["scores"]
    called = ensemble.score >= ensemble.thresholds[point]
    members = [one for one in judged.classifiers if one.kind == "member"]
    drawn = scores[(scores["kind"] != "ensemble") | (scores["name"] == ENSEMBLE)]
    tables.ROC.write(roc([*members, ensemble], label, protocol), folder / "roc.csv")
    tables.CONFUSION.write(confusion(label, called, protocol), folder / "confusion.csv")
    tables.CURVES.write(curves(epochs, protocol), folder / "curves.csv")
    tables.CHOSEN.write(chosen(epochs, protocol), folder / "chosen.csv")
    tables.ROC_AUC.write(roc_auc(drawn, protocol), folder / "roc_auc.csv")


def roc(classifiers: Iterable[Classifier], label: NDArray[np.int64], protocol: str) -> pd.DataFrame:
    """Return the corners of every classifier's ROC curve.

    Args:
        classifiers: Those to draw.
        label: 0 benign, 1 malignant; shape (rows,).
        protocol: How the parts were drawn, as `protocol.read_protocol` tells it.
    """
    curves = []
    for one in classifiers:
        fpr, tpr = roc_curve(label, one.score)
        curves.append(pd.DataFrame({"name": one.name, "protocol": protocol, "fpr": fpr, "tpr": tpr}))
    return pd.concat(curves, ignore_index=True)


def confusion(label: NDArray[np.int64], called: NDArray[np.bool_], protocol: str) -> pd.DataFrame:
    """Return a row a photograph: what it is and what it was called.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        called: True where called malignant; shape (rows,).
        protocol: How the parts were drawn.
    """
    words = np.array(LABELS)
    return pd.DataFrame({"actual": words[label], "predicted": words[called.astype(int)], "protocol": protocol})


def curves(members: Mapping[str, pd.DataFrame], protocol: str) -> pd.DataFrame:
    """Return every member's accuracy, loss and ROC AUC by epoch, a row a part.

    Args:
        members: Each member's epochs (`tables.curves`).
        protocol: How the parts were drawn.
    """
    parts = [
        pd.DataFrame(
            {
                "name": name,
                "protocol": protocol,
                "part": part,
                "epoch": epochs["epoch"],
                "accuracy": epochs[f"{part}_accuracy"],
                "loss": epochs[f"{part}_loss"],
                "roc_auc": epochs[f"{part}_roc_auc"],
            }
        )
        for name, epochs in members.items()
        for part in ("train", "val")
    ]
    return pd.concat(parts, ignore_index=True)


def chosen(members: Mapping[str, pd.DataFrame], protocol: str) -> pd.DataFrame:
    """Return training against validation accuracy at the epoch whose weights each member kept.

    Args:
        members: Each member's epochs (`tables.curves`).
        protocol: How the parts were drawn.
    """
    kept = {name: epochs[epochs["chosen"] == 1] for name, epochs in members.items()}
    return curves(kept, protocol)[["name", "protocol", "part", "accuracy"]]


def roc_auc(scores: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return each classifier's ROC AUC by photograph, with its interval.

    Args:
        scores: Rows of `tables.evaluation.SCORES`.
        protocol: How the parts were drawn.
    """
    rows = scores[(scores["metric"] == "roc_auc") & (scores["unit"] == "image")]
    return rows[["name", "kind", "value", "low", "high"]].assign(protocol=protocol)
