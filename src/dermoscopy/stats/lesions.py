"""From images to lesions: what is said of a lesion is the mean of what is said of its images.

Predictions of several classifiers, side by side on the same images.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import LeakError, TableError


@dataclass(frozen=True)
class Unit:
    """What is counted: the images of a split, or its lesions.

    Attributes:
        name: "image" or "lesion".
        label: 0 benign, 1 malignant; shape (rows,).
        lesion: Each row's lesion; shape (rows,).
        first: The first image of each row's lesion, as its place in the split; shape (rows,).
        index: Each image's row; shape (images,).
    """

    name: str
    label: NDArray[np.int64]
    lesion: NDArray[np.object_]
    first: NDArray[np.intp]
    index: NDArray[np.intp]

    def mean(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each row's mean score; shape (rows,).

        Args:
            score: Of each image; shape (images,).
        """
        if self.name == "image":
            return score
        return np.bincount(self.index, score) / np.bincount(self.index)


def images(rows: pd.DataFrame) -> Unit:
    """Count images.

    Args:
        rows: The split's, with columns lesion_id and label.
    """
    place = np.arange(len(rows))
    return Unit("image", rows["label"].to_numpy(), rows["lesion_id"].to_numpy(dtype=object), place, place)


def lesions(rows: pd.DataFrame) -> Unit:
    """Count lesions, in the order of their names.

    Args:
        rows: The split's, with columns lesion_id and label; a lesion has one label.
    """
    names, first, index = np.unique(rows["lesion_id"].to_numpy(dtype=str), return_index=True, return_inverse=True)
    return Unit("lesion", rows["label"].to_numpy()[first], names.astype(object), first, index)


SHOWN = 3  # images named of each problem


def align(rows: pd.DataFrame, tables: Mapping[str, tuple[Path, pd.DataFrame]]) -> pd.DataFrame:
    """Bring every classifier's probabilities into one table, matched by image_id.

    Args:
        rows: The images that count, with columns image_id and label.
        tables: For each classifier its predictions (`tables.predictions`) and the file they are from.

    Returns:
        A row for each of `rows`, in their order and indexed by image_id; a column of
        probabilities for each classifier.

    Raises:
        LeakError: A table holds images of another split.
        TableError: A table lacks images, or holds one of them twice, other labels than
            `rows`, or what is no probability; all of them named.
    """
    problems = [f"{path}: {problem}" for path, table in tables.values() for problem in _problems(rows, table)]
    if any(not table["image_id"].isin(rows["image_id"]).all() for _, table in tables.values()):
        raise LeakError("Predictions of another split are among these", problems, "Run `dvc repro`.")
    if problems:
        raise TableError("\n  ".join(["Predictions do not fit together:", *problems]) + "\nRun `dvc repro`.")
    columns = {name: table.set_index("image_id")["probability"] for name, (_, table) in tables.items()}
    return pd.DataFrame(columns).loc[list(rows["image_id"])]


def _problems(rows: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    expected, received = rows.set_index("image_id")["label"], table.set_index("image_id")["label"]
    both = expected.index.intersection(received.index)
    twice = received.index[received.index.duplicated()].unique()
    if len(twice):
        return [_name(twice, "listed twice")]
    wrong = table.loc[~table["probability"].between(0, 1), "image_id"]
    found = {
        "missing": expected.index.difference(received.index),
        "of another split": received.index.difference(expected.index),
        "with another label": both[expected[both].to_numpy() != received[both].to_numpy()],
        "with a probability outside 0 to 1": pd.Index(wrong),
    }
    return [_name(images, problem) for problem, images in found.items() if len(images)]


def _name(images: "pd.Index[str]", problem: str) -> str:
    more = ", …" if len(images) > SHOWN else ""
    count = "1 image" if len(images) == 1 else f"{len(images)} images"
    return f"{count} {problem} ({', '.join(images[:SHOWN])}{more})"
