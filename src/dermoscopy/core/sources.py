"""The source of an image: the clinic and the camera that it is from, in the column `dataset` of HAM10000's table.

The table of the Harvard Dataverse has this column, that of Kaggle has not. Sources differ in look and in their
proportion of malignant lesions, so a network may recognise the camera instead of the lesion.
"""

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.tables import DATASET, UNKNOWN

IMAGE = ("image_id", "lesion_id", "dx", "label")


def sources(rows: pd.DataFrame) -> NDArray[Any] | None:
    """Return the source of each image; shape (images,). None if fewer than two sources are known.

    Args:
        rows: The images; they may lack the column dataset. An empty field is an unknown source.
    """
    if DATASET not in rows or len(set(rows[DATASET]) - {""}) < 2:
        return None
    return rows[DATASET].replace("", UNKNOWN).to_numpy(dtype=object)


def image_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a table of predictions repeats of the table of its split: id, lesion, diagnosis, label and source."""
    return rows[[*IMAGE, *([DATASET] if DATASET in rows else [])]]
