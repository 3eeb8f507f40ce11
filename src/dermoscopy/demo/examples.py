"""Example images of the page to try the ensemble: the first image of each diagnosis in the test split."""

import json
from pathlib import Path
from typing import NamedTuple

from dermoscopy.bundle.contents import CONTENTS, read_contents
from dermoscopy.bundle.manifest import verify_sums
from dermoscopy.core.splits import LABELS, read_split
from dermoscopy.ham10000.words import DIAGNOSES
from dermoscopy.report.dataset import describe

SOURCE = Path("data/source.json")
TEST = Path("data/split/test.csv")


class Example(NamedTuple):
    """An image of the test split.

    Attributes:
        image_id: Name of the image.
        dx: Diagnosis.
        label: True label, benign or malignant.
        path: File.
    """

    image_id: str
    dx: str
    label: str
    path: Path


def read_examples(folder: Path) -> list[Example]:
    """Return the first image of each diagnosis, by image_id; none if the test split is not there.

    The predictions have no effect on the choice. Augmented images are left out.

    Args:
        folder: Top folder of the project. A bundle has no test split.

    Raises:
        LeakError: The table has rows of another split.
        TableError: The table is not valid.
    """
    if not (folder / TEST).is_file():
        return []
    rows = read_split(folder / TEST, "test")
    rows = rows[rows["source"] == rows["image_id"]]
    rows = rows[[(folder / path).is_file() for path in rows["path"]]]
    first = rows.drop_duplicates("dx").set_index("dx").to_dict("index")
    return [
        Example(first[dx]["image_id"], dx, LABELS[first[dx]["label"]], folder / first[dx]["path"])
        for dx in DIAGNOSES
        if dx in first
    ]


def dataset_title(folder: Path) -> str:
    """Return what the images of the run are, as written within a sentence; empty if that is not recorded.

    Args:
        folder: A bundle that was loaded, or the top folder of a project.
    """
    if (folder / CONTENTS).is_file():
        return read_contents(folder, verify_sums(folder)).run.dataset
    path = folder / SOURCE
    return describe(json.loads(path.read_text(encoding="utf-8"))).title if path.is_file() else ""
