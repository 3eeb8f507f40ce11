from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageChops

from dermoscopy.audit.contact_sheets import (
    CAPTION,
    COLUMNS,
    GAP,
    IMAGE_SIZE,
    TILES,
    TITLE,
    draw_diagnosis,
    write_sheets,
)
from dermoscopy.ham10000.duplicates import DUPLICATES

NONE = pd.DataFrame(columns=list(DUPLICATES.columns))
COLOURS = {"nv": (200, 40, 40), "mel": (40, 40, 200)}


@pytest.fixture
def rows(tmp_path: Path) -> pd.DataFrame:
    """Nine nevi in train and one melanoma, which is in val and in test; each diagnosis has its own colour."""
    originals = []
    for number in range(10):
        dx = "mel" if number == 9 else "nv"
        path = f"{number}.png"
        Image.new("RGB", (16, 12), COLOURS[dx]).save(tmp_path / path)
        row = {"image_id": f"ISIC_{number}", "lesion_id": f"HAM_{number}", "dx": dx, "label": int(dx == "mel")}
        originals.append(row | {"split": "test" if dx == "mel" else "train", "path": path})
    return pd.DataFrame([*originals, originals[-1] | {"split": "val"}])


def pair(first: str, second: str) -> pd.DataFrame:
    return pd.DataFrame([("near-duplicate", first, second, "HAM_1", "HAM_9", 9.0)], columns=list(DUPLICATES.columns))


def colour(sheet: Image.Image, column: int, line: int = 0, tile: int = IMAGE_SIZE) -> tuple[int, ...]:
    position = (
        GAP + column * (tile + GAP) + IMAGE_SIZE // 2,
        TITLE + line * (IMAGE_SIZE + CAPTION + GAP) + IMAGE_SIZE // 2,
    )
    return sheet.convert("RGB").getpixel(position)


def test_each_diagnosis_has_a_sheet_of_the_same_bytes_every_time(rows: pd.DataFrame, tmp_path: Path) -> None:
    write_sheets(rows, NONE, tmp_path / "one", root=tmp_path)
    write_sheets(rows.iloc[::-1], NONE, tmp_path / "two", root=tmp_path)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["mel.png", "nv.png"]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_every_title_warns_of_a_leaky_protocol(rows: pd.DataFrame, tmp_path: Path) -> None:
    for folder, warning in (("clean", ""), ("leaky", "leaky protocol: splits share lesions")):
        write_sheets(rows, pair("ISIC_1", "ISIC_9"), tmp_path / folder, warning, tmp_path)
    for path in (tmp_path / "clean").iterdir():
        with Image.open(path) as clean, Image.open(tmp_path / "leaky" / path.name) as leaky:
            _, _, right, bottom = ImageChops.difference(clean, leaky).getbbox()
            assert bottom < TITLE
            assert right < clean.width


def test_size_of_a_sheet_fits_its_images(rows: pd.DataFrame, tmp_path: Path) -> None:
    write_sheets(rows, NONE, tmp_path / "sheets", root=tmp_path)
    width = GAP + COLUMNS * (IMAGE_SIZE + GAP)
    with Image.open(tmp_path / "sheets" / "nv.png") as nevi, Image.open(tmp_path / "sheets" / "mel.png") as melanoma:
        assert nevi.size == (width, TITLE + 2 * (IMAGE_SIZE + CAPTION + GAP))
        assert colour(nevi, 0) == colour(nevi, COLUMNS - 1) == colour(nevi, 0, 1) == COLOURS["nv"]
        assert colour(nevi, 1, 1) == (255, 255, 255)
        # It is in val and in test, and is drawn once.
        assert melanoma.size == (width, TITLE + IMAGE_SIZE + CAPTION + GAP)
        assert colour(melanoma, 0) == COLOURS["mel"]
        assert colour(melanoma, 1) == (255, 255, 255)


def test_a_sheet_has_a_limited_number_of_images_from_all_ids(rows: pd.DataFrame, tmp_path: Path) -> None:
    many = pd.concat([rows[rows["dx"] == "nv"].iloc[:1]] * (TILES + 1))
    last = rows[rows["dx"] == "mel"].iloc[:1]
    sheet = draw_diagnosis("nv", pd.concat([many, last]), tmp_path)
    assert sheet.height == TITLE + TILES // COLUMNS * (IMAGE_SIZE + CAPTION + GAP)
    assert colour(sheet, COLUMNS - 1, TILES // COLUMNS - 1) == COLOURS["mel"]


def test_duplicates_are_next_to_each_other(rows: pd.DataFrame, tmp_path: Path) -> None:
    write_sheets(rows, pair("ISIC_1", "ISIC_9"), tmp_path / "sheets", root=tmp_path)
    with Image.open(tmp_path / "sheets" / "duplicates.png") as sheet:
        assert sheet.size == (GAP + COLUMNS // 2 * (2 * IMAGE_SIZE + GAP), TITLE + IMAGE_SIZE + CAPTION + GAP)
        left = (GAP + IMAGE_SIZE - 1, TITLE + IMAGE_SIZE // 2)
        assert sheet.getpixel(left) == COLOURS["nv"]
        assert sheet.getpixel((left[0] + 1, left[1])) == COLOURS["mel"]


@pytest.mark.parametrize("kind", ["none", "an image is in no split"])
def test_without_pairs_there_is_no_sheet_of_duplicates(rows: pd.DataFrame, tmp_path: Path, kind: str) -> None:
    write_sheets(rows, NONE if kind == "none" else pair("ISIC_1", "ISIC_x"), tmp_path / "sheets", root=tmp_path)
    assert not (tmp_path / "sheets" / "duplicates.png").exists()


def test_a_pair_of_same_bytes_has_no_distance(rows: pd.DataFrame, tmp_path: Path) -> None:
    same = pair("ISIC_1", "ISIC_2").assign(kind="same bytes", distance=np.nan)
    both = pd.concat([same, pair("ISIC_3", "ISIC_4")])
    write_sheets(rows, both, tmp_path / "one", root=tmp_path)
    write_sheets(rows, both.iloc[::-1], tmp_path / "two", root=tmp_path)
    first, second = (tmp_path / name / "duplicates.png" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()


def test_a_pair_found_by_two_methods_is_shown_once(rows: pd.DataFrame, tmp_path: Path) -> None:
    near = pair("ISIC_1", "ISIC_9")
    write_sheets(
        rows, pd.concat([near, near.assign(kind="confirmed", distance=np.nan)]), tmp_path / "one", root=tmp_path
    )
    with Image.open(tmp_path / "one" / "duplicates.png") as sheet:
        assert colour(sheet, 0, tile=2 * IMAGE_SIZE) == COLOURS["nv"]
        assert colour(sheet, 1, tile=2 * IMAGE_SIZE) == (255, 255, 255)
