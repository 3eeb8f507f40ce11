"""Bring the dataset in."""

import json
from pathlib import Path

from dermoscopy.acquire import acquire as dataset
from dermoscopy.acquire.params import Data
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.stage import checkpoints, run
from dermoscopy.simulate.params import Simulate


def acquire() -> None:
    """Bring the dataset in as published, simulated, from a folder or downloaded, and verify it."""
    used = json.loads(Path("data/source.json").read_text())["weights"]
    dataset.acquire(
        load("data", Data),
        load("simulate", Simulate),
        Path("data"),
        checkpoints() / "downloads",
        members=member_names(),
        starting={member: weights["name"] for member, weights in used.items()},
    )


if __name__ == "__main__":
    run(acquire)
