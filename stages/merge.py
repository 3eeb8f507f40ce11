"""Merge the archive's two folders."""

from pathlib import Path

from dermoscopy.core.params import load
from dermoscopy.core.stage import run
from dermoscopy.merge import merge as archive
from dermoscopy.merge.params import Merge


def merge() -> None:
    """Merge the two raw folders; hash every photograph and group lesions that must stay together."""
    archive.merge(Path("data/raw"), Path("data/problems.csv"), load("merge", Merge), Path("data/merged"))


if __name__ == "__main__":
    run(merge)
