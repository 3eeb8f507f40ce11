import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dermoscopy.acquire.jpeg import find_damage, missing_rows

END = b"\xff\xd9"
SIZE = (120, 90)
KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "all colours": {"subsampling": 0},
    "own Huffman codes": {"optimize": True},
    "progressive": {"progressive": True},
    "progressive, all colours": {"progressive": True, "subsampling": 0},
    "restart markers": {"restart_marker_rows": 1},
    "stored as RGB": {"keep_rgb": True},
}


def picture(content: str, size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    if content == "constant":
        pixels[:] = 137
    elif content == "black border":
        pixels[: size[1] // 3], pixels[size[1] // 2 :], pixels[:, : size[0] // 3] = 0, 0, 0
    elif content == "gradient":
        pixels[:] = np.linspace(0, 255, size[1], dtype=np.uint8)[:, None, None]
    return Image.fromarray(pixels).convert(mode)


def saved(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, **options)
    return stream.getvalue()


def start_of_data(content: bytes) -> int:
    return content.index(b"\xff\xda") + 14


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", ["noise", "constant", "black border", "gradient"])
def test_whole_files_are_not_damaged(kind: str, content: str) -> None:
    for size in ((1, 1), (8, 8), (17, 33), SIZE):
        assert find_damage(saved(picture(content, size), **KINDS[kind])) == ""


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_whole_files_of_other_modes_are_not_damaged(mode: str, progressive: bool) -> None:
    assert find_damage(saved(picture("noise", mode=mode), progressive=progressive)) == ""


@pytest.mark.parametrize("added", [b"\0" * 1000, b"thumbnail", saved(picture("noise"))])
def test_bytes_after_the_end_do_not_matter(added: bytes) -> None:
    assert find_damage(saved(picture("noise")) + added) == ""


def test_an_end_marker_alone_may_be_missing() -> None:
    assert find_damage(saved(picture("noise"))[:-2]) == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("percentage", [1, 20, 40, 60, 80, 90, 97])
def test_a_file_cut_anywhere_is_damaged_although_its_end_marker_was_put_back(kind: str, percentage: int) -> None:
    whole = saved(picture("noise"), **KINDS[kind])
    start = start_of_data(whole)
    cut = whole[: start + (len(whole) - 2 - start) * percentage // 100] + END
    with Image.open(io.BytesIO(cut)) as image:
        image.load()  # the decoder has no objection
    assert find_damage(cut) != ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", [b"", END])
def test_a_file_whose_rest_is_zero_is_damaged(kind: str, end: bytes) -> None:
    whole = saved(picture("noise"), **KINDS[kind])
    assert find_damage(whole[: len(whole) // 2].ljust(len(whole) - 2, b"\0") + end) != ""


def test_a_progressive_file_without_its_last_scans_is_damaged() -> None:
    whole = saved(picture("noise"), progressive=True)
    scans = [position for position in range(len(whole)) if whole[position : position + 2] == b"\xff\xda"]
    assert len(scans) == 10
    for number, position in enumerate(scans[1:], 1):
        tables = whole.rfind(b"\xff\xc4", 0, position)  # codes of this scan, in front of it
        cut = whole[: max(tables, scans[number - 1] + 14)] + END
        assert find_damage(cut) == f"scans are missing after number {number}"


def test_zeros_in_the_middle_are_damage() -> None:
    whole = saved(picture("noise"))
    middle = len(whole) // 2
    assert find_damage(whole[:middle] + bytes(512) + whole[middle + 512 :]) != ""


def test_most_files_with_random_bytes_are_damaged() -> None:
    rng = np.random.default_rng(1)
    whole = saved(picture("gradient"))
    start, found = start_of_data(whole), 0
    for _ in range(100):
        position = int(rng.integers(start, len(whole) - 66))
        found += find_damage(whole[:position] + rng.bytes(64) + whole[position + 64 :]) != ""
    assert found >= 80


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda\x00", b"\xff\xd8\xff\xc0\x00\x04\x08\x00"])
def test_damaged_headers_raise_no_error(content: bytes) -> None:
    find_damage(content)


@pytest.mark.parametrize("percentage", [20, 40, 60])
def test_missing_rows_are_found_in_an_image_that_was_saved_again(percentage: int) -> None:
    whole = saved(picture("noise"))
    cut = whole[: len(whole) * percentage // 100] + END
    with Image.open(io.BytesIO(cut)) as image:
        again = Image.open(io.BytesIO(saved(image)))
    assert find_damage(saved(again)) == ""
    assert missing_rows(again) == "the lowest 9 of 90 rows or more have one colour"


@pytest.mark.parametrize("colour", [0, 10])
def test_a_dark_rim_is_no_missing_row(colour: int) -> None:
    image = picture("noise")
    image.paste((colour,) * 3, (0, 45, *SIZE))
    assert missing_rows(image) == ""


@pytest.mark.parametrize("colour", [128, 255])
def test_a_frame_is_no_missing_row(colour: int) -> None:
    image = Image.new("RGB", SIZE, (colour,) * 3)
    image.paste(picture("noise", (100, 50)), (10, 20))
    assert missing_rows(image) == ""


@pytest.mark.parametrize("content", ["noise", "constant", "black border", "gradient"])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (17, 33), SIZE])
def test_whole_images_have_no_missing_rows(content: str, size: tuple[int, int]) -> None:
    assert missing_rows(picture(content, size)) == ""


def test_many_fill_bytes_without_a_marker_are_read_once() -> None:
    """They were once read again from each of them: these would have taken hours."""
    content = saved(picture("noise"))
    middle = start_of_data(content) + 100
    damaged = content[:middle] + b"\xff" * 1_000_000 + b"\x00" + content[middle:]
    assert find_damage(damaged)


def test_fill_bytes_before_a_marker_are_no_damage() -> None:
    content = saved(picture("noise"))
    assert find_damage(content[:-2] + b"\xff" * 1000 + END) == ""
