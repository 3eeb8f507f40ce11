"""The three parts, as folders of photographs and tables of who is where."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.archive.folders import fresh
from dermoscopy.dataset.copies import plan_copies
from dermoscopy.dataset.histology import keep_confirmed
from dermoscopy.dataset.policy import labels
from dermoscopy.dataset.split import deal
from dermoscopy.params.policy import Policy
from dermoscopy.params.split import Split
from dermoscopy.tables.parts import LABELS, PART, PARTS, locate


def tabulate(merged: pd.DataFrame, policy: Policy, split: Split, balance: float) -> dict[str, pd.DataFrame]:
    """Return the table of each part, planned copies included.

    Under "lesion" and "image", lesions or photographs are dealt, and train's malignant ones are
    copied. Under "paper", all malignant photographs are copied first, and then pictures are dealt,
    to train and to one held-out part that stands in the tables of val and of test. `group` says
    under every protocol what belongs together.

    Args:
        merged: A row a photograph of the archive, in any order.
        policy: Which diagnoses are malignant.
        split: How photographs are dealt.
        balance: Malignant rows wanted for each benign one: in train, under "paper" in all.

    Returns:
        Part to table, columns of `PART`.

    Raises:
        ParameterError: There are too few lesions to fill every part with both labels.
    """
    table = merged.assign(label=labels(merged["dx"], policy), source=merged["image_id"])
    rng = np.random.default_rng(split.seed)
    if split.protocol == "paper":
        pictures = pd.concat([table, plan_copies(table, balance, rng)], ignore_index=True)
        dealt = deal(_each_alone(pictures), {"train": 1 - split.test, "test": split.test}, split.seed)
        tables = {part: pictures[dealt == part] for part in ("train", "test")}
        tables["val"] = tables["test"]
    else:
        shares = {"train": 1 - split.val - split.test, "val": split.val, "test": split.test}
        dealt = deal(table if split.protocol == "lesion" else _each_alone(table), shares, split.seed)
        tables = {part: table[dealt == part] for part in PARTS}
        tables["train"] = pd.concat([tables["train"], plan_copies(tables["train"], balance, rng)])
    if split.test_histo_only:
        tables["test"] = keep_confirmed(tables["test"], merged)
    return {part: tables[part].assign(part=part, path=locate(tables[part], part)) for part in PARTS}


def _each_alone(pictures: pd.DataFrame) -> pd.DataFrame:
    return pictures.assign(group=pictures["image_id"])


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
