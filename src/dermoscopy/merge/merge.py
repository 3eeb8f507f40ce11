"""Merge the dataset's two folders into one, with a hash and a group for each image; optionally a sample of lesions."""

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
    """Sample lesions at random, stratified by diagnosis; each diagnosis has at least one lesion if possible.

    Lesions in random order are ranked by (rank within the diagnosis + 1/2) / number of lesions of the diagnosis, the
    quotients of Sainte-Laguë's apportionment. The first lesion of each diagnosis comes first. With the same seed, a
    smaller sample is contained in a larger one.

    Args:
        table: Columns `lesion_id`, `dx`; one row for each image, in any order.
        size: Number of lesions to sample.
        rng: Random number generator.

    Returns:
        lesion_ids, sorted; their number is `size`.

    Raises:
        ParameterError: The dataset has fewer lesions.
    """
    lesions = table.sort_values("lesion_id").drop_duplicates("lesion_id")[["lesion_id", "dx"]]
    if size > len(lesions):
        raise ParameterError(
            "The dataset is too small",
            [f"merge.lesions: received {size}, but the dataset has {len(lesions)} lesions"],
            "Lower merge.lesions, or set it to null for all lesions.",
        )
    shuffled = lesions.iloc[rng.permutation(len(lesions))]
    by_diagnosis = shuffled.groupby("dx")["lesion_id"]
    rank = by_diagnosis.cumcount()
    quotient = ((rank + 0.5) / by_diagnosis.transform("size")).where(rank > 0, 0)
    sampled = shuffled.loc[quotient.sort_values(kind="stable").index[:size], "lesion_id"]
    return sorted(sampled)


def merge(dataset: Path, problems: Path, params: Merge, folder: Path) -> None:
    """Copy the images of a dataset, unchanged, into images/, and write metadata.csv and duplicates.csv.

    Args:
        dataset: Folder of a verified dataset, in the published format.
        problems: Table `PROBLEMS`, which lists the images to leave out.
        params: The `merge` block.
        folder: Folder of the outputs.

    Raises:
        ParameterError: The dataset has fewer lesions than `merge.lesions`.
    """
    found = PROBLEMS.read(problems)
    table = metadata.read_valid(dataset / METADATA, set(found.loc[found["outcome"] == "left out", "image_id"]))
    if params.lesions is not None:
        sampled = sample_lesions(table, params.lesions, np.random.default_rng(params.seed))
        table = table[table["lesion_id"].isin(sampled)]

    sources = {path.stem: path for path in list_images(dataset)}
    target = new_folder(folder / "images")
    for image_id in table["image_id"]:
        shutil.copyfile(sources[image_id], target / f"{image_id}.jpg")

    files = [target / f"{image_id}.jpg" for image_id in table["image_id"]]
    table["sha256"] = sha256_all(files)
    hashes = perceptual_hashes(files) if params.near_duplicates is not None else None
    duplicates = find_duplicates(table, hashes, params.near_duplicates)
    DUPLICATES.write(duplicates, folder / "duplicates.csv")
    MERGED.write(
        table.assign(group=table["lesion_id"].map(group_lesions(table["lesion_id"], duplicates))),
        folder / "metadata.csv",
    )
    _log(duplicates)


def _log(duplicates: pd.DataFrame) -> None:
    for kind, pairs in duplicates.groupby("kind"):
        logger.info(
            "%s, %d: %s",
            kind,
            len(pairs),
            ", ".join(first_few((pairs["image_id"] + " = " + pairs["other_image_id"]).tolist())),
        )
