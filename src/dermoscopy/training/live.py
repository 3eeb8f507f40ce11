"""DVCLive's folder of a member: its curves while it trains, the chosen epoch and its ROC curve."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.evaluation.metrics import roc_curve
from dermoscopy.training.curve import Curve, Epoch


@contextmanager
def open_live(folder: Path) -> Iterator[Any]:
    """Open DVCLive so that it writes into its folder and nowhere else.

    By its defaults it rewrites dvc.yaml, saves experiments and loads a report from the network.

    Args:
        folder: Wiped of an earlier run first.
    """
    from dvclive.live import Live

    with Live(dir=str(folder), dvcyaml=None, save_dvc_exp=False, report=None) as live:
        yield live


def log_epoch(live: Any, epoch: Epoch) -> None:
    """Log an epoch, so that its curves can be watched."""
    live.step = epoch.epoch
    live.log_metric("train/loss", epoch.train_loss)
    live.log_metric("train/accuracy", epoch.train_accuracy)
    live.log_metric("train/roc_auc", epoch.train_roc_auc)
    live.log_metric("val/loss", epoch.val_loss)
    live.log_metric("val/accuracy", epoch.val_accuracy)
    live.log_metric("val/roc_auc", epoch.val_roc_auc)
    live.make_summary()


def log_chosen(live: Any, curve: Curve, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> None:
    """Log the chosen epoch's metrics and its ROC curve on val.

    As a custom plot: DVCLive's own ROC has an infinite threshold in it, which is no JSON.

    Args:
        live: Open.
        curve: All epochs.
        labels: Of val; shape (photographs,).
        probabilities: What the chosen epoch's weights say of val; shape (photographs,).
    """
    for name, value in curve.summary().items():
        live.log_metric(f"chosen/{name}", value, plot=False)
    fpr, tpr = roc_curve(labels, probabilities)
    corners = [{"fpr": float(x), "tpr": float(y)} for x, y in zip(fpr, tpr, strict=True)]
    live.log_plot("roc", corners, x="fpr", y="tpr", template="simple", title="ROC on val")
