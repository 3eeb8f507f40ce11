"""Merge the dataset's two folders into one, with a hash and a group for each image.

A sample of an dataset's lesions, for quick runs.
"""

import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.errors import ParameterError, first_few
from dermoscopy.core.files import new_folder, sha256_all
from dermoscopy.ham10000 import metadata
from dermoscopy.ham10000.duplicates import DUPLICATES, MERGED, find_duplicates, group_lesions, perceptual_hashes
from dermoscopy.ham10000.metadata import METADATA, list_images
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.merge.params import Merge

logger = logging.getLogger(__name__)


def sample_lesions(table: pd.DataFrame, size: int, rng: np.random.Generator) -> list[str]:
    """Draw lesions at random, each diagnosis in its proportion and none left out if it can be helped.

    Lesions in random order are ranked by (rank within the diagnosis + 1/2) / lesions of the
    diagnosis, the quotients of Sainte-Laguë's apportionment; the first of each diagnosis comes
    first. Of one seed, a smaller sample is split of a larger one.

    Args:
        table: Columns `lesion_id`, `dx`; a row a image, in any order.
        size: Lesions to draw.
        rng: What draws them.

    Returns:
        `size` lesion_ids, sorted.

    Raises:
        ParameterError: The dataset has fewer lesions.
    """
    lesions = table.sort_values("lesion_id").drop_duplicates("lesion_id")[["lesion_id", "dx"]]
    if size > len(lesions):
        raise ParameterError(
            "The dataset is too small",
            [f"merge.lesions: {size} lesions wanted, {len(lesions)} are there"],
            "Set merge.lesions to that or less, or to null for all of them.",
        )
    drawn = lesions.iloc[rng.permutation(len(lesions))]
    by_diagnosis = drawn.groupby("dx")["lesion_id"]
    rank = by_diagnosis.cumcount()
    quotient = ((rank + 0.5) / by_diagnosis.transform("size")).where(rank > 0, 0)
    chosen = drawn.loc[quotient.sort_values(kind="stable").index[:size], "lesion_id"]
    return sorted(chosen)


def merge(dataset: Path, problems: Path, params: Merge, folder: Path) -> None:
    """Write images/, metadata.csv and duplicates.csv: the images, byte for byte, and what is known of them.

    Args:
        dataset: A verified dataset, as published.
        problems: Table of the images to leave out.
        params: Whether all lesions are kept.
        folder: Where the three are written.

    Raises:
        ParameterError: More lesions are asked for than there are.
    """
    found = PROBLEMS.read(problems)
    table = metadata.read_valid(dataset / METADATA, set(found.loc[found["outcome"] == "left out", "image_id"]))
    if params.lesions is not None:
        chosen = sample_lesions(table, params.lesions, np.random.default_rng(params.seed))
        table = table[table["lesion_id"].isin(chosen)]

    sources = {path.stem: path for path in list_images(dataset)}
    target = new_folder(folder / "images")
    for image_id in table["image_id"]:
        shutil.copyfile(sources[image_id], target / f"{image_id}.jpg")

    files = [target / f"{image_id}.jpg" for image_id in table["image_id"]]
    table["sha256"] = sha256_all(files)
    looks = perceptual_hashes(files) if params.near_duplicates is not None else None
    duplicates = find_duplicates(table, looks, params.near_duplicates)
    DUPLICATES.write(duplicates, folder / "duplicates.csv")
    MERGED.write(
        table.assign(group=table["lesion_id"].map(group_lesions(table["lesion_id"], duplicates))),
        folder / "metadata.csv",
    )
    _tell(duplicates)


def _tell(duplicates: pd.DataFrame) -> None:
    for kind, pairs in duplicates.groupby("kind"):
        logger.info(
            "%s, %d: %s",
            kind,
            len(pairs),
            ", ".join(first_few((pairs["image_id"] + " = " + pairs["other_image_id"]).tolist())),
        )
