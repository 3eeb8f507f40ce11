"""Deal images to train, val and test."""

from pathlib import Path

from dermoscopy.augment.params import Balance
from dermoscopy.core.params import load
from dermoscopy.core.stage import run
from dermoscopy.ham10000.duplicates import MERGED
from dermoscopy.split.params import Policy, Split
from dermoscopy.split.split import tabulate, write


def split() -> None:
    """Label images benign or malignant and deal them to train, val and test, lesion by lesion or as asked."""
    merged = MERGED.read(Path("data/merged/metadata.csv"))
    tables = tabulate(merged, load("policy", Policy), load("split", Split), load("augment.balance", Balance))
    write(tables, Path("data/merged/images"))


if __name__ == "__main__":
    run(split)
