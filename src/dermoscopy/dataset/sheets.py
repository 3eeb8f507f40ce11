"""Contact sheets: what the photographs of a diagnosis look like, and which part they are in."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from dermoscopy.images import read_image
from dermoscopy.tables.parts import LABELS, PARTS

COLUMNS, ROWS = 8, 5
SIDE, GAP, CAPTION, TITLE = 128, 8, 30, 28  # pixels


def write_sheets(rows: pd.DataFrame, folder: Path, root: Path = Path()) -> None:
    """Write <dx>.png for each diagnosis.

    Args:
        rows: Originals, columns of `PART`.
        folder: To be made.
        root: The project's top folder, where the rows' paths start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for dx, of_dx in rows.groupby("dx"):
        draw_sheet(str(dx), of_dx, root).save(folder / f"{dx}.png")


def draw_sheet(dx: str, rows: pd.DataFrame, root: Path) -> Image.Image:
    """Draw photographs of one diagnosis, evenly chosen from its parts and ids.

    Args:
        dx: The diagnosis.
        rows: Its originals, columns of `PART`.
        root: The project's top folder.
    """
    ordered = rows.sort_values("image_id").sort_values("part", key=lambda part: part.map(PARTS.index), kind="stable")
    shown = min(len(ordered), COLUMNS * ROWS)
    chosen = ordered.iloc[np.linspace(0, len(ordered) - 1, shown).round().astype(int)]
    lines = -(-shown // COLUMNS)
    size = (GAP + COLUMNS * (SIDE + GAP), TITLE + lines * (SIDE + CAPTION + GAP))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    title = f"{dx}: {shown} of {len(rows):,} photographs, {rows['lesion_id'].nunique():,} lesions"
    draw.text((GAP, GAP), title, "black", ImageFont.load_default(14))
    for position, (image_id, path, part, label) in enumerate(
        zip(chosen["image_id"], chosen["path"], chosen["part"], chosen["label"], strict=True)
    ):
        line, column = divmod(position, COLUMNS)
        left, top = GAP + column * (SIDE + GAP), TITLE + line * (SIDE + CAPTION + GAP)
        sheet.paste(Image.fromarray(read_image(root / path, SIDE)), (left, top))
        draw.text((left, top + SIDE + 2), f"{image_id}\n{part}, {LABELS[label]}", "black", font)
    return sheet
