"""Whole groups are dealt to parts at random, each part with its share of every diagnosis.

The three parts, as folders of photographs and tables of who is where.

Diagnoses become labels.

The test part, restricted to lesions that histology confirmed.

Copies of malignant photographs are planned, so that both labels weigh the same in training.
"""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.files import fresh
from dermoscopy.core.splits import LABELS, PART, PARTS, locate
from dermoscopy.split.params import Policy, Split

logger = logging.getLogger(__name__)


def deal(table: pd.DataFrame, shares: Mapping[str, float], seed: int) -> "pd.Series[str]":
    """Deal whole groups to the parts, stratified by label and diagnosis.

    The groups of a label are taken diagnosis by diagnosis, each diagnosis in random order, and
    every group goes to the part that so far lacks most photographs of its share. So each part's
    count of a label is off by less than a few groups' photographs, a diagnosis's likewise, and
    what a group's size is does not decide where it goes. scikit-learn's StratifiedGroupKFold
    needs shares that are multiples of one fold's and takes seconds on ten thousand photographs.

    Args:
        table: Columns `group`, `dx`, `label`; a row a picture, in any order. A group of several
            labels counts as malignant.
        shares: Part to its share of the pictures; they sum to 1.
        seed: Of the draw.

    Returns:
        The part of each row, by the table's index; the same for any order of the rows.

    Raises:
        ParameterError: A part would have no picture of some label.
    """
    parts, wanted = list(shares), np.array(list(shares.values()))
    rng = np.random.default_rng(seed)
    # The last by label and diagnosis stands for its group: malignant, if any of it is.
    groups = table.sort_values(["group", "label", "dx"]).groupby("group")[["label", "dx"]].last()
    groups["pictures"] = table.groupby("group").size()

    part_of: dict[str, str] = {}
    for _, of_label in groups.groupby("label"):
        lacking = np.zeros(len(parts))
        for _, of_dx in of_label.groupby("dx"):
            for group, pictures in of_dx["pictures"].iloc[rng.permutation(len(of_dx))].items():
                part = int(np.argmax(lacking))
                lacking += pictures * wanted
                lacking[part] -= pictures
                part_of[str(group)] = parts[part]

    dealt = table["group"].map(part_of)
    gaps = [
        f"{part} gets no {name} photograph; there are {(table['label'] == label).sum()} in all"
        for part in parts
        for label, name in enumerate(LABELS)
        if not ((dealt == part) & (table["label"] == label)).any()
    ]
    if gaps:
        raise ParameterError(
            "Too few lesions to fill every part with both labels",
            gaps,
            "Raise merge.lesions, raise split.val or split.test, or change policy.malignant.",
        )
    return dealt


def labels(dx: "pd.Series[str]", policy: Policy) -> "pd.Series[int]":
    """Return 1 where a diagnosis is malignant by the policy and 0 where it is benign.

    Args:
        dx: Diagnoses, as HAM10000 abbreviates them.
        policy: Which of them are malignant.
    """
    return dx.isin(policy.malignant.split("+")).astype("int64")


HISTOLOGY = "histo"  # dx_type of a photograph whose lesion a pathologist has seen


def confirmed(merged: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether each photograph shows a lesion that histology confirmed.

    It confirms a lesion, not a photograph: one photograph that says so is enough. (In HAM10000 no
    lesion's photographs disagree.)

    Args:
        merged: All photographs; columns `lesion_id`, `dx_type`.
    """
    return merged["lesion_id"].isin(merged.loc[merged["dx_type"] == HISTOLOGY, "lesion_id"])


def keep_confirmed(test: pd.DataFrame, merged: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of lesions that histology confirmed.

    Args:
        test: Rows of the test part; columns `lesion_id`, `label`.
        merged: All photographs; columns `lesion_id`, `dx_type`.

    Raises:
        ParameterError: A label has no such lesion.
    """
    kept = test[test["lesion_id"].isin(merged.loc[confirmed(merged), "lesion_id"])]
    gaps = [
        f"test keeps no {name} photograph of {(test['label'] == label).sum()}"
        for label, name in enumerate(LABELS)
        if not (kept["label"] == label).any()
    ]
    if gaps:
        raise ParameterError(
            f"Too few lesions of the test part were confirmed by histology (dx_type {HISTOLOGY})",
            gaps,
            "Set split.test_histo_only to false, or raise split.test.",
        )
    logger.info("test keeps %s of %s pictures, of lesions that histology confirmed", f"{len(kept):,}", f"{len(test):,}")
    return kept


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
