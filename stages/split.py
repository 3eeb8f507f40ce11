"""Split images into train, val and test."""

from pathlib import Path

from dermoscopy.augment.params import Balance
from dermoscopy.core.params import load
from dermoscopy.core.stage import run
from dermoscopy.ham10000.duplicates import MERGED
from dermoscopy.split.params import Policy, Split
from dermoscopy.split.split import split_tables, write_splits


def split() -> None:
    """Label images benign or malignant and split them into train, val and test, by lesion or by image."""
    merged = MERGED.read(Path("data/merged/metadata.csv"))
    tables = split_tables(merged, load("policy", Policy), load("split", Split), load("augment.balance", Balance))
    write_splits(tables, Path("data/merged/images"))


if __name__ == "__main__":
    run(split)
