"""Bring the archive in."""

from pathlib import Path

from dermoscopy.acquire import acquire as archive
from dermoscopy.acquire.params import Data
from dermoscopy.core.params import load
from dermoscopy.core.stage import checkpoints, run
from dermoscopy.simulate.params import Simulate


def acquire() -> None:
    """Bring the archive in as published, simulated, from a folder or downloaded, and verify it."""
    archive.acquire(load("data", Data), load("simulate", Simulate), Path("data"), checkpoints() / "downloads")


if __name__ == "__main__":
    run(acquire)
