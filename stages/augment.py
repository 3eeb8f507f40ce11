"""Make the planned copies."""

from pathlib import Path

import pandas as pd

from dermoscopy.augment.augment import make_copies
from dermoscopy.augment.params import Augment
from dermoscopy.core.files import fresh
from dermoscopy.core.params import Count, load
from dermoscopy.core.splits import LABELS, PARTS, README, read_part
from dermoscopy.core.stage import run

ABOUT = "Copies of malignant photographs; of train alone, but for the protocol paper.\n"


def augment() -> None:
    """Make the planned copies of malignant photographs; of train's alone, but for the protocol paper."""
    params, seed = load("augment", Augment), load("seed", Count)
    rows = pd.concat([read_part(Path(f"data/split/{part}.csv"), part) for part in PARTS])
    for part in PARTS:
        for label in LABELS:
            fresh(Path("data/augmented", part, label))
        # DVC warns of empty folders at every turn.
        Path("data/augmented", part, README).write_text(ABOUT)
    make_copies(rows, Path("data/merged/images"), params, seed)


if __name__ == "__main__":
    run(augment)
