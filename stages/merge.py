"""Merge the dataset's two folders."""

from pathlib import Path

from dermoscopy.core.params import load
from dermoscopy.core.stage import run
from dermoscopy.merge import merge as dataset
from dermoscopy.merge.params import Merge


def merge() -> None:
    """Merge the two raw folders; hash every image and group lesions that must stay together."""
    dataset.merge(Path("data/raw"), Path("data/problems.csv"), load("merge", Merge), Path("data/merged"))


if __name__ == "__main__":
    run(merge)
