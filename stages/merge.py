"""Merge the dataset's two folders of images."""

from pathlib import Path

from dermoscopy.core.params import load
from dermoscopy.core.stage import run
from dermoscopy.merge.merge import merge as merge_dataset
from dermoscopy.merge.params import Merge


def merge() -> None:
    """Merge the two raw folders, hash every image and group lesions that must stay in one split."""
    merge_dataset(
        Path("data/acquired/dataset"), Path("data/acquired/problems.csv"), load("merge", Merge), Path("data/merged")
    )


if __name__ == "__main__":
    run(merge)
