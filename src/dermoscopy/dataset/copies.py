"""Copies of malignant photographs are planned, so that both labels weigh the same in training."""

import numpy as np
import pandas as pd


def plan_copies(originals: pd.DataFrame, balance: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rows of the copies to be made, none where malignant rows suffice already.

    Copies are dealt to malignant originals in turns, in a random order of the originals, so that
    no two originals differ by more than one copy.

    Args:
        originals: Those to be balanced, in any order; columns `image_id`, `source`, `label` and any others.
        balance: Malignant rows wanted for each benign one, copies included; 0 makes no copies.
        rng: What draws the order.

    Returns:
        The same columns; an original's rows with another image_id and no sha256.
    """
    malignant = originals[originals["label"] == 1].sort_values("image_id")
    wanted = max(0, round(balance * (originals["label"] == 0).sum()) - len(malignant))
    order = rng.permutation(len(malignant))
    copies = malignant.iloc[np.resize(order, wanted)].copy()
    number = pd.Series(np.arange(wanted) // max(1, len(malignant)) + 1, index=copies.index).astype(str)
    copies["image_id"] = copies["source"] + "_copy" + number
    copies["sha256"] = ""
    return copies
