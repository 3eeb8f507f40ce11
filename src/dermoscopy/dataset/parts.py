"""The three parts, as folders of photographs and tables of who is where."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.archive.folders import fresh
from dermoscopy.dataset.copies import plan_copies
from dermoscopy.dataset.policy import labels
from dermoscopy.dataset.split import deal
from dermoscopy.params.policy import Policy
from dermoscopy.params.split import Split
from dermoscopy.tables.parts import LABELS, PART, PARTS


def tabulate(merged: pd.DataFrame, policy: Policy, split: Split, balance: float) -> dict[str, pd.DataFrame]:
    """Return the table of each part; train's holds the planned copies too.

    Args:
        merged: A row a photograph of the archive, in any order.
        policy: Which diagnoses are malignant.
        split: How lesions are dealt.
        balance: Malignant rows of train wanted for each benign one.

    Returns:
        Part to table, columns of `PART`.

    Raises:
        ParameterError: There are too few lesions to fill every part with both labels.
    """
    table = merged.assign(label=labels(merged["dx"], policy), source=merged["image_id"])
    table["part"] = deal(table, split)
    folder = table["label"].map(dict(enumerate(LABELS)))
    table["path"] = "data/split/" + table["part"] + "/" + folder + "/" + table["image_id"] + ".jpg"
    tables = {part: table[table["part"] == part] for part in PARTS}
    copies = plan_copies(tables["train"], balance, np.random.default_rng(split.seed))
    tables["train"] = pd.concat([tables["train"], copies])
    return tables


def write(tables: dict[str, pd.DataFrame], images: Path, root: Path = Path()) -> None:
    """Write each part's folder of photographs, byte for byte, and its table.

    Args:
        tables: Part to table.
        images: Where the merged photographs are.
        root: The project's top folder, where the tables' paths start.
    """
    split = root / "data" / "split"
    for part, table in tables.items():
        for label in LABELS:
            fresh(split / part / label)
        for image_id, source, path in zip(table["image_id"], table["source"], table["path"], strict=True):
            if image_id == source:
                shutil.copyfile(images / f"{image_id}.jpg", root / path)
        PART.write(table, split / f"{part}.csv")
