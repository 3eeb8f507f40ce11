"""Fit on train and val when an image is suitable for the ensemble."""

import logging
from pathlib import Path

from dermoscopy.core.params import load
from dermoscopy.core.splits import read_split
from dermoscopy.core.stage import run
from dermoscopy.suitability.params import Suitability
from dermoscopy.suitability.suitability import REFERENCE, fit_reference, measure_files

logger = logging.getLogger("dermoscopy.suitability")


def suitability() -> None:
    """Fit the limits of suitable images on the original images of train and val."""
    settings = load("suitability", Suitability)
    measured = {}
    for split in ("train", "val"):
        rows = read_split(Path(f"data/split/{split}.csv"), split)
        originals = rows.loc[rows["image_id"] == rows["source"], "path"]
        measured[split] = measure_files([Path(path) for path in originals])
    reference = fit_reference(measured["train"], measured["val"], settings)
    reference.write(REFERENCE)
    for split, counts in reference.unsuitable.items():
        found = ", ".join(f"{count} {reason}" for reason, count in counts.items() if count) or "none"
        logger.info("%s: of %s images, unsuitable: %s", split, f"{reference.images[split]:,}", found)


if __name__ == "__main__":
    run(suitability)
