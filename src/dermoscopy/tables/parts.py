"""data/split/<part>.csv: who is where; a row a picture, original or planned copy."""

from pathlib import Path

import pandas as pd

from dermoscopy.errors import LeakError, few
from dermoscopy.tables.table import Table

PARTS = ("train", "val", "test")

LABELS = ("benign", "malignant")  # their labels are 0 and 1, their folders bear their names

README = "README.md"  # in each folder of copies, most of which hold none

PART = Table(
    columns={
        "image_id": "str",  # a copy's is its original's, "_copy" and a number
        "lesion_id": "str",
        "group": "str",
        "dx": "str",
        "dx_type": "str",
        "age": "float64",
        "sex": "str",
        "localization": "str",
        "label": "int64",
        "part": "str",
        "source": "str",  # image_id of the original; an original's own
        "path": "str",  # from the project's top folder
        "sha256": "str",  # of an original's file; empty for a copy, which is not made yet
    },
    order=("image_id",),
)


def locate(rows: pd.DataFrame, part: "str | pd.Series[str]") -> "pd.Series[str]":
    """Return where the pictures of a part lie, from the project's top folder.

    Args:
        rows: Columns `image_id`, `source`, `label`.
        part: Its name, or one for each row.
    """
    stage = rows["image_id"].eq(rows["source"]).map({True: "split", False: "augmented"})
    folder = rows["label"].map(dict(enumerate(LABELS)))
    return "data/" + stage + "/" + part + "/" + folder + "/" + rows["image_id"] + ".jpg"


def read_part(path: Path, part: str) -> pd.DataFrame:
    """Read a part's table and make sure that it is that part and no other.

    Every stage that learns, chooses or judges reads its parts through this.

    Args:
        path: data/split/<part>.csv.
        part: Its name.

    Raises:
        LeakError: A row says it belongs to another part, its file is not its own or lies in another
            part's folder, or a picture stands in the table twice.
    """
    rows = PART.read(path)
    stray = rows[(rows["part"] != part) | (rows["path"] != locate(rows, part))]
    twice = rows.loc[rows["image_id"].duplicated(), "image_id"]
    problems = [f"{row.image_id}: part {row.part}, file {row.path}" for row in stray.itertuples()]
    problems += [f"{image_id}: listed twice" for image_id in twice]
    if problems:
        raise LeakError(
            f"{path} holds rows that are not of {part}, or not once",
            few(problems),
            "Make the parts as they were: dvc repro split",
        )
    return rows
