"""Bring the archive in."""

import os
from pathlib import Path

from dermoscopy.archive import acquire as archive
from dermoscopy.params.data import Data
from dermoscopy.params.file import load
from dermoscopy.params.simulate import Simulate
from dermoscopy.stage import run


def acquire() -> None:
    """Bring the archive in as published, simulated, from a folder or downloaded, and verify it."""
    # A queued experiment's folder goes away; what is downloaded outlives it.
    downloads = Path(os.environ.get("DVC_ROOT", "."), ".checkpoints", "downloads")
    archive.acquire(load("data", Data), load("simulate", Simulate), Path("data"), downloads)


if __name__ == "__main__":
    run(acquire)
