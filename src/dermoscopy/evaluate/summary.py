"""The ensemble with every added member, as the paper's figures 5 and 6 show it.

The rows behind the evaluation's charts, one function a table of `tables.charts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import roc_curve
from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.ensemble.combiners import ALONE, METHODS
from dermoscopy.evaluate import tables
from dermoscopy.evaluate.evaluate import Evaluation
from dermoscopy.evaluate.scores import Classifier


def grow(candidates: pd.DataFrame, subsets: pd.DataFrame, best: str, protocol: str) -> pd.DataFrame:
    """Return the ensemble with every added member, the most accurate on val first, with and without that first.

    Args:
        candidates: Rows of `tables.ensemble.CANDIDATES`.
        subsets: Rows of `tables.evaluation.SUBSETS`.
        best: The best member on val; where only one counts, that one.
        protocol: How the splits were drawn.

    Returns:
        Rows of `tables.charts.ENSEMBLE_SIZES`.
    """
    everyone = max(candidates["members"], key=lambda joined: joined.count("+"))
    members = everyone.split("+") if "+" in everyone else [best]
    alone = candidates[candidates["method"] == ALONE].set_index("members")["accuracy"].to_dict()
    order = sorted(members, key=lambda member: -alone[member])
    starts = [order, order[1:]] if len(order) > 1 else [order]
    steps = pd.DataFrame([step for grown in starts for step in _steps(grown, members)])
    both = pd.concat([_on_val(candidates), _on_test(subsets)], ignore_index=True)
    return steps.merge(both, on=["members", "way"]).drop(columns=["members", "way"]).assign(protocol=protocol)


def _steps(grown: Sequence[str], members: Sequence[str]) -> list[dict[str, object]]:
    return [
        {
            "start": grown[0],
            "size": size,
            "added": grown[size - 1],
            "method": method,
            "members": "+".join(member for member in members if member in grown[:size]),
            "way": method if size > 1 else ALONE,
        }
        for size in range(1, len(grown) + 1)
        for method in METHODS
    ]


def _on_val(candidates: pd.DataFrame) -> pd.DataFrame:
    rows = candidates[["members", "method", "accuracy", "roc_auc"]].rename(columns={"method": "way"})
    return rows.assign(split="val", low=float("nan"), high=float("nan"))


def _on_test(subsets: pd.DataFrame) -> pd.DataFrame:
    keys = ["members", "method"]
    of = {metric: rows.set_index(keys) for metric, rows in subsets.groupby("metric")}
    rows = of["accuracy"][["value", "low", "high"]].rename(columns={"value": "accuracy"})
    return rows.assign(roc_auc=of["roc_auc"]["value"], split="test").reset_index().rename(columns={"method": "way"})


def write_charts(
    label: NDArray[np.int64],
    judged: Evaluation,
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
        protocol: How the splits were drawn, as `core.splits.read_protocol_title` returns it.
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
        protocol: How the splits were drawn, as `core.splits.read_protocol_title` returns it.
    """
    curves = []
    for one in classifiers:
        fpr, tpr = roc_curve(label, one.score)
        curves.append(pd.DataFrame({"name": one.name, "protocol": protocol, "fpr": fpr, "tpr": tpr}))
    return pd.concat(curves, ignore_index=True)


def confusion(label: NDArray[np.int64], called: NDArray[np.bool_], protocol: str) -> pd.DataFrame:
    """Return a row a image: what it is and what it was called.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        called: True where called malignant; shape (rows,).
        protocol: How the splits were drawn.
    """
    words = np.array(LABELS)
    return pd.DataFrame({"actual": words[label], "predicted": words[called.astype(int)], "protocol": protocol})


def curves(members: Mapping[str, pd.DataFrame], protocol: str) -> pd.DataFrame:
    """Return every member's accuracy, loss and ROC AUC by epoch, a row a split.

    Args:
        members: Each member's epochs (`tables.curves`).
        protocol: How the splits were drawn.
    """
    splits = [
        pd.DataFrame(
            {
                "name": name,
                "protocol": protocol,
                "split": split,
                "epoch": epochs["epoch"],
                "accuracy": epochs[f"{split}_accuracy"],
                "loss": epochs[f"{split}_loss"],
                "roc_auc": epochs[f"{split}_roc_auc"],
            }
        )
        for name, epochs in members.items()
        for split in ("train", "val")
    ]
    return pd.concat(splits, ignore_index=True)


def chosen(members: Mapping[str, pd.DataFrame], protocol: str) -> pd.DataFrame:
    """Return training against validation accuracy at the epoch whose weights each member kept.

    Args:
        members: Each member's epochs (`tables.curves`).
        protocol: How the splits were drawn.
    """
    kept = {name: epochs[epochs["chosen"] == 1] for name, epochs in members.items()}
    return curves(kept, protocol)[["name", "protocol", "split", "accuracy"]]


def roc_auc(scores: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return each classifier's ROC AUC by image, with its interval.

    Args:
        scores: Rows of `tables.evaluation.SCORES`.
        protocol: How the splits were drawn.
    """
    rows = scores[(scores["metric"] == "roc_auc") & (scores["unit"] == "image")]
    return rows[["name", "kind", "value", "low", "high"]].assign(protocol=protocol)
