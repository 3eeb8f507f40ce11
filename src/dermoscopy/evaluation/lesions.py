"""From photographs to lesions: what is said of a lesion is the mean of what is said of its photographs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Unit:
    """What is counted: the photographs of a part, or its lesions.

    Attributes:
        name: "image" or "lesion".
        label: 0 benign, 1 malignant; shape (rows,).
        lesion: Each row's lesion; shape (rows,).
        first: The first photograph of each row's lesion, as its place in the part; shape (rows,).
        index: Each photograph's row; shape (photographs,).
    """

    name: str
    label: NDArray[np.int64]
    lesion: NDArray[np.object_]
    first: NDArray[np.intp]
    index: NDArray[np.intp]

    def mean(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each row's mean score; shape (rows,).

        Args:
            score: Of each photograph; shape (photographs,).
        """
        if self.name == "image":
            return score
        return np.bincount(self.index, score) / np.bincount(self.index)


def photographs(rows: pd.DataFrame) -> Unit:
    """Count photographs.

    Args:
        rows: The part's, with columns lesion_id and label.
    """
    place = np.arange(len(rows))
    return Unit("image", rows["label"].to_numpy(), rows["lesion_id"].to_numpy(dtype=object), place, place)


def lesions(rows: pd.DataFrame) -> Unit:
    """Count lesions, in the order of their names.

    Args:
        rows: The part's, with columns lesion_id and label; a lesion has one label.
    """
    names, first, index = np.unique(rows["lesion_id"].to_numpy(dtype=str), return_index=True, return_inverse=True)
    return Unit("lesion", rows["label"].to_numpy()[first], names.astype(object), first, index)
