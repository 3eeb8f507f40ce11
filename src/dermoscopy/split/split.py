"""Label images benign or malignant, split them into train, val and test, and plan the augmented images.

The result is a table of each split and a folder of its images.
"""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.files import new_folder
from dermoscopy.core.sources import sources
from dermoscopy.core.splits import LABELS, SPLIT, SPLITS, locate
from dermoscopy.core.tables import DATASET
from dermoscopy.split.params import Policy, Split

logger = logging.getLogger(__name__)


def assign_splits(table: pd.DataFrame, proportions: Mapping[str, float], seed: int) -> "pd.Series[str]":
    """Assign whole groups to the splits at random, stratified by label, diagnosis and, if it is known, source.

    The groups of a label are assigned diagnosis by diagnosis, and source by source, each in random order. Every group
    goes to the split that lacks most images at that time. So each split's number of images of a label
    differs from its proportion by less than the images of a few groups, and so does its number of images of
    a diagnosis or source. The size of a group does not decide its split. StratifiedGroupKFold of scikit-learn
    needs proportions that are multiples of one fold, and takes seconds on ten thousand images.

    Args:
        table: One row per image, in any order; columns `group`, `dx`, `label`, and `dataset` if there is one. A group
            with images of both labels counts as malignant.
        proportions: Split to its proportion of the images; they sum to 1.
        seed: Seed of the random order.

    Returns:
        The split of each row, with the table's index. It does not depend on the order of the rows.

    Raises:
        ParameterError: A split has no image of some label.
    """
    splits, wanted = list(proportions), np.array(list(proportions.values()))
    rng = np.random.default_rng(seed)
    # The last row by label and diagnosis represents its group: malignant, if any of its rows is.
    strata = ["dx", *([DATASET] if DATASET in table else [])]
    groups = table.sort_values(["group", "label", *strata]).groupby("group")[["label", *strata]].last()
    groups["images"] = table.groupby("group").size()

    split_of: dict[str, str] = {}
    for _, of_label in groups.groupby("label"):
        lacking = np.zeros(len(splits))
        for _, of_stratum in of_label.groupby(strata):
            for group, images in of_stratum["images"].iloc[rng.permutation(len(of_stratum))].items():
                split = int(np.argmax(lacking))
                lacking += images * wanted
                lacking[split] -= images
                split_of[str(group)] = splits[split]

    assigned = table["group"].map(split_of)
    gaps = [
        f"{split} gets no {name} image; there are {(table['label'] == label).sum()} in all"
        for split in splits
        for label, name in enumerate(LABELS)
        if not ((assigned == split) & (table["label"] == label)).any()
    ]
    if gaps:
        raise ParameterError(
            "Too few lesions to put both labels into every split",
            gaps,
            "Increase merge.lesions, increase split.val or split.test, or change policy.malignant.",
        )
    return assigned


def labels(dx: "pd.Series[str]", policy: Policy) -> "pd.Series[int]":
    """Return 1 for each malignant diagnosis and 0 for each benign one.

    Args:
        dx: Diagnoses, as HAM10000 abbreviates them.
        policy: The malignant diagnoses.
    """
    return dx.isin(policy.malignant.split("+")).astype("int64")


HISTOLOGY = "histo"  # dx_type of an image whose lesion a pathologist has examined


def confirmed(merged: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether histology confirmed the lesion of each image.

    One image with this dx_type confirms its lesion. (In HAM10000 all images of a lesion agree.)

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
            f"Histology (dx_type {HISTOLOGY}) confirmed too few lesions of the test split",
            gaps,
            "Set split.test_histo_only to false, or increase split.test.",
        )
    logger.info(
        "test keeps %s of %s images: those of lesions that histology confirmed", f"{len(kept):,}", f"{len(test):,}"
    )
    return kept


def hold_out(table: pd.DataFrame, settings: Split) -> dict[str, pd.DataFrame]:
    """Return the splits with the images of one source as test, and those of the others as train and val.

    Images of other sources are left out if their lesion, or its group, has an image of the source.

    Args:
        table: One row per image; columns `group`, `dx`, `label`, `dataset`.
        settings: Parameters of the split stage.

    Raises:
        ParameterError: There is no such source, or too few lesions to put both labels into every split.
    """
    known = [] if sources(table) is None else sorted(set(table[DATASET]) - {""})
    if settings.held_out not in known:
        received = f"split.held_out: received {settings.held_out!r}"
        raise ParameterError(
            "The dataset has no such source",
            [f"{received}; the sources are {', '.join(known)}" if known else f"{received}; the table has no sources"],
            "Choose one of the sources, or set split.held_out to null. The table of the Harvard Dataverse has them in "
            "the column dataset, that of Kaggle has not.",
        )
    test = table[table[DATASET] == settings.held_out]
    others = table[~table["group"].isin(test["group"])]
    assigned = assign_splits(others, {"train": 1 - settings.val, "val": settings.val}, settings.seed)
    missing = [name for label, name in enumerate(LABELS) if not (test["label"] == label).any()]
    if missing:
        raise ParameterError(
            "The held-out source cannot be a test split",
            [f"split.held_out: {settings.held_out} has no {' and no '.join(missing)} image"],
            "Choose another source.",
        )
    return {"train": others[assigned == "train"], "val": others[assigned == "val"], "test": test}


