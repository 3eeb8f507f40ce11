"""The parts that something is fitted or chosen on, read by whoever does so."""

from pathlib import Path

import pandas as pd

from dermoscopy.errors import LeakError, few
from dermoscopy.tables.parts import read_part

# What train and val never share, by protocol.
APART = {
    "lesion": ("lesion_id", "group", "source"),
    "image": ("source",),
    "paper": ("image_id",),
}
REMEDY = "Make the parts as they were: dvc repro split"


def read_train_and_val(split: Path, protocol: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the two parts of training, and make sure that they are apart.

    Args:
        split: Folder of the tables.
        protocol: How the parts were drawn.

    Raises:
        LeakError: A table holds rows of another part, or the two share what the protocol keeps apart.
    """
    train, val = read_part(split / "train.csv", "train"), read_val(split, protocol)
    shared = [
        f"{key} {name}: {', '.join(train.loc[train[key] == name, 'path'].head(1))}, "
        f"{', '.join(val.loc[val[key] == name, 'path'].head(1))}"
        for key in APART[protocol]
        for name in sorted(set(train[key]) & set(val[key]))
    ]
    if shared:
        raise LeakError("train and val are not apart", few(shared), REMEDY)
    return train, val


def read_val(split: Path, protocol: str) -> pd.DataFrame:
    """Read the part that chooses, and make sure that it holds photographs as they were taken.

    Args:
        split: Folder of the tables.
        protocol: How the parts were drawn; "paper" deals copies to all parts.

    Raises:
        LeakError: The table holds rows of another part, or copies.
    """
    val = read_part(split / "val.csv", "val")
    copies = val.loc[val["image_id"] != val["source"], "path"]
    if len(copies) and protocol != "paper":
        raise LeakError("val holds copies, which are of train alone", few(copies.tolist()), REMEDY)
    return val
