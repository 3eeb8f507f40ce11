"""A dataset of a few tiny images, merged, split, augmented and audited in a temporary folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from dermoscopy.audit.evidence import Evidence, gather
from dermoscopy.augment.augment import make_augmented
from dermoscopy.augment.params import Augment
from dermoscopy.core.files import sha256
from dermoscopy.core.splits import LABELS, SPLIT, SPLITS
from dermoscopy.ham10000.duplicates import DUPLICATES, MERGED, find_duplicates, group_lesions, perceptual_hashes
from dermoscopy.networks.params import SmallCNN
from dermoscopy.split.params import Policy, Split
from dermoscopy.split.split import split_tables, write_splits

NEAR = 32
SEED = 1
AUGMENT = Augment(balance=1.0, scale=0.15, crop=0.1, translate=0.1)
MELANOMA = Policy(malignant="mel")
SPLIT_PARAMS = {"protocol": "lesion", "seed": 1, "val": 0.25, "test": 0.25, "test_histo_only": False, "held_out": None}


def merge(root: Path, *, joined: bool = False) -> pd.DataFrame:
    """Write the outputs of merge: 30 images of 24 lesions, a third of them malignant, of 16 by 12 pixels.

    If joined, two lesions have an image of the same bytes, and two have near-duplicates.
    """
    rng = np.random.default_rng(0)
    images = root / "data" / "merged" / "images"
    images.mkdir(parents=True)
    rows = []
    for number in range(30):
        lesion = number % 24
        image_id = f"ISIC_{number:02}"
        path = images / f"{image_id}.jpg"
        Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).save(path, quality=95)
        dx = ("nv", "mel", "bkl")[lesion % 3]
        row = {"image_id": image_id, "lesion_id": f"HAM_{lesion:02}", "dx": dx}
        dx_type = "histo" if dx == "mel" or lesion % 2 else "follow_up"
        patient = {"dx_type": dx_type, "age": 50.0, "sex": "male", "localization": "back"}
        rows.append(row | patient)
    if joined:
        (images / "ISIC_06.jpg").write_bytes((images / "ISIC_03.jpg").read_bytes())
        with Image.open(images / "ISIC_09.jpg") as image:
            image.save(images / "ISIC_12.jpg", quality=90)
    table = pd.DataFrame(rows)
    files = [images / f"{image_id}.jpg" for image_id in table["image_id"]]
    table["sha256"] = [sha256(path) for path in files]
    duplicates = find_duplicates(table, perceptual_hashes(files), NEAR)
    table["group"] = table["lesion_id"].map(group_lesions(table["lesion_id"], duplicates))
    DUPLICATES.write(duplicates, images.parent / "duplicates.csv")
    MERGED.write(table, images.parent / "metadata.csv")
    return MERGED.read(images.parent / "metadata.csv")


def split(root: Path, merged: pd.DataFrame, policy: Policy = MELANOMA, **changes: Any) -> None:
    """Write the outputs of split and augment."""
    images = root / "data" / "merged" / "images"
    write_splits(split_tables(merged, policy, Split(**SPLIT_PARAMS | changes), AUGMENT.balance), images, root)
    for split in SPLITS:
        for label in LABELS:
            (root / "data" / "augmented" / split / label).mkdir(parents=True, exist_ok=True)
    make_augmented(read(root), images, AUGMENT, SEED, root)


def evidence(root: Path, near_duplicates: int | None = NEAR, **changes: Any) -> Evidence:
    return gather(Split(**SPLIT_PARAMS | changes), near_duplicates, AUGMENT, SEED, root)


def read(root: Path) -> pd.DataFrame:
    """Read the tables of all splits as one."""
    return pd.concat([SPLIT.read(root / "data" / "split" / f"{split}.csv") for split in SPLITS], ignore_index=True)


def small_cnn(**changes: Any) -> SmallCNN:
    """Return parameters of a small CNN that learns in a few steps; arguments replace parameters."""
    tiny = {
        "image_size": 12,
        "conv_layers": 1,
        "filters": 4,
        "kernel_size": 3,
        "padding": "valid",
        "pooling": "max",
        "pool_size": 3,
        "dense_layers": 1,
        "units": 8,
        "dropout": 0.5,
        "l2": 0.0,
        "initializer": "he_normal",
        "optimizer": "adam",
        "learning_rate": 0.01,
        "clip": None,
        "clip_by": "value",
        "epochs": 3,
    }
    return SmallCNN(**{**tiny, **changes})
