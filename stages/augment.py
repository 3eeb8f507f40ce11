"""Make the planned augmented images."""

from pathlib import Path

import pandas as pd

from dermoscopy.augment.augment import make_augmented
from dermoscopy.augment.params import Augment
from dermoscopy.core.files import new_folder
from dermoscopy.core.params import Count, load
from dermoscopy.core.splits import LABELS, README, SPLITS, read_split
from dermoscopy.core.stage import run

ABOUT = "Augmented images of malignant lesions. Only train has them, except under the protocol paper.\n"


def augment() -> None:
    """Make the planned augmented images of malignant lesions; only train has them, except under protocol paper."""
    params, seed = load("augment", Augment), load("seed", Count)
    rows = pd.concat([read_split(Path(f"data/split/{split}.csv"), split) for split in SPLITS])
    for split in SPLITS:
        for label in LABELS:
            new_folder(Path("data/augmented", split, label))
        # DVC warns about an empty folder in every command.
        Path("data/augmented", split, README).write_text(ABOUT)
    make_augmented(rows, Path("data/merged/images"), params, seed)


if __name__ == "__main__":
    run(augment)
