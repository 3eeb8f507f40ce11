"""Merge the archive's two folders."""

from pathlib import Path

from dermoscopy.archive import merge as archive
from dermoscopy.params.file import load
from dermoscopy.params.merge import Merge
from dermoscopy.stage import run


def merge() -> None:
    """Merge the two raw folders; hash every photograph and group lesions that must stay together."""
    archive.merge(Path("data/raw"), Path("data/problems.csv"), load("merge", Merge), Path("data/merged"))


if __name__ == "__main__":
    run(merge)
