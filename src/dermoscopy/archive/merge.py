"""Merge the archive's two folders into one, with a hash and a group for each photograph."""

import shutil
from pathlib import Path

import numpy as np

from dermoscopy.archive import metadata
from dermoscopy.archive.duplicates import join, same_bytes
from dermoscopy.archive.folders import fresh
from dermoscopy.archive.hashes import sha256_all
from dermoscopy.archive.layout import METADATA, photographs
from dermoscopy.archive.sample import sample_lesions
from dermoscopy.params.merge import Merge
from dermoscopy.tables.merged import MERGED
from dermoscopy.tables.problems import PROBLEMS


def merge(archive: Path, problems: Path, params: Merge, folder: Path) -> None:
    """Write images/ and metadata.csv: the archive's photographs, byte for byte, and their table.

    Args:
        archive: A verified archive, as published.
        problems: Table of the photographs to leave out.
        params: Whether all lesions are kept.
        folder: Where the two are written.

    Raises:
        ParameterError: More lesions are asked for than there are.
    """
    table = metadata.read(archive / METADATA)
    table = table[~table["image_id"].isin(PROBLEMS.read(problems)["name"])]
    if params.lesions is not None:
        chosen = sample_lesions(table, params.lesions, np.random.default_rng(params.seed))
        table = table[table["lesion_id"].isin(chosen)]

    sources = {path.stem: path for path in photographs(archive)}
    images = fresh(folder / "images")
    for image_id in table["image_id"]:
        shutil.copyfile(sources[image_id], images / f"{image_id}.jpg")

    hashes = sha256_all(images / f"{image_id}.jpg" for image_id in table["image_id"])
    groups = join(table["lesion_id"], same_bytes(table["lesion_id"].tolist(), hashes))
    MERGED.write(table.assign(sha256=hashes, group=table["lesion_id"].map(groups)), folder / "metadata.csv")
