"""Contact sheets: examples of each diagnosis, and the pairs of duplicates."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from dermoscopy.core.images import read_image
from dermoscopy.core.splits import LABELS, SPLITS

COLUMNS = 8  # images per line; a pair takes two
TILES = 40  # tiles of a sheet, at most
IMAGE_SIZE, GAP, CAPTION, TITLE = 128, 8, 30, 28  # pixels
DUPLICATES = "duplicates"


class Tile(NamedTuple):
    """One image, or the two of a pair next to each other, with two lines of text below."""

    paths: tuple[Path, ...]
    caption: str


def write_sheets(
    rows: pd.DataFrame, duplicates: pd.DataFrame, folder: Path, warning: str = "", root: Path = Path()
) -> None:
    """Write <dx>.png for each diagnosis, and duplicates.png if there are any.

    Args:
        rows: Originals, columns of `SPLIT`.
        duplicates: Pairs of images, columns of `DUPLICATES`.
        folder: Folder of the sheets; it is created if necessary.
        warning: Warning of a leaky protocol, shown in every title; empty for a clean one.
        root: Top folder of the project; the paths in the rows are relative to it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images = _one_row_per_image(rows)
    for dx, of_dx in images.groupby("dx"):
        draw_diagnosis(str(dx), of_dx, root, warning).save(folder / f"{dx}.png")
    pairs = duplicates[duplicates[["image_id", "other_image_id"]].isin(set(images["image_id"])).all(axis="columns")]
    if len(pairs):
        draw_duplicates(pairs, images, root, warning).save(folder / f"{DUPLICATES}.png")


def draw_diagnosis(dx: str, images: pd.DataFrame, root: Path, warning: str = "") -> Image.Image:
    """Draw images of one diagnosis, evenly spaced in the order of the rows.

    Args:
        dx: The diagnosis.
        images: One row per image, columns of `SPLIT`.
        root: Top folder of the project.
        warning: Warning of a leaky protocol, or empty.
    """
    chosen = _evenly_spaced(images, TILES)
    title = f"{dx}: {len(chosen)} of {len(images):,} images, {images['lesion_id'].nunique():,} lesions"
    tiles = [
        Tile((root / path,), f"{image_id}\n{split}, {LABELS[label]}")
        for image_id, path, split, label in chosen[["image_id", "path", "split", "label"]].itertuples(index=False)
    ]
    return _draw_sheet(title, tiles, warning)


def draw_duplicates(pairs: pd.DataFrame, images: pd.DataFrame, root: Path, warning: str = "") -> Image.Image:
    """Draw pairs of duplicates, evenly spaced in the order of their kinds and distances.

    A pair that was found by two methods is drawn once.

    Args:
        pairs: Columns of `DUPLICATES`; both images of each pair are in `images`.
        images: One row per image, columns of `SPLIT`.
        root: Top folder of the project.
        warning: Warning of a leaky protocol, or empty.
    """
    by_id = images.set_index("image_id")
    by_pair = pairs.sort_values("kind").groupby(["image_id", "other_image_id"], as_index=False)
    unique = by_pair.agg(kind=("kind", ", ".join), distance=("distance", "max"))
    chosen = _evenly_spaced(unique.sort_values(["kind", "distance", "image_id", "other_image_id"]), TILES)
    tiles = []
    for pair in chosen.to_dict("records"):
        both = by_id.loc[[pair["image_id"], pair["other_image_id"]]]
        distance = "" if np.isnan(pair["distance"]) else f", {pair['distance']:.0f} bits"
        splits = " | ".join(both["split"].drop_duplicates())
        paths = tuple(root / path for path in both["path"])
        caption = f"{pair['image_id']} = {pair['other_image_id']}\n{pair['kind']}{distance}; {splits}"
        tiles.append(Tile(paths, caption))
    return _draw_sheet(f"duplicates: {len(chosen)} of {len(unique):,} pairs", tiles, warning)


def _one_row_per_image(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per image, by split and id; the row of an image in two splits names both."""
    ordered = rows.sort_values("image_id").sort_values(
        "split", key=lambda split: split.map(SPLITS.index), kind="stable"
    )
    splits = ordered.groupby("image_id")["split"].agg(", ".join)
    return ordered.drop_duplicates("image_id").assign(split=lambda unique: unique["image_id"].map(splits))


def _evenly_spaced(rows: pd.DataFrame, largest: int) -> pd.DataFrame:
    count = min(len(rows), largest)
    return rows.iloc[np.linspace(0, len(rows) - 1, count).round().astype(int)]


def _draw_sheet(title: str, tiles: list[Tile], warning: str) -> Image.Image:
    images_per_tile = len(tiles[0].paths)
    columns = COLUMNS // images_per_tile
    lines = -(-len(tiles) // columns)
    width = GAP + columns * (images_per_tile * IMAGE_SIZE + GAP)
    sheet = Image.new("RGB", (width, TITLE + lines * (IMAGE_SIZE + CAPTION + GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    draw.text((GAP, GAP), title + f" ({warning})" * bool(warning), "black", ImageFont.load_default(14))
    for position, (paths, caption) in enumerate(tiles):
        line, column = divmod(position, columns)
        left = GAP + column * (images_per_tile * IMAGE_SIZE + GAP)
        top = TITLE + line * (IMAGE_SIZE + CAPTION + GAP)
        for index, path in enumerate(paths):
            sheet.paste(Image.fromarray(read_image(path, IMAGE_SIZE)), (left + index * IMAGE_SIZE, top))
        draw.text((left, top + IMAGE_SIZE + 2), caption, "black", font)
    return sheet
