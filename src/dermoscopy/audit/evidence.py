"""Read what the audit checks: the tables and files as they are now, and what follows from their contents."""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dermoscopy.augment.augment import augment_image
from dermoscopy.augment.params import Augment
from dermoscopy.core.files import sha256_all
from dermoscopy.core.progress import track
from dermoscopy.core.splits import README, SPLIT, SPLITS
from dermoscopy.ham10000.duplicates import DUPLICATES, MERGED, find_duplicates, perceptual_hashes
from dermoscopy.split.params import Split

# The README of the augment stage, and files that a desktop puts into folders: no table lists them, no stage reads them.
NO_IMAGE = (README, ".DS_Store", "._*", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Evidence:
    """What the audit checks.

    Attributes:
        settings: Parameters of the split stage.
        merged: All images as merge wrote them; columns of `MERGED`.
        duplicates: Duplicates that merge found among these; columns of `DUPLICATES`.
        rows: The three tables as one; column `table` is the split whose table has the row.
        files: Files of all splits: `path`, `split` (by its folder), `sha256` (computed now).
        current_duplicates: Duplicates among the originals, by their files now; columns of `DUPLICATES`.
        augmented: Expected files of the augmented images: `image_id`, `source`, `sha256`.
    """

    settings: Split
    merged: pd.DataFrame
    duplicates: pd.DataFrame
    rows: pd.DataFrame
    files: pd.DataFrame
    current_duplicates: pd.DataFrame
    augmented: pd.DataFrame


Findings = Iterable[tuple[str, str]]  # pairs of a name and a detail
Check = Callable[[Evidence], Findings]


def gather(settings: Split, near_duplicates: int | None, augment: Augment, seed: int, root: Path = Path()) -> Evidence:
    """Read tables and files, search the files for duplicates, and make every augmented image again, in memory.

    Args:
        settings: Parameters of the split stage.
        near_duplicates: Largest distance of two perceptual hashes, in bits; None skips the search.
        augment: Parameters of the augment stage.
        seed: Seed of the augmented images.
        root: Top folder of the project.
    """
    folder = root / "data" / "merged"
    merged, duplicates = MERGED.read(folder / "metadata.csv"), DUPLICATES.read(folder / "duplicates.csv")
    rows, files = read_rows(root), read_files(root)
    originals = valid_originals(rows, files, merged)
    current_duplicates = search_duplicates(originals, near_duplicates, root)
    augmented = augment_again(rows, originals, augment, seed, root)
    return Evidence(settings, merged, duplicates, rows, files, current_duplicates, augmented)


def read_rows(root: Path = Path()) -> pd.DataFrame:
    """Read the three tables as one; column `table` is the split whose table has the row.

    Args:
        root: Top folder of the project.
    """
    tables = {split: SPLIT.read(root / "data" / "split" / f"{split}.csv") for split in SPLITS}
    return pd.concat([table.assign(table=split) for split, table in tables.items()], ignore_index=True)


def read_files(root: Path = Path()) -> pd.DataFrame:
    """List and hash the files of all splits.

    Args:
        root: Top folder of the project.

    Returns:
        Columns `path` (relative to root, sorted within a folder), `split` (by the folder), `sha256`.
    """
    found = [
        (path, split)
        for stage in ("split", "augmented")
        for split in SPLITS
        for path in sorted((root / "data" / stage / split).rglob("*"))
        if path.is_file() and not any(path.match(name) for name in NO_IMAGE)
    ]
    hashes = sha256_all(path for path, _ in found)
    names = [path.relative_to(root).as_posix() for path, _ in found]
    return pd.DataFrame({"path": names, "split": [split for _, split in found], "sha256": hashes}, dtype="str")


def valid_originals(rows: pd.DataFrame, files: pd.DataFrame, merged: pd.DataFrame) -> pd.DataFrame:
    """Return the originals whose files have the bytes that were merged, one row each.

    Checks report the others; their files may not be images.

    Args:
        rows: Result of `read_rows`.
        files: Result of `read_files`.
        merged: Columns of `MERGED`.

    Returns:
        Rows, with the `sha256` of the file.
    """
    originals = rows[rows["image_id"] == rows["source"]].drop(columns="sha256")
    found = originals.merge(files[["path", "sha256"]], on="path")
    return found.merge(merged[["image_id", "sha256"]], on=["image_id", "sha256"]).drop_duplicates("image_id")


def search_duplicates(originals: pd.DataFrame, near_duplicates: int | None, root: Path = Path()) -> pd.DataFrame:
    """Find duplicates among the originals by their files now.

    Args:
        originals: Result of `valid_originals`.
        near_duplicates: Largest distance of two perceptual hashes, in bits; None skips the search.
        root: Top folder of the project.

    Returns:
        Columns of `DUPLICATES`.
    """
    hashes = None if near_duplicates is None else perceptual_hashes([root / path for path in originals["path"]])
    return find_duplicates(originals, hashes, near_duplicates)


def augment_again(
    rows: pd.DataFrame, originals: pd.DataFrame, augment: Augment, seed: int, root: Path = Path()
) -> pd.DataFrame:
    """Make every augmented image of these originals again, and return the hash of its file.

    Args:
        rows: Result of `read_rows`.
        originals: Result of `valid_originals`.
        augment: Parameters of the augment stage.
        seed: Seed of the augmented images.
        root: Top folder of the project.

    Returns:
        Columns `image_id`, `source`, `sha256`.
    """
    augmented = rows.loc[rows["image_id"] != rows["source"], ["image_id", "source"]].drop_duplicates()
    augmented = augmented.merge(originals[["source", "path"]], on="source")

    def hash_augmented(image_id: str, path: str) -> str:
        return hashlib.sha256(augment_image(root / path, image_id, augment, seed)).hexdigest()

    with ThreadPoolExecutor() as pool:
        hashes = pool.map(hash_augmented, augmented["image_id"], augmented["path"])
        made = list(track(hashes, "Checking augmented images", len(augmented)))
    return augmented[["image_id", "source"]].assign(sha256=pd.Series(made, augmented.index, dtype="str"))
