"""Whole groups are dealt to splits at random, each split with its share of every diagnosis.

The three splits, as folders of images and tables of who is where.

Diagnoses become labels.

The test split, restricted to lesions that histology confirmed.

Copies of malignant images are planned, so that both labels weigh the same in training.
"""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.files import new_folder
from dermoscopy.core.splits import LABELS, SPLIT, SPLITS, locate
from dermoscopy.split.params import Policy, Split

logger = logging.getLogger(__name__)


def deal(table: pd.DataFrame, shares: Mapping[str, float], seed: int) -> "pd.Series[str]":
    """Deal whole groups to the splits, stratified by label and diagnosis.

    The groups of a label are taken diagnosis by diagnosis, each diagnosis in random order, and
    every group goes to the split that so far lacks most images of its share. So each split's
    count of a label is off by less than a few groups' images, a diagnosis's likewise, and
    what a group's size is does not decide where it goes. scikit-learn's StratifiedGroupKFold
    needs shares that are multiples of one fold's and takes seconds on ten thousand images.

    Args:
        table: Columns `group`, `dx`, `label`; a row a image, in any order. A group of several
            labels counts as malignant.
        shares: Split to its share of the images; they sum to 1.
        seed: Of the draw.

    Returns:
        The split of each row, by the table's index; the same for any order of the rows.

    Raises:
        ParameterError: A split would have no image of some label.
    """
    splits, wanted = list(shares), np.array(list(shares.values()))
    rng = np.random.default_rng(seed)
    # The last by label and diagnosis stands for its group: malignant, if any of it is.
    groups = table.sort_values(["group", "label", "dx"]).groupby("group")[["label", "dx"]].last()
    groups["images"] = table.groupby("group").size()

    split_of: dict[str, str] = {}
    for _, of_label in groups.groupby("label"):
        lacking = np.zeros(len(splits))
        for _, of_dx in of_label.groupby("dx"):
            for group, images in of_dx["images"].iloc[rng.permutation(len(of_dx))].items():
                split = int(np.argmax(lacking))
                lacking += images * wanted
                lacking[split] -= images
                split_of[str(group)] = splits[split]

    dealt = table["group"].map(split_of)
    gaps = [
        f"{split} gets no {name} image; there are {(table['label'] == label).sum()} in all"
        for split in splits
        for label, name in enumerate(LABELS)
        if not ((dealt == split) & (table["label"] == label)).any()
    ]
    if gaps:
        raise ParameterError(
            "Too few lesions to fill every split with both labels",
            gaps,
            "Raise merge.lesions, raise split.val or settings.test, or change policy.malignant.",
        )
    return dealt


def labels(dx: "pd.Series[str]", policy: Policy) -> "pd.Series[int]":
    """Return 1 where a diagnosis is malignant by the policy and 0 where it is benign.

    Args:
        dx: Diagnoses, as HAM10000 abbreviates them.
        policy: Which of them are malignant.
    """
    return dx.isin(policy.malignant.split("+")).astype("int64")


HISTOLOGY = "histo"  # dx_type of a image whose lesion a pathologist has seen


def confirmed(merged: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether each image shows a lesion that histology confirmed.

    It confirms a lesion, not a image: one image that says so is enough. (In HAM10000 no
    lesion's images disagree.)

    Args:
        merged: All images; columns `lesion_id`, `dx_type`.
    """
    return merged["lesion_id"].isin(merged.loc[merged["dx_type"] == HISTOLOGY, "lesion_id"])


def keep_confirmed(test: pd.DataFrame, merged: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of lesions that histology confirmed.

    Args:
        test: Rows of the test split; columns `lesion_id`, `label`.
        merged: All images; columns `lesion_id`, `dx_type`.

    Raises:
        ParameterError: A label has no such lesion.
    """
    kept = test[test["lesion_id"].isin(merged.loc[confirmed(merged), "lesion_id"])]
    gaps = [
        f"test keeps no {name} image of {(test['label'] == label).sum()}"
        for label, name in enumerate(LABELS)
        if not (kept["label"] == label).any()
    ]
    if gaps:
        raise ParameterError(
            f"Too few lesions of the test split were confirmed by histology (dx_type {HISTOLOGY})",
            gaps,
            "Set split.test_histo_only to false, or raise settings.test.",
        )
    logger.info("test keeps %s of %s images, of lesions that histology confirmed", f"{len(kept):,}", f"{len(test):,}")
    return kept


def plan_augmented(originals: pd.DataFrame, balance: float, rng: np.random.Generator) -> pd.DataFrame:
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


def tabulate(merged: pd.DataFrame, policy: Policy, settings: Split, balance: float) -> dict[str, pd.DataFrame]:
    """Return the table of each split, planned copies included.

    Under "lesion" and "image", lesions or images are dealt, and train's malignant ones are
    copied. Under "paper", all malignant images are copied first, and then images are dealt,
    to train and to one held-out split that stands in the tables of val and of test. `group` says
    under every protocol what belongs together.

    Args:
        merged: A row a image of the dataset, in any order.
        policy: Which diagnoses are malignant.
        settings: How images are dealt.
        balance: Malignant rows wanted for each benign one: in train, under "paper" in all.

    Returns:
        Split to table, columns of `SPLIT`.

    Raises:
        ParameterError: There are too few lesions to fill every split with both labels.
    """
    table = merged.assign(label=labels(merged["dx"], policy), source=merged["image_id"])
    rng = np.random.default_rng(settings.seed)
    if settings.protocol == "paper":
        images = pd.concat([table, plan_augmented(table, balance, rng)], ignore_index=True)
        dealt = deal(_each_alone(images), {"train": 1 - settings.test, "test": settings.test}, settings.seed)
        tables = {split: images[dealt == split] for split in ("train", "test")}
        tables["val"] = tables["test"]
    else:
        shares = {"train": 1 - settings.val - settings.test, "val": settings.val, "test": settings.test}
        dealt = deal(table if settings.protocol == "lesion" else _each_alone(table), shares, settings.seed)
        tables = {split: table[dealt == split] for split in SPLITS}
        tables["train"] = pd.concat([tables["train"], plan_augmented(tables["train"], balance, rng)])
    if settings.test_histo_only:
        tables["test"] = keep_confirmed(tables["test"], merged)
    return {split: tables[split].assign(split=split, path=locate(tables[split], split)) for split in SPLITS}


def _each_alone(images: pd.DataFrame) -> pd.DataFrame:
    return images.assign(group=images["image_id"])


def write(tables: dict[str, pd.DataFrame], images: Path, root: Path = Path()) -> None:
    """Write each split's folder of images, byte for byte, and its table.

    Args:
        tables: Split to table.
        images: Where the merged images are.
        root: The project's top folder, where the tables' paths start.
    """
    folder = root / "data" / "split"
    for split, table in tables.items():
        for label in LABELS:
            new_folder(folder / split / label)
        for image_id, source, path in zip(table["image_id"], table["source"], table["path"], strict=True):
            if image_id == source:
                shutil.copyfile(images / f"{image_id}.jpg", root / path)
        SPLIT.write(table, folder / f"{split}.csv")
