"""Compare a folder of images with those of the run: only images that the run has not used are an external set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.audit.evidence import read_rows
from dermoscopy.core.errors import TableError, UserError, first_few
from dermoscopy.core.splits import SPLITS
from dermoscopy.ham10000.duplicates import confirmed_pairs, near_pairs, perceptual_hashes
from dermoscopy.ham10000.problems import printable

BYTES, ID, NEAR, CONFIRMED, LESION = KINDS = (
    "same bytes",
    "same image_id",
    "similar image",
    "same lesion, confirmed by eye",
    "same lesion_id",
)  # the surest first
NO_TABLES = "not compared with the images of the run: data/split has no tables. Get them with: dvc pull data/split"
NO_IMAGES = (
    "compared by ids and bytes, but {missing:,} of {total:,} images of the run are not in data/split, so that copies "
    "of them which were saved again cannot be found. Get them with: dvc pull data/split"
)


@dataclass(frozen=True)
class Overlap:
    """Images of a folder that the run has, too.

    Attributes:
        images: A row for each of these images: `image_id`, `lesion_id`, `kind` of `KINDS` (the surest one), `split`
            (of several, the first of train, val and test), `of_run`, the image_id there, and `distance` of the
            perceptual hashes in bits, NaN for the other kinds.
        compared: Number of images of the run; 0 if it has no tables.
        incomplete: Why the comparison is incomplete; empty if it is not.
        within: Similar images of the folder whose lesions differ: both image_ids, and the distance in bits.
    """

    images: pd.DataFrame
    compared: int
    incomplete: str
    within: Sequence[tuple[str, str, int]] = ()

    def counts(self) -> list[tuple[str, str, int]]:
        """Return kind, split and number of images, in the order of `KINDS` and of the splits."""
        size = self.images.groupby(["kind", "split"]).size()
        return [(kind, split, int(size[kind, split])) for kind in KINDS for split in SPLITS if (kind, split) in size]

    def lines(self) -> list[str]:
        """Return a line for each kind and split: the number of images, and the first few with those of the run."""
        found = []
        for kind, split, number in self.counts():
            rows = self.images[(self.images["kind"] == kind) & (self.images["split"] == split)]
            pairs = [
                f"{image_id} = {of_run}" + (f" ({distance:.0f} bits)" if kind == NEAR else "")
                for image_id, of_run, distance in zip(rows["image_id"], rows["of_run"], rows["distance"], strict=True)
            ]
            found.append(f"{kind}, {split}, {number:,}: {printable(', '.join(first_few(pairs)))}")
        return found

    def descriptions(self) -> dict[str, str]:
        """Return image_id to the image of the run that it is like."""
        return {
            row["image_id"]: f"{row['kind']} as {row['of_run']} in {row['split']}"
            for row in self.images.to_dict("records")
        }

    def touches(self, lesions: "pd.Series[str]") -> "pd.Series[bool]":
        """Return whether each image is of a lesion that has an overlapping image.

        Args:
            lesions: lesion_id of each image of the folder.
        """
        return lesions.isin(list(self.images["lesion_id"]))


def find_overlap(rows: pd.DataFrame, sha256: Mapping[str, str], root: Path, max_distance: int) -> Overlap:
    """Find the images of a folder that are also in train, val or test of the run.

    An image overlaps if it has the same image_id or lesion_id, the same bytes, or a similar perceptual hash, or if
    people confirmed that it shows the same lesion (`ham10000.duplicates`).

    Args:
        rows: Images of the folder that can be decoded: image_id, lesion_id and path.
        sha256: SHA-256 of each, by path.
        root: Top folder of the project. Without the images of the run only ids and bytes are compared.
        max_distance: Largest distance of similar images, in bits of 256.

    Raises:
        UserError: An image of the run cannot be decoded.
    """
    try:
        run = read_rows(root)
    except TableError:
        return Overlap(_strongest([]), 0, NO_TABLES)
    run = run[run["image_id"] == run["source"]].drop_duplicates(["image_id", "table"], ignore_index=True)
    ids = [str(name) for name in rows["image_id"]]
    found: list[tuple[str, int, int, float]] = []
    for kind, own, values in (
        (ID, [Path(name).stem for name in ids], run["image_id"]),
        (LESION, rows["lesion_id"], run["lesion_id"]),
        (BYTES, rows["path"].map(sha256), run["sha256"]),
    ):
        positions = {value: list(group) for value, group in values.groupby(values).groups.items()}
        found += [
            (kind, first, second, np.nan) for first, value in enumerate(own) for second in positions.get(value, [])
        ]
    both = [Path(name).stem for name in ids] + run["image_id"].tolist()
    for pair in confirmed_pairs(both, [*rows["lesion_id"], *run["lesion_id"]]):
        first, second = sorted(pair)
        if first < len(rows) <= second:
            found.append((CONFIRMED, first, second - len(rows), np.nan))
    present = [position for position, path in enumerate(run["path"]) if (root / path).is_file()]
    lesions, within = list(rows["lesion_id"]), []
    of_run = [root / run["path"][position] for position in present]
    for first, second, distance in near_pairs(_hashes([*map(Path, rows["path"]), *of_run]), max_distance):
        if first < len(rows) <= second:
            found.append((NEAR, first, present[second - len(rows)], float(distance)))
        elif second < len(rows) and lesions[first] != lesions[second]:
            within.append((ids[first], ids[second], distance))
    missing = len(run) - len(present)
    incomplete = NO_IMAGES.format(missing=missing, total=len(run)) if missing else ""
    images = [
        (ids[first], lesions[first], kind, run["table"][second], run["image_id"][second], distance)
        for kind, first, second, distance in found
    ]
    return Overlap(_strongest(images), len(run), incomplete, within)


def _hashes(paths: Sequence[Path]) -> NDArray[np.bool_]:
    try:
        return perceptual_hashes(paths)
    except OSError as error:
        raise UserError(f"An image cannot be read: {error}\nIf it is of the run: dvc checkout data/split") from None


def _strongest(images: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Return a row for each image: the surest kind, then the first split, then the smallest distance."""
    frame = pd.DataFrame(images, columns=["image_id", "lesion_id", "kind", "split", "of_run", "distance"])
    frame = frame.astype({"distance": "float64"})
    order = frame.assign(kind=frame["kind"].map(KINDS.index), split=frame["split"].map(SPLITS.index))
    order = order.sort_values(["image_id", "kind", "split", "distance", "of_run"], kind="stable")
    return frame.loc[order.drop_duplicates("image_id").index].reset_index(drop=True)
