"""Deal photographs to train, val and test."""

from pathlib import Path

from dermoscopy.dataset.parts import tabulate, write
from dermoscopy.params.augment import Balance
from dermoscopy.params.file import load
from dermoscopy.params.policy import Policy
from dermoscopy.params.split import Split
from dermoscopy.stage import run
from dermoscopy.tables.merged import MERGED


def split() -> None:
    """Label photographs benign or malignant and deal them to train, val and test, lesion by lesion or as asked."""
    merged = MERGED.read(Path("data/merged/metadata.csv"))
    tables = tabulate(merged, load("policy", Policy), load("split", Split), load("augment.balance", Balance))
    write(tables, Path("data/merged/images"))


if __name__ == "__main__":
    run(split)
