"""Acquire stage: write the verified dataset and the starting weights to data/acquired."""

import json
from pathlib import Path

from dermoscopy.acquire.acquire import acquire as acquire_data
from dermoscopy.acquire.params import Data
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.stage import checkpoints, run
from dermoscopy.simulate.params import Simulate


def acquire() -> None:
    """Copy, download or simulate the dataset, copy the starting weights, and verify both."""
    weights = json.loads(Path("data/source.json").read_text())["weights"]
    acquire_data(
        load("data", Data),
        load("simulate", Simulate),
        Path("data/acquired"),
        checkpoints() / "downloads",
        members=member_names(),
        starting_weights={member: entry["name"] for member, entry in weights.items()},
    )


if __name__ == "__main__":
    run(acquire)
