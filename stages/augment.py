"""Make the planned copies."""

from pathlib import Path

import pandas as pd

from dermoscopy.augment.augment import make_augmented
from dermoscopy.augment.params import Augment
from dermoscopy.core.files import new_folder
from dermoscopy.core.params import Count, load
from dermoscopy.core.splits import LABELS, README, SPLITS, read_split
from dermoscopy.core.stage import run

ABOUT = "Copies of malignant images; of train alone, but for the protocol paper.\n"


def augment() -> None:
    """Make the planned copies of malignant images; of train's alone, but for the protocol paper."""
    params, seed = load("augment", Augment), load("seed", Count)
    rows = pd.concat([read_split(Path(f"data/split/{split}.csv"), split) for split in SPLITS])
    for split in SPLITS:
        for label in LABELS:
            new_folder(Path("data/augmented", split, label))
        # DVC warns of empty folders at every turn.
        Path("data/augmented", split, README).write_text(ABOUT)
    make_augmented(rows, Path("data/merged/images"), params, seed)


if __name__ == "__main__":
    run(augment)
