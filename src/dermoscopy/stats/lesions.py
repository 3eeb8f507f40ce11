"""Scores of lesions as means of their images' scores, and predictions of several classifiers in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import LeakError, TableError
from dermoscopy.core.sources import sources


@dataclass(frozen=True)
class Unit:
    """The rows that are analysed: the images of a split, or its lesions.

    Attributes:
        name: "image" or "lesion".
        label: Label of each row, 0 benign, 1 malignant; shape (rows,).
        lesion: Lesion of each row; shape (rows,).
        first: Position in the split of the first image of each row's lesion; shape (rows,).
        index: Row of each image; shape (images,).
        source: Source of each row, of a lesion that of its first image; shape (rows,). None if fewer than two sources
            are known.
    """

    name: str
    label: NDArray[np.int64]
    lesion: NDArray[np.object_]
    first: NDArray[np.intp]
    index: NDArray[np.intp]
    source: NDArray[np.object_] | None = None

    def mean(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean score of each row's images; shape (rows,).

        Args:
            score: Score of each image; shape (images,).
        """
        if self.name == "image":
            return score
        return np.bincount(self.index, score) / np.bincount(self.index)


def by_image(rows: pd.DataFrame) -> Unit:
    """Return the images of a split as rows.

    Args:
        rows: The images, with columns lesion_id and label, and dataset if there is one.
    """
    position = np.arange(len(rows))
    label, lesion = rows["label"].to_numpy(), rows["lesion_id"].to_numpy(dtype=object)
    return Unit("image", label, lesion, position, position, sources(rows))


def by_lesion(rows: pd.DataFrame) -> Unit:
    """Return the lesions of a split as rows, sorted by lesion_id.

    Args:
        rows: The images, with columns lesion_id and label, and dataset if there is one; a lesion has one label.
    """
    names, first, index = np.unique(rows["lesion_id"].to_numpy(dtype=str), return_index=True, return_inverse=True)
    source = sources(rows)
    of_lesion = None if source is None else source[first]
    return Unit("lesion", rows["label"].to_numpy()[first], names.astype(object), first, index, of_lesion)


NAMED = 3  # images named in a message, of each problem


def align(rows: pd.DataFrame, tables: Mapping[str, tuple[Path, pd.DataFrame]]) -> pd.DataFrame:
    """Return the probabilities of all classifiers in one table, matched by image_id.

    Args:
        rows: The images of the split, with columns image_id and label.
        tables: For each classifier, the file of its predictions and its rows of `core.tables.PREDICTIONS`.

    Returns:
        A row for each of `rows`, in their order and indexed by image_id; a column of
        probabilities for each classifier.

    Raises:
        LeakError: A table holds images of another split.
        TableError: A table lacks images, lists one twice, has other labels than `rows`, or holds
            values outside 0 to 1; the message names all of them.
    """
    problems = [f"{path}: {problem}" for path, table in tables.values() for problem in _problems(rows, table)]
    if any(not table["image_id"].isin(rows["image_id"]).all() for _, table in tables.values()):
        raise LeakError("Predictions contain images of another split", problems, "Run `dvc repro`.")
    if problems:
        raise TableError("\n  ".join(["Predictions do not match the split:", *problems]) + "\nRun `dvc repro`.")
    columns = {name: table.set_index("image_id")["probability"] for name, (_, table) in tables.items()}
    return pd.DataFrame(columns).loc[list(rows["image_id"])]


def _problems(rows: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    expected, received = rows.set_index("image_id")["label"], table.set_index("image_id")["label"]
    common = expected.index.intersection(received.index)
    duplicated = received.index[received.index.duplicated()].unique()
    if len(duplicated):
        return [_describe(duplicated, "listed twice")]
    out_of_range = table.loc[~table["probability"].between(0, 1), "image_id"]
    images_by_problem = {
        "missing": expected.index.difference(received.index),
        "of another split": received.index.difference(expected.index),
        "with another label": common[expected[common].to_numpy() != received[common].to_numpy()],
        "with a probability outside 0 to 1": pd.Index(out_of_range),
    }
    return [_describe(images, problem) for problem, images in images_by_problem.items() if len(images)]


def _describe(images: "pd.Index[str]", problem: str) -> str:
    more = ", …" if len(images) > NAMED else ""
    count = "1 image" if len(images) == 1 else f"{len(images)} images"
    return f"{count} {problem} ({', '.join(images[:NAMED])}{more})"