def plan_augmented(originals: pd.DataFrame, balance: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rows of the augmented images to be made; none if there are enough malignant rows already.

    Augmented images are assigned to malignant originals in turn, in a random order of the originals: the
    numbers of augmented images of two originals differ by one at most.

    Args:
        originals: Images to be balanced, in any order; columns `image_id`, `source`, `label` and any others.
        balance: Number of malignant rows, originals and augmented images, for each benign row; 0 plans none.
        rng: Random generator of the order.

    Returns:
        The same columns: the rows of originals with another image_id and no sha256.
    """
    malignant = originals[originals["label"] == 1].sort_values("image_id")
    wanted = max(0, round(balance * (originals["label"] == 0).sum()) - len(malignant))
    order = rng.permutation(len(malignant))
    augmented = malignant.iloc[np.resize(order, wanted)].copy()
    number = pd.Series(np.arange(wanted) // max(1, len(malignant)) + 1, index=augmented.index).astype(str)
    augmented["image_id"] = augmented["source"] + "_copy" + number
    augmented["sha256"] = ""
    return augmented


def split_tables(merged: pd.DataFrame, policy: Policy, settings: Split, balance: float) -> dict[str, pd.DataFrame]:
    """Return the table of each split, with the planned augmented images.

    The protocol "lesion" assigns lesions to splits, "image" assigns images; then augmented images of the
    malignant images of train are planned. "paper" plans augmented images of all malignant images first, and
    then assigns originals and augmented images to train and to one held-out split, which is both val and test.
    With `held_out`, test is one source of the images.
    Under every protocol `group` names the lesions that belong together.

    Args:
        merged: One row per image of the dataset, in any order.
        policy: The malignant diagnoses.
        settings: Parameters of the split stage.
        balance: Number of malignant rows for each benign row: in train, under "paper" in the whole dataset.

    Returns:
        Split to table, columns of `SPLIT`.

    Raises:
        ParameterError: There are too few lesions to put both labels into every split.
    """
    table = merged.assign(label=labels(merged["dx"], policy), source=merged["image_id"])
    rng = np.random.default_rng(settings.seed)
    if settings.protocol == "paper":
        images = pd.concat([table, plan_augmented(table, balance, rng)], ignore_index=True)
        proportions = {"train": 1 - settings.test, "test": settings.test}
        assigned = assign_splits(_group_by_image(images), proportions, settings.seed)
        tables = {split: images[assigned == split] for split in ("train", "test")}
        tables["val"] = tables["test"]
    elif settings.held_out is not None:
        tables = hold_out(table, settings)
        tables["train"] = pd.concat([tables["train"], plan_augmented(tables["train"], balance, rng)])
    else:
        proportions = {"train": 1 - settings.val - settings.test, "val": settings.val, "test": settings.test}
        grouped = table if settings.protocol == "lesion" else _group_by_image(table)
        assigned = assign_splits(grouped, proportions, settings.seed)
        tables = {split: table[assigned == split] for split in SPLITS}
        tables["train"] = pd.concat([tables["train"], plan_augmented(tables["train"], balance, rng)])
    if settings.test_histo_only:
        tables["test"] = keep_confirmed(tables["test"], merged)
    return {split: tables[split].assign(split=split, path=locate(tables[split], split)) for split in SPLITS}


def _group_by_image(images: pd.DataFrame) -> pd.DataFrame:
    return images.assign(group=images["image_id"])


def write_splits(tables: dict[str, pd.DataFrame], images: Path, root: Path = Path()) -> None:
    """Write the table of each split, and its folder with copies of the merged files.

    Args:
        tables: Split to table.
        images: Folder of the merged images.
        root: Top folder of the project; the paths in the tables are relative to it.
    """
    folder = root / "data" / "split"
    for split, table in tables.items():
        for label in LABELS:
            new_folder(folder / split / label)
        for image_id, source, path in zip(table["image_id"], table["source"], table["path"], strict=True):
            if image_id == source:
                shutil.copyfile(images / f"{image_id}.jpg", root / path)
        SPLIT.write(table, folder / f"{split}.csv")
