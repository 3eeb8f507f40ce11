"""Charts of the training (plots/curves.csv, plots/best_epoch.csv): metrics of the members on train and val.

The stage ensemble writes them: it comes after all members, and an experiment that ends before test has them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import epoch_metrics
from dermoscopy.core.tables import Table

Predicted = tuple[NDArray[np.int64], pd.DataFrame]

CURVES = Table(  # curves.csv: training curves of the members; those of train are of the steps of each epoch
    columns={
        "name": "str",
        "protocol": "str",
        "split": "str",  # train or val
        "epoch": "int64",
        "accuracy": "float64",
        "loss": "float64",
        "roc_auc": "float64",
    },
    order=("name", "split", "epoch"),
    committed=True,
)

BEST_EPOCH = Table(  # best_epoch.csv: the same metrics of the kept weights, of train and val predicted alike
    columns=CURVES.columns,
    order=("name", "split"),
    committed=True,
)


def curve_rows(members: Mapping[str, pd.DataFrame], protocol: str) -> pd.DataFrame:
    """Return accuracy, loss and ROC AUC of all members by epoch and split, in long format.

    Those of train are of the steps of the epoch, see `train.history.Epoch`: only their course is comparable with val.

    Args:
        members: Member to its rows of `core.tables.CURVE`.
        protocol: Title of the split protocol.
    """
    by_split = [
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
    return pd.concat(by_split, ignore_index=True)


def best_epoch_rows(
    members: Mapping[str, pd.DataFrame], splits: Mapping[str, Predicted], protocol: str
) -> pd.DataFrame:
    """Return accuracy, loss and ROC AUC of each member with the weights of its chosen epoch, on train and val.

    Both splits are predicted and evaluated alike, so that a difference shows how much the member overfits.

    Args:
        members: Member to its rows of `core.tables.CURVE`.
        splits: "train" and "val" to the labels of their images, 0 benign, 1 malignant, of shape (images,), and the
            probabilities of images by members; the images of train are of the kind of val's (`core.splits.like_val`).
        protocol: Title of the split protocol.
    """
    rows = [
        {
            "name": name,
            "protocol": protocol,
            "split": split,
            "epoch": epochs.loc[epochs["chosen"] == 1, "epoch"].item(),
            **epoch_metrics(y_true, predicted[name].to_numpy()),
        }
        for name, epochs in members.items()
        for split, (y_true, predicted) in splits.items()
    ]
    return pd.DataFrame(rows)
