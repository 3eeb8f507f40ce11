"""Copies of malignant photographs are planned, so that both labels weigh the same in training."""

import numpy as np
import pandas as pd


def plan_copies(train: pd.DataFrame, balance: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rows of the copies to be made, none where malignant rows suffice already.

    Copies are dealt to malignant originals in turns, in a random order of the originals, so that
    no two originals differ by more than one copy.

    Args:
        train: Rows of the originals of train, in any order; columns of `PART`.
        balance: Malignant rows wanted for each benign one, copies included; 0 makes no copies.
        rng: What draws the order.

    Returns:
        Columns of `PART`; an original's rows with another image_id and path and no sha256.
    """
    malignant = train[train["label"] == 1].sort_values("image_id")
    wanted = max(0, round(balance * (train["label"] == 0).sum()) - len(malignant))
    order = rng.permutation(len(malignant))
    copies = malignant.iloc[np.resize(order, wanted)].copy()
    number = pd.Series(np.arange(wanted) // max(1, len(malignant)) + 1, index=copies.index).astype(str)
    copies["image_id"] = copies["source"] + "_copy" + number
    copies["path"] = "data/augmented/train/malignant/" + copies["image_id"] + ".jpg"
    copies["sha256"] = ""
    return copies
