"""Contact sheets: what the photographs of a diagnosis look like, and which were found to be one."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from dermoscopy.core.images import read_image
from dermoscopy.core.splits import LABELS, PARTS

COLUMNS = 8  # of photographs; the two of a pair stand beside each other
TILES = 40  # of a sheet, at most
SIDE, GAP, CAPTION, TITLE = 128, 8, 30, 28  # pixels
DUPLICATES = "duplicates"


class Tile(NamedTuple):
    """Photographs that touch, and the two lines below them."""

    paths: tuple[Path, ...]
    caption: str


def write_sheets(
    rows: pd.DataFrame, duplicates: pd.DataFrame, folder: Path, warning: str = "", root: Path = Path()
) -> None:
    """Write <dx>.png for each diagnosis, and duplicates.png if there are any.

    Args:
        rows: Originals, columns of `PART`.
        duplicates: Pairs of photographs, columns of `DUPLICATES`.
        folder: To be made.
        warning: Of a leaky protocol, for every title.
        root: The project's top folder, where the rows' paths start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    photographs = _once(rows)
    for dx, of_dx in photographs.groupby("dx"):
        draw_diagnosis(str(dx), of_dx, root, warning).save(folder / f"{dx}.png")
    pairs = duplicates[duplicates[["image_id", "other"]].isin(set(photographs["image_id"])).all(axis="columns")]
    if len(pairs):
        draw_duplicates(pairs, photographs, root, warning).save(folder / f"{DUPLICATES}.png")


def draw_diagnosis(dx: str, photographs: pd.DataFrame, root: Path, warning: str = "") -> Image.Image:
    """Draw photographs of one diagnosis, evenly chosen from its parts and ids.

    Args:
        dx: The diagnosis.
        photographs: A row each, columns of `PART`.
        root: The project's top folder.
        warning: As `write_sheets` takes it.
    """
    chosen = _evenly(photographs, TILES)
    title = f"{dx}: {len(chosen)} of {len(photographs):,} photographs, {photographs['lesion_id'].nunique():,} lesions"
    tiles = [
        Tile((root / path,), f"{image_id}\n{part}, {LABELS[label]}")
        for image_id, path, part, label in chosen[["image_id", "path", "part", "label"]].itertuples(index=False)
    ]
    return _draw(title, tiles, warning)


def draw_duplicates(pairs: pd.DataFrame, photographs: pd.DataFrame, root: Path, warning: str = "") -> Image.Image:
    """Draw pairs of photographs that were found to be one, or of one lesion, evenly chosen from their kinds.

    A pair that was found in two ways is shown once.

    Args:
        pairs: Columns of `DUPLICATES`; both photographs of each are in the next argument.
        photographs: A row each, columns of `PART`.
        root: The project's top folder.
        warning: As `write_sheets` takes it.
    """
    by_id = photographs.set_index("image_id")
    by_pair = pairs.sort_values("kind").groupby(["image_id", "other"], as_index=False)
    once = by_pair.agg(kind=("kind", ", ".join), distance=("distance", "max"))
    chosen = _evenly(once.sort_values(["kind", "distance", "image_id", "other"]), TILES)
    tiles = []
    for pair in chosen.to_dict("records"):
        both = by_id.loc[[pair["image_id"], pair["other"]]]
        distance = "" if np.isnan(pair["distance"]) else f", {pair['distance']:.0f} bits"
        parts = " | ".join(both["part"].drop_duplicates())
        paths = tuple(root / path for path in both["path"])
        tiles.append(Tile(paths, f"{pair['image_id']} = {pair['other']}\n{pair['kind']}{distance}; {parts}"))
    return _draw(f"duplicates: {len(chosen)} of {len(once):,} pairs", tiles, warning)


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a photograph, by part and id; one that stands in two parts names both."""
    ordered = rows.sort_values("image_id").sort_values("part", key=lambda part: part.map(PARTS.index), kind="stable")
    parts = ordered.groupby("image_id")["part"].agg(", ".join)
    return ordered.drop_duplicates("image_id").assign(part=lambda once: once["image_id"].map(parts))


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
