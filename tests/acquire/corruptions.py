"""Ways to corrupt a dataset, each with the line that reports it and the images that are left out."""

import csv
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA

FIRST, SECOND = IMAGE_FOLDERS  # ISIC_0, 2, 4, 6 and ISIC_1, 3, 5, 7
ALL = {f"ISIC_{number}" for number in range(8)}
MASKS = "HAM10000_segmentations_lesion_tschandl"
# Corrupts the dataset in a folder; may return the path of a zip to use instead.
Corruption = Callable[[Path], object]


def image_path(dataset: Path, number: int = 2) -> Path:
    return dataset / IMAGE_FOLDERS[number % 2] / f"ISIC_{number}.jpg"


def cell(column: str, value: str, row: int = 2) -> Corruption:
    def corrupt(dataset: Path) -> None:
        table = pd.read_csv(dataset / METADATA, dtype=str)
        table.loc[row, column] = value
        table.to_csv(dataset / METADATA, index=False, quoting=csv.QUOTE_ALL)

    return corrupt


def text(change: Callable[[list[str]], list[str]]) -> Corruption:
    def corrupt(dataset: Path) -> None:
        path = dataset / METADATA
        path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")

    return corrupt


def header(old: str, new: str) -> Corruption:
    return text(lambda lines: [lines[0].replace(old, new), *lines[1:]])


def data(content: bytes) -> Corruption:
    return lambda dataset: image_path(dataset).write_bytes(content)


def truncate(dataset: Path) -> None:
    image_path(dataset).write_bytes(image_path(dataset).read_bytes()[:-200])


def saved_as(mode: str, size: tuple[int, int] = (16, 12), file: str = "JPEG") -> Corruption:
    return lambda dataset: Image.new(mode, size).save(image_path(dataset), file)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, depth: int) -> bytes:
    """Return a black RGB PNG; Pillow cannot write one with 16 bits per channel."""
    rows = bytes(1 + width * 3 * depth // 8) * height
    content = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", content) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def half_grey() -> Image.Image:
    """Return an image as a decoder returns a JPEG that was cut in the middle."""
    image = Image.effect_noise((20, 20), 80).convert("RGB")
    image.paste((128, 128, 128), (0, 8, 20, 20))
    return image


def header_only_png(size: int) -> bytes:
    return png(1, 1, 8)[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)) + chunk(b"IEND", b"")


def zipped(name: str, content: bytes) -> Corruption:
    def corrupt(dataset: Path) -> Path:
        path = dataset.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for member in sorted(dataset.rglob("*.*")):
                file.write(member, member.relative_to(dataset))
            file.writestr(name, content)
        return path

    return corrupt


def mask(content: bytes, number: int = 2) -> Corruption:
    def corrupt(dataset: Path) -> None:
        folder = dataset / MASKS
        folder.mkdir()
        (folder / f"ISIC_{number}_segmentation.png").write_bytes(content)
        Image.fromarray(np.eye(4, dtype=np.uint8)).save(folder / "ISIC_0_segmentation.png")

    return corrupt


def truncated_mask(dataset: Path) -> None:
    mask(image_path(dataset).read_bytes()[:-200])(dataset)


def same_bytes(number: int, duplicate: int) -> Corruption:
    return lambda dataset: shutil.copy(image_path(dataset, number), image_path(dataset, duplicate))


