"""What the audit looks at: the tables as they stand, the files as they lie, what follows from their contents."""

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

# Our own readme and what a desktop leaves in folders it shows: no stage reads what no table lists.
NO_IMAGE = (README, ".DS_Store", "._*", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Evidence:
    """What the audit looks at.

    Attributes:
        split: How images were dealt.
        merged: All images before they were dealt; columns of `MERGED`.
        duplicates: Duplicates that were found among those; columns of `DUPLICATES`.
        rows: The three tables as one, with the split whose `table` a row stands in.
        files: The files of all splits: `path`, the `split` whose folder they lie in, `sha256`, hashed anew.
        found: Duplicates among the originals, found anew; columns of `DUPLICATES`.
        copies: What each copy's file must be, by its original: `image_id`, `source`, `sha256`.
    """

    split: Split
    merged: pd.DataFrame
    duplicates: pd.DataFrame
    rows: pd.DataFrame
    files: pd.DataFrame
    found: pd.DataFrame
    copies: pd.DataFrame


Findings = Iterable[tuple[str, str]]  # names, with a detail each
Check = Callable[[Evidence], Findings]


def gather(split: Split, near_duplicates: int | None, augment: Augment, seed: int, root: Path = Path()) -> Evidence:
    """Read the tables and the files, look for duplicates among them and make every copy again, in memory.

    Args:
        split: How images were dealt.
        near_duplicates: Largest distance of two perceptual hashes, in bits; None looks for none.
        augment: How much a copy may differ from its original.
        seed: Of the copies.
        root: The project's top folder.
    """
    folder = root / "data" / "merged"
    merged, duplicates = MERGED.read(folder / "metadata.csv"), DUPLICATES.read(folder / "duplicates.csv")
    rows, files = read_rows(root), read_files(root)
    sound = valid_originals(rows, files, merged)
    found = search_duplicates(sound, near_duplicates, root)
    copies = augment_again(rows, sound, augment, seed, root)
    return Evidence(split, merged, duplicates, rows, files, found, copies)


def read_rows(root: Path = Path()) -> pd.DataFrame:
    """Read the three tables as one, with the split whose table each row stands in as `table`.

    Args:
        root: The project's top folder.
    """
    tables = {split: SPLIT.read(root / "data" / "split" / f"{split}.csv") for split in SPLITS}
    return pd.concat([table.assign(table=split) for split, table in tables.items()], ignore_index=True)


def read_files(root: Path = Path()) -> pd.DataFrame:
    """List the files of all splits and hash them anew.

    Args:
        root: The project's top folder.

    Returns:
        Columns `path` (from the root, sorted within a folder), `split` (by the folder), `sha256`.
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
    """Return the originals whose files are as they were merged, one row each.

    The others are told, and their files may be no images.

    Args:
        rows: What `read_rows` returned.
        files: What `read_files` returned.
        merged: Columns of `MERGED`.

    Returns:
        Rows, with the file's `sha256`.
    """
    originals = rows[rows["image_id"] == rows["source"]].drop(columns="sha256")
    found = originals.merge(files[["path", "sha256"]], on="path")
    return found.merge(merged[["image_id", "sha256"]], on=["image_id", "sha256"]).drop_duplicates("image_id")


def search_duplicates(originals: pd.DataFrame, near_duplicates: int | None, root: Path = Path()) -> pd.DataFrame:
    """Find duplicates among the originals by what their files hold now.

    Args:
        originals: What `valid_originals` returned.
        near_duplicates: Largest distance of two perceptual hashes, in bits; None looks for none.
        root: The project's top folder.

    Returns:
        Columns of `DUPLICATES`.
    """
    looks = None if near_duplicates is None else perceptual_hashes([root / path for path in originals["path"]])
    return find_duplicates(originals, looks, near_duplicates)


def augment_again(
    rows: pd.DataFrame, originals: pd.DataFrame, augment: Augment, seed: int, root: Path = Path()
) -> pd.DataFrame:
    """Make every copy of these originals again, and keep what its file hashes to.

    Args:
        rows: What `read_rows` returned.
        originals: What `valid_originals` returned.
        augment: How much a copy may differ.
        seed: Of the copies.
        root: The project's top folder.

    Returns:
        Columns `image_id`, `source`, `sha256`.
    """
    copies = rows.loc[rows["image_id"] != rows["source"], ["image_id", "source"]].drop_duplicates()
    copies = copies.merge(originals[["source", "path"]], on="source")

    def hash_augmented(image_id: str, path: str) -> str:
        return hashlib.sha256(augment_image(root / path, image_id, augment, seed)).hexdigest()

    with ThreadPoolExecutor() as pool:
        hashes = pool.map(hash_augmented, copies["image_id"], copies["path"])
        made = list(track(hashes, "Making copies again, to compare", len(copies)))
    return copies[["image_id", "source"]].assign(sha256=pd.Series(made, copies.index, dtype="str"))
