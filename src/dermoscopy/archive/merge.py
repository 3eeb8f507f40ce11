"""Merge the archive's two folders into one, with a hash and a group for each photograph."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.archive import metadata
from dermoscopy.archive.duplicates import find_duplicates, group
from dermoscopy.archive.folders import fresh
from dermoscopy.archive.hashes import sha256_all
from dermoscopy.archive.layout import METADATA, photographs
from dermoscopy.archive.near import perceptual_hashes
from dermoscopy.archive.sample import sample_lesions
from dermoscopy.errors import few
from dermoscopy.params.merge import Merge
from dermoscopy.tables.duplicates import DUPLICATES
from dermoscopy.tables.merged import MERGED
from dermoscopy.tables.problems import PROBLEMS

logger = logging.getLogger(__name__)


def merge(archive: Path, problems: Path, params: Merge, folder: Path) -> None:
    """Write images/, metadata.csv and duplicates.csv: the photographs, byte for byte, and what is known of them.

    Args:
        archive: A verified archive, as published.
        problems: Table of the photographs to leave out.
        params: Whether all lesions are kept.
        folder: Where the three are written.

    Raises:
        ParameterError: More lesions are asked for than there are.
    """
    found = PROBLEMS.read(problems)
    table = metadata.read_sound(archive / METADATA, set(found.loc[found["outcome"] == "left out", "image_id"]))
    if params.lesions is not None:
        chosen = sample_lesions(table, params.lesions, np.random.default_rng(params.seed))
        table = table[table["lesion_id"].isin(chosen)]

    sources = {path.stem: path for path in photographs(archive)}
    images = fresh(folder / "images")
    for image_id in table["image_id"]:
        shutil.copyfile(sources[image_id], images / f"{image_id}.jpg")

    files = [images / f"{image_id}.jpg" for image_id in table["image_id"]]
    table["sha256"] = sha256_all(files)
    looks = perceptual_hashes(files) if params.near_duplicates is not None else None
    duplicates = find_duplicates(table, looks, params.near_duplicates)
    DUPLICATES.write(duplicates, folder / "duplicates.csv")
    MERGED.write(
        table.assign(group=table["lesion_id"].map(group(table["lesion_id"], duplicates))), folder / "metadata.csv"
    )
    _tell(duplicates)


def _tell(duplicates: pd.DataFrame) -> None:
    for kind, pairs in duplicates.groupby("kind"):
        logger.info(
            "%s, %d: %s", kind, len(pairs), ", ".join(few((pairs["image_id"] + " = " + pairs["other"]).tolist()))
        )