FATAL: dict[str, tuple[Corruption, str]] = {
    "no table": (lambda dataset: (dataset / METADATA).unlink(), f"table missing, 1: {METADATA}"),
    "empty table": (
        lambda dataset: (dataset / METADATA).write_bytes(b""),
        f"table that cannot be read, 1: {METADATA} (it is empty)",
    ),
    "no rows": (text(lambda lines: lines[:1]), f"table without rows, 1: {METADATA}"),
    "not UTF-8": (
        lambda dataset: (dataset / METADATA).write_bytes(
            (dataset / METADATA).read_bytes().replace(b"back", b"R\xfccken", 3)
        ),
        f"table that is not UTF-8, 1: {METADATA} (byte 0xfc in line 2)",
    ),
    "open quote": (
        text(lambda lines: [*lines, 'HAM_8,"ISIC_8,nv']),
        "table that cannot be read, 1: HAM10000_metadata.csv (line",
    ),
    "no column": (
        text(lambda lines: [line.rpartition(",")[0] for line in lines]),
        "column missing from the table, 1: localization (received 'lesion_id, image_id, dx, dx_type, age, sex')",
    ),
    "column in capitals": (header(",age", ",Age"), "column missing from the table, 1: age (is it 'Age'?)"),
    "column with blanks": (header("dx,", " dx,"), "column missing from the table, 1: dx (is it ' dx'?)"),
    "another table": (
        text(lambda _: ["name|size", "1|2"]),
        "column missing from the table, 7: lesion_id (received 'name|size'), image_id, dx, dx_type, age, and 2 more",
    ),
    "column twice": (header("dx_type", "dx"), "column twice in the table, 1: dx"),
    "all lines ragged": (
        text(lambda lines: [f"{lines[0]},dataset", *lines[1:]]),
        "line with too many or too few fields, 8: line 2 (7 instead of 8),",
    ),
    "no folder": (
        lambda dataset: [shutil.rmtree(dataset / name) for name in IMAGE_FOLDERS],
        "no valid image is left, 1: 0 of 0",
    ),
    "zip too large": (
        zipped(f"{FIRST}/ISIC_8.jpg", bytes(2_000_000)),
        "zips that unpack to more than data.limits.unpacked, 1: 0.001 GB",
    ),
}
LEFT_OUT: dict[str, tuple[Corruption, str, set[str]]] = {
    "line too long": (
        text(lambda lines: [*lines[:3], lines[3] + ",more", *lines[4:]]),
        "line with too many or too few fields, 1: line 4 (8 instead of 7)",
        {"ISIC_2"},
    ),
    "line too short": (
        text(lambda lines: [*lines[:-1], "HAM_0,ISIC_7,akiec"]),
        "line with too many or too few fields, 1: line 9 (3 instead of 7)",
        {"ISIC_7"},
    ),
    "unknown dx": (
        cell("dx", "melanom"),
        "dx other than akiec, bcc, bkl, df, mel, nv, vasc, 1: 'melanom' (1 row; is it mel?)",
        {"ISIC_2"},
    ),
    "no dx": (cell("dx", ""), "missing dx, 1: ISIC_2", {"ISIC_2"}),
    "dx written as missing": (cell("dx", "N/A"), "missing dx, 1: ISIC_2 ('N/A')", {"ISIC_2"}),
    "no image_id": (cell("image_id", ""), "missing image_id, 1: line 4", {"ISIC_2"}),
    "no lesion_id": (cell("lesion_id", ""), "missing lesion_id, 1: ISIC_2", {"ISIC_2"}),
    "malformed image_id": (cell("image_id", "ISIC 2"), "malformed image_id, 1: ISIC 2 (line 4)", {"ISIC_2", "ISIC 2"}),
    "malformed lesion_id": (cell("lesion_id", "HAM_2\n"), "malformed lesion_id, 1: ISIC_2 ('HAM_2\\n')", {"ISIC_2"}),
    "image_id with a path": (
        cell("image_id", "../ISIC_2"),
        "image_id with a path outside the folder, 1: ../ISIC_2 (line 4)",
        {"ISIC_2", "../ISIC_2"},
    ),
    "image_id with a file ending": (
        cell("image_id", "ISIC_2.JPG"),
        "image_id with a file ending, 1: ISIC_2.JPG (line 4)",
        {"ISIC_2", "ISIC_2.JPG"},
    ),
    "two rows that differ": (
        text(lambda lines: [*lines, lines[3].replace("male,back", "female,chest")]),
        "image_id in several rows, 1: ISIC_2 (lines 4, 10: sex, localization differ)",
        {"ISIC_2"},
    ),
    "image_ids alike": (
        cell("image_id", "isic_3"),
        "image_ids that differ in letter case only, 1: ISIC_3, isic_3",
        {"ISIC_2", "ISIC_3", "isic_3"},
    ),
    "lesion_ids alike": (
        cell("lesion_id", "ham_3"),
        "lesion_ids that differ in letter case only, 1: HAM_3, ham_3",
        {"ISIC_2", "ISIC_3"},
    ),
    "two diagnoses": (
        cell("dx", "nv", row=7),
        "lesion with several diagnoses, 1: HAM_0 (akiec, nv)",
        {"ISIC_0", "ISIC_7"},
    ),
    "control character in image_id": (
        cell("image_id", "ISIC\r2"),
        "malformed image_id, 1: ISIC\\r2 (line ",
        {"ISIC_2", "ISIC\r2"},
    ),
    "image_id of an augmented image": (
        cell("image_id", "ISIC_2_copy1"),
        "image_id with the ending of an augmented image, 1: ISIC_2_copy1 (line 4)",
        {"ISIC_2", "ISIC_2_copy1"},
    ),
    "image_id too long": (
        cell("image_id", "I" * 201),
        f"malformed image_id, 1: {'I' * 201} (line 4)",
        {"ISIC_2", "I" * 201},
    ),
    "row without an image": (
        lambda dataset: image_path(dataset).unlink(),
        "row without an image, 1: ISIC_2",
        {"ISIC_2"},
    ),
    "image without a row": (text(lambda lines: lines[:3] + lines[4:]), "image without a row, 1: ISIC_2", {"ISIC_2"}),
    "both folders": (
        lambda dataset: shutil.copy(image_path(dataset), dataset / SECOND),
        "image in both folders, 1: ISIC_2",
        {"ISIC_2"},
    ),
    "no second folder": (
        lambda dataset: shutil.rmtree(dataset / SECOND),
        f"folder missing, 1: {SECOND} (4 rows without an image)",
        {"ISIC_1", "ISIC_3", "ISIC_5", "ISIC_7"},
    ),
    "same bytes, two diagnoses": (
        same_bytes(2, 4),
        "same bytes under several diagnoses, 1: ISIC_2 = ISIC_4 (bkl, mel)",
        {"ISIC_2", "ISIC_4"},
    ),
    "zero bytes": (data(b""), "image of zero bytes, 1: ISIC_2", {"ISIC_2"}),
    "truncated": (truncate, "truncated image, 1: ISIC_2 (", {"ISIC_2"}),
    "cut, end marker put back": (
        lambda dataset: image_path(dataset).write_bytes(image_path(dataset).read_bytes()[:-40] + b"\xff\xd9"),
        "damaged image, 1: ISIC_2 (compressed data end before the last pixel)",
        {"ISIC_2"},
    ),
    "cut and saved again": (
        lambda dataset: half_grey().save(image_path(dataset), "JPEG"),
        "damaged image, 1: ISIC_2 (the lowest 2 of 20 rows or more have one colour)",
        {"ISIC_2"},
    ),
    "PNG with a wrong checksum": (
        lambda dataset: image_path(dataset).write_bytes(png(4, 4, 8)[:-17] + bytes(5) + png(4, 4, 8)[-12:]),
        "image that cannot be decoded, 1: ISIC_2 (broken data stream",
        {"ISIC_2"},
    ),
    "HTML in place of an image": (
        data(b"<html>404</html>"),
        "file that is not an image, 1: ISIC_2 (neither JPEG nor PNG)",
        {"ISIC_2"},
    ),
    "TIFF": (saved_as("RGB", file="TIFF"), "file that is not an image, 1: ISIC_2 (neither JPEG nor PNG)", {"ISIC_2"}),
    "undecodable": (
        data(png(4, 4, 8).replace(b"IDATx", b"IDAT?")),
        "image that cannot be decoded, 1: ISIC_2 (broken data stream",
        {"ISIC_2"},
    ),
    "too large": (
        saved_as("RGB", (40, 30)),
        "image larger than data.limits.pixels, 1: ISIC_2 (40 x 30 pixels)",
        {"ISIC_2"},
    ),
    "decompression bomb": (
        data(header_only_png(60_000)),
        "image larger than data.limits.pixels, 1: ISIC_2 (60000 x 60000 pixels)",
        {"ISIC_2"},
    ),
    "16-bit grey": (
        lambda dataset: Image.fromarray(np.zeros((4, 4), np.uint16)).save(image_path(dataset), "PNG"),
        "image with 16 bits per channel, 1: ISIC_2",
        {"ISIC_2"},
    ),
    "16-bit colour": (data(png(4, 4, 16)), "image with 16 bits per channel, 1: ISIC_2", {"ISIC_2"}),
    "mask of zero bytes": (mask(b""), "mask of zero bytes, 1: ISIC_2_segmentation", set()),
    "mask that is not an image": (mask(b"GIF89a"), "file that is not an image, 1: ISIC_2_segmentation (", set()),
    "truncated mask": (truncated_mask, "truncated mask, 1: ISIC_2_segmentation (", set()),
    "mask too large": (
        mask(header_only_png(60_000)),
        "mask larger than data.limits.pixels, 1: ISIC_2_segmentation (60000 x 60000 pixels)",
        set(),
    ),
    "mask that cannot be decoded": (
        mask(png(4, 4, 8).replace(b"IDATx", b"IDAT?")),
        "mask that cannot be decoded, 1: ISIC_2_segmentation (broken data stream",
        set(),
    ),
    "file name that is not UTF-8": (
        lambda dataset: shutil.copy(image_path(dataset), dataset / FIRST / os.fsdecode(b"ISIC_\xff.jpg")),
        "file name that is not UTF-8, 1: ISIC_\\udcff.jpg",
        set(),
    ),
    "file names alike": (
        lambda dataset: shutil.copy(image_path(dataset), dataset / FIRST / "isic_2.jpg"),
        "file names that differ in letter case only, 1: ISIC_2.jpg, isic_2.jpg",
        {"ISIC_2", "isic_2"},
    ),
    "member of a long name": (
        zipped(f"{FIRST}/{'I' * 300}.jpg", b"x"),
        f"file that cannot be copied, 1: dataset.zip: {FIRST}/{'I' * 300}.jpg (File name too long)",
        {"I" * 300},
    ),
    "member outside": (
        zipped("../outside.jpg", b"x"),
        "zip member with a path outside the zip, 1: dataset.zip: ../outside.jpg",
        set(),
    ),
}
AGE = "age other than a number from 0 to 120"
UNKNOWN: dict[str, tuple[Corruption, str, str]] = {  # with the column whose value becomes unknown
    "too old": (cell("age", "121"), f"{AGE}, 1: '121' (1 row)", "age"),
    "not born": (cell("age", "-1"), f"{AGE}, 1: '-1' (1 row)", "age"),
    "age in words": (cell("age", "old"), f"{AGE}, 1: 'old' (1 row)", "age"),
    "age and more": (cell("age", "85+"), f"{AGE}, 1: '85+' (1 row)", "age"),
    "range of ages": (cell("age", "40-45"), f"{AGE}, 1: '40-45' (1 row)", "age"),
    "age with a comma for thousands": (cell("age", "1,000"), f"{AGE}, 1: '1,000' (1 row)", "age"),
    "age infinite": (cell("age", "inf"), f"{AGE}, 1: 'inf' (1 row)", "age"),
    "control character": (cell("sex", "\a"), "unknown sex, 1: '\\x07' (1 row)", "sex"),
    "carriage return": (
        cell("localization", "upper\rback"),
        "unknown localization, 1: 'upper\\rback' (1 row; is it upper extremity?)",
        "localization",
    ),
    "unknown sex": (cell("sex", "femal"), "unknown sex, 1: 'femal' (1 row; is it female?)", "sex"),
    "unknown localization": (
        cell("localization", "left elbow"),
        "unknown localization, 1: 'left elbow' (1 row)",
        "localization",
    ),
    "unknown dx_type": (
        cell("dx_type", "histopatology"),
        "unknown dx_type, 1: 'histopatology' (1 row; is it histo?)",
        "dx_type",
    ),
}
KEPT: dict[str, tuple[Corruption, str]] = {
    "row twice": (text(lambda lines: [*lines, lines[3]]), "row repeated, used once, 1: ISIC_2 (lines 4, 10)"),
    "row twice in other words": (
        text(lambda lines: [*lines, lines[3].replace("45.0,male", "45,male")]),
        "row repeated, used once, 1: ISIC_2 (lines 4, 10)",
    ),
    "synonym": (
        cell("dx_type", "Histopathology"),
        "dx_type in another form, 1: 'Histopathology' read as histo (1 row)",
    ),
    "decimal comma": (cell("age", "80,0"), "age in another form, 1: '80,0' read as 80.0 (1 row)"),
    "mask without an outline": (
        mask(png(4, 4, 8)),
        "mask without an outline, not drawn, 1: ISIC_2_segmentation (all 0)",
    ),
    "same bytes, one diagnosis": (same_bytes(0, 7), "same bytes under several image_ids, 1: ISIC_0 = ISIC_7"),
    "CMYK": (saved_as("CMYK"), "CMYK image, converted to RGB, 1: ISIC_2"),
    "grey": (saved_as("L"), "grey image, converted to RGB, 1: ISIC_2"),
    "black and white": (saved_as("1", file="PNG"), "black and white image, converted to RGB, 1: ISIC_2"),
    "palette": (saved_as("P", file="PNG"), "palette image, converted to RGB, 1: ISIC_2"),
    "transparency": (saved_as("RGBA", file="PNG"), "image with transparency, which is ignored, 1: ISIC_2"),
}
