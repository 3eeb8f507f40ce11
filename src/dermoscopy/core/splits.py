"""Tables of the splits, data/split/<split>.csv.

A table has one row for each image of a split: originals, and augmented images that may not be made yet. Stages read
the splits only through these functions, which refuse rows of another split.
"""

from pathlib import Path

import pandas as pd

from dermoscopy.core.errors import LeakError, first_few
from dermoscopy.core.tables import Table

SPLITS = ("train", "val", "test")
LABELS = ("benign", "malignant")  # in the order of the labels 0 and 1; also names of folders

README = "README.md"  # in each folder of augmented images, most of which have no image

SPLIT = Table(
    columns={
        "image_id": "str",  # of an augmented image: its original's, "_copy" and a number
        "lesion_id": "str",
        "group": "str",
        "dx": "str",
        "dx_type": "str",
        "age": "float64",
        "sex": "str",
        "localization": "str",
        "dataset": "str",  # source of the image, see `core.sources`
        "label": "int64",
        "split": "str",
        "source": "str",  # image_id of the original; of an original, its own
        "path": "str",  # relative to the project's top folder
        "sha256": "str",  # of an original's file; empty for an augmented image, which is not made yet
    },
    order=("image_id",),
    optional=("dataset",),
)


REMEDY = "Restore the splits with: dvc repro split"


def locate(rows: pd.DataFrame, split: "str | pd.Series[str]") -> "pd.Series[str]":
    """Return the paths of images, relative to the project's top folder.

    Args:
        rows: Columns `image_id`, `source`, `label`.
        split: Name of the split of all rows, or a name for each row.
    """
    original = rows["image_id"].eq(rows["source"])
    stage = original.map({True: "split", False: "augmented"})
    ending = original.map({True: ".jpg", False: ".png"})
    folder = rows["label"].map(dict(enumerate(LABELS)))
    return "data/" + stage + "/" + split + "/" + folder + "/" + rows["image_id"] + ending


def read_split(path: Path, split: str) -> pd.DataFrame:
    """Read the table of a split, and check that it has rows of this split only.

    Every stage that trains, selects or evaluates reads its splits with this function.

    Args:
        path: data/split/<split>.csv.
        split: Name of the split.

    Raises:
        LeakError: A row is of another split, its path is not its own image's in this split's folder, or an image is
            listed twice.
    """
    rows = SPLIT.read(path)
    misplaced = rows[(rows["split"] != split) | (rows["path"] != locate(rows, split))]
    duplicates = rows.loc[rows["image_id"].duplicated(), "image_id"]
    problems = [f"{row.image_id}: split {row.split}, file {row.path}" for row in misplaced.itertuples()]
    problems += [f"{image_id}: listed twice" for image_id in duplicates]
    if problems:
        raise LeakError(
            f"{path} holds rows that are not of {split}, or that are listed twice", first_few(problems), REMEDY
        )
    return rows


# The columns whose values train and val never share, by protocol.
NEVER_SHARED = {
    "lesion": ("lesion_id", "group", "source"),
    "image": ("source",),
    "paper": ("image_id",),
}


def read_train_and_val(folder: Path, protocol: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read train and val, and check that they do not share what the protocol keeps separate.

    Args:
        folder: Folder of the tables.
        protocol: Protocol of the splits.

    Raises:
        LeakError: A table has rows of another split, or train and val share a lesion, group or image that the protocol
            keeps separate.
    """
    train, val = read_split(folder / "train.csv", "train"), read_val(folder, protocol)
    shared = [
        f"{key} {name}: {', '.join(train.loc[train[key] == name, 'path'].head(1))}, "
        f"{', '.join(val.loc[val[key] == name, 'path'].head(1))}"
        for key in NEVER_SHARED[protocol]
        for name in sorted(set(train[key]) & set(val[key]))
    ]
    if shared:
        raise LeakError("Data leakage between train and val", first_few(shared), REMEDY)
    return train, val


def read_val(folder: Path, protocol: str) -> pd.DataFrame:
    """Read val, and check that it has originals only, except under the protocol "paper".

    Args:
        folder: Folder of the tables.
        protocol: Protocol of the splits; "paper" assigns augmented images to all splits.

    Raises:
        LeakError: The table has rows of another split, or augmented images.
    """
    val = read_split(folder / "val.csv", "val")
    augmented = val.loc[val["image_id"] != val["source"], "path"]
    if len(augmented) and protocol != "paper":
        raise LeakError("val has augmented images, which belong in train only", first_few(augmented.tolist()), REMEDY)
    return val


def like_val(train: pd.DataFrame, val: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of train of the same kind as those of val, on which a member can be compared with val.

    These are the originals. Only under the protocol "paper" val has augmented images, so those of train are kept too.

    Args:
        train: Rows of train.
        val: Rows of val.
    """
    if (val["image_id"] != val["source"]).any():
        return train
    return train[train["image_id"] == train["source"]]
