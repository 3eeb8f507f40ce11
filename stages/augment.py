"""Make the planned copies."""

from pathlib import Path

from dermoscopy.archive.folders import fresh
from dermoscopy.dataset.augment import make_copies
from dermoscopy.params.augment import Augment
from dermoscopy.params.block import Count
from dermoscopy.params.file import load
from dermoscopy.stage import run
from dermoscopy.tables.parts import LABELS, PART


def augment() -> None:
    """Make the planned copies of malignant photographs."""
    params, seed = load("augment", Augment), load("seed", Count)
    for label in LABELS:
        fresh(Path("data/augmented/train", label))
    make_copies(PART.read(Path("data/split/train.csv")), params, seed)


if __name__ == "__main__":
    run(augment)
