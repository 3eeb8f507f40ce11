"""What the images of a run are: simulated, HAM10000, or another dataset in its format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dermoscopy.report.formatting import plural

# The published dataset has all ids from the first to the last, without a gap.
IMAGES, IDS = 10_015, "ISIC_0024306 to ISIC_0034320"


@dataclass(frozen=True)
class Dataset:
    """The dataset of a run.

    Attributes:
        kind: "simulated"; "ham10000" if it was downloaded or has the image ids of HAM10000; otherwise "other".
        title: Its name, as written within a sentence.
        images: Number of its images, also of those that the run did not use; None if it is not recorded.
        downloaded: Whether it was downloaded from its publisher, so that its checksums are the published ones.
    """

    kind: Literal["simulated", "ham10000", "other"]
    title: str
    images: int | None = None
    downloaded: bool = False


def describe(source: Mapping[str, Any]) -> Dataset:
    """Return what the dataset is.

    Args:
        source: Content of data/source.json (`check.provenance.fingerprint`).
    """
    if source.get("source") == "simulated":
        return Dataset("simulated", "simulated dataset")
    if source.get("source") == "download":
        return Dataset("ham10000", "HAM10000", IMAGES, downloaded=True)
    images = source.get("images", {})
    count = images.get("count")
    if (count, images.get("ids")) == (IMAGES, IDS):
        return Dataset("ham10000", "HAM10000", IMAGES)
    return Dataset("other", "dataset in HAM10000’s format" + (f", {plural(count, 'image')}" if count else ""), count)
