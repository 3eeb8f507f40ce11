"""Bring the archive in."""

from pathlib import Path

from dermoscopy.archive import acquire as archive
from dermoscopy.params.data import Data
from dermoscopy.params.file import load
from dermoscopy.params.simulate import Simulate
from dermoscopy.stage import checkpoints, run


def acquire() -> None:
    """Bring the archive in as published, simulated, from a folder or downloaded, and verify it."""
    archive.acquire(load("data", Data), load("simulate", Simulate), Path("data"), checkpoints() / "downloads")


if __name__ == "__main__":
    run(acquire)
