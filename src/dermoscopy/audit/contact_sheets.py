"""Contact sheets: what the images of a diagnosis look like, and which were found to be one."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from dermoscopy.core.images import read_image
from dermoscopy.core.splits import LABELS, SPLITS

COLUMNS = 8  # of images; the two of a pair stand beside each other
TILES = 40  # of a sheet, at most
SIDE, GAP, CAPTION, TITLE = 128, 8, 30, 28  # pixels
DUPLICATES = "duplicates"


class Tile(NamedTuple):
    """Images that touch, and the two lines below them."""

    paths: tuple[Path, ...]
    caption: str


def write_sheets(
    rows: pd.DataFrame, duplicates: pd.DataFrame, folder: Path, warning: str = "", root: Path = Path()
) -> None:
    """Write <dx>.png for each diagnosis, and duplicates.png if there are any.

    Args:
        rows: Originals, columns of `SPLIT`.
        duplicates: Pairs of images, columns of `DUPLICATES`.
        folder: To be made.
        warning: Of a leaky protocol, for every title.
        root: The project's top folder, where the rows' paths start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images = _once(rows)
    for dx, of_dx in images.groupby("dx"):
        draw_diagnosis(str(dx), of_dx, root, warning).save(folder / f"{dx}.png")
    pairs = duplicates[duplicates[["image_id", "other_image_id"]].isin(set(images["image_id"])).all(axis="columns")]
    if len(pairs):
        draw_duplicates(pairs, images, root, warning).save(folder / f"{DUPLICATES}.png")


def draw_diagnosis(dx: str, images: pd.DataFrame, root: Path, warning: str = "") -> Image.Image:
    """Draw images of one diagnosis, evenly chosen from its splits and ids.

    Args:
        dx: The diagnosis.
        images: A row each, columns of `SPLIT`.
        root: The project's top folder.
        warning: As `write_sheets` takes it.
    """
    chosen = _evenly(images, TILES)
    title = f"{dx}: {len(chosen)} of {len(images):,} images, {images['lesion_id'].nunique():,} lesions"
    tiles = [
        Tile((root / path,), f"{image_id}\n{split}, {LABELS[label]}")
        for image_id, path, split, label in chosen[["image_id", "path", "split", "label"]].itertuples(index=False)
    ]
    return _draw(title, tiles, warning)


def draw_duplicates(pairs: pd.DataFrame, images: pd.DataFrame, root: Path, warning: str = "") -> Image.Image:
    """Draw pairs of images that were found to be one, or of one lesion, evenly chosen from their kinds.

    A pair that was found in two ways is shown once.

    Args:
        pairs: Columns of `DUPLICATES`; both images of each are in the next argument.
        images: A row each, columns of `SPLIT`.
        root: The project's top folder.
        warning: As `write_sheets` takes it.
    """
    by_id = images.set_index("image_id")
    by_pair = pairs.sort_values("kind").groupby(["image_id", "other_image_id"], as_index=False)
    once = by_pair.agg(kind=("kind", ", ".join), distance=("distance", "max"))
    chosen = _evenly(once.sort_values(["kind", "distance", "image_id", "other_image_id"]), TILES)
    tiles = []
    for pair in chosen.to_dict("records"):
        both = by_id.loc[[pair["image_id"], pair["other_image_id"]]]
        distance = "" if np.isnan(pair["distance"]) else f", {pair['distance']:.0f} bits"
        splits = " | ".join(both["split"].drop_duplicates())
        paths = tuple(root / path for path in both["path"])
        tiles.append(Tile(paths, f"{pair['image_id']} = {pair['other_image_id']}\n{pair['kind']}{distance}; {splits}"))
    return _draw(f"duplicates: {len(chosen)} of {len(once):,} pairs", tiles, warning)


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a image, by split and id; one that stands in two splits names both."""
    ordered = rows.sort_values("image_id").sort_values(
        "split", key=lambda split: split.map(SPLITS.index), kind="stable"
    )
    splits = ordered.groupby("image_id")["split"].agg(", ".join)
    return ordered.drop_duplicates("image_id").assign(split=lambda once: once["image_id"].map(splits))


def _evenly(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    shown = min(len(rows), most)
    return rows.iloc[np.linspace(0, len(rows) - 1, shown).round().astype(int)]


def _draw(title: str, tiles: list[Tile], warning: str) -> Image.Image:
    across = len(tiles[0].paths)
    columns = COLUMNS // across
    lines = -(-len(tiles) // columns)
    width = GAP + columns * (across * SIDE + GAP)
    sheet = Image.new("RGB", (width, TITLE + lines * (SIDE + CAPTION + GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    draw.text((GAP, GAP), title + f" ({warning})" * bool(warning), "black", ImageFont.load_default(14))
    for position, (paths, caption) in enumerate(tiles):
        line, column = divmod(position, columns)
        left, top = GAP + column * (across * SIDE + GAP), TITLE + line * (SIDE + CAPTION + GAP)
        for place, path in enumerate(paths):
            sheet.paste(Image.fromarray(read_image(path, SIDE)), (left + place * SIDE, top))
        draw.text((left, top + SIDE + 2), caption, "black", font)
    return sheet
