"""Hostile and unusual files: each is one row, with one reason, and none ends or stops the others."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.verify import decode_image
from dermoscopy.core.images import read_image
from dermoscopy.ham10000.problems import Problem
from dermoscopy.use.inputs import find_images
from dermoscopy.use.reading import Decoded, Reader
from tests.use.hostile import CONVERTED, PIXELS, REFUSED, jpeg, packed, png

LIMITS = Limits(pixels=1_000_000, unpacked=0.01)


def read(*images: object, limits: Limits = LIMITS, show: bool = False, chunk: int = 3) -> list[Decoded]:
    reader = Reader([16, 20], limits, show=show)
    return [one for _, decoded in reader.read(list(find_images(images)), chunk) for one in decoded]


@pytest.fixture
def no_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files without permission cannot be opened, also if root runs the tests."""
    opens = Path.open

    def open_or_refuse(path: Path, *given: object, **kept: object) -> object:
        if path.is_file() and not path.stat().st_mode & 0o777:
            raise PermissionError(13, "Permission denied", str(path))
        return opens(path, *given, **kept)

    monkeypatch.setattr(Path, "open", open_or_refuse)


@pytest.mark.usefixtures("no_permission")
@pytest.mark.parametrize("kind", REFUSED)
def test_a_hostile_input_is_one_row_with_its_reason(kind: str, tmp_path: Path) -> None:
    make, reason = REFUSED[kind]
    (one,) = read(make(tmp_path))
    assert reason in one.problem
    assert "\n" not in one.problem
    assert not one.sizes


@pytest.mark.parametrize("kind", CONVERTED)
def test_an_unusual_image_is_read_as_in_training_with_a_note(kind: str, tmp_path: Path) -> None:
    make, note = CONVERTED[kind]
    path = tmp_path / "image"
    path.write_bytes(make())
    (one,) = read(path)
    assert (one.problem, one.note) == ("", note)
    for size, pixels in one.sizes.items():
        np.testing.assert_array_equal(pixels, read_image(path, size))


def test_an_image_with_several_conversions_has_all_of_them_in_its_note(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    (tmp_path / "a.jpg").write_bytes(jpeg("L", exif=exif))
    (one,) = read(tmp_path / "a.jpg")
    assert one.note == "grey image, converted to RGB; EXIF orientation, which is ignored"


def test_data_after_an_image_are_not_counted_as_scans(tmp_path: Path) -> None:
    """Phones append a film to an image."""
    path = tmp_path / "film.jpg"
    path.write_bytes(jpeg() + b"\xff\xda" * 500)
    (one,) = read(path)
    assert one.problem == ""


def test_chunks_keep_the_order_and_broken_images_between(tmp_path: Path) -> None:
    paths = []
    for number in range(8):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(b"" if number in (2, 5) else png(Image.new("RGB", (20, 20), (number, 0, 0))))
    decoded = read(*paths)
    assert [bool(one.problem) for one in decoded] == [number in (2, 5) for number in range(8)]
    assert [int(one.sizes[16][0, 0, 0]) for one in decoded if one.sizes] == [0, 1, 3, 4, 6, 7]


def test_images_of_a_zip_are_read_like_files_and_leave_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (tmp_path / "a.zip").write_bytes(packed({"b/2.jpg": jpeg(), "1.png": png(Image.fromarray(PIXELS)), "x.txt": b"x"}))
    (tmp_path / "2.jpg").write_bytes(jpeg())
    first, second = read(tmp_path / "a.zip")
    np.testing.assert_array_equal(second.sizes[20], read_image(tmp_path / "2.jpg", 20))
    assert not first.problem
    assert list(temporary.iterdir()) == []


def test_zips_unpack_to_no_more_than_the_limit_in_total(tmp_path: Path) -> None:
    noise = png(Image.fromarray(np.random.default_rng(1).integers(0, 256, (600, 600, 3), dtype=np.uint8)))
    assert 4 * len(noise) < 10**7 * LIMITS.unpacked * 100 < 11 * len(noise)
    (tmp_path / "a.zip").write_bytes(packed({f"{number:02}.png": noise for number in range(12)}))
    problems = [one.problem for one in read(tmp_path / "a.zip")]
    assert problems[:5] == [""] * 5
    assert problems[-1] == "zips that unpack to more than data.limits.unpacked"


def test_a_zip_that_is_replaced_after_it_was_listed_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"a.jpg": jpeg()}))
    found = list(find_images(tmp_path / "a.zip"))
    (tmp_path / "a.zip").write_bytes(b"")
    [(_, [one])] = Reader([16], LIMITS).read(found, 4)
    assert "zip that cannot be read" in one.problem


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (PIXELS, ""),
        (PIXELS[..., 0], ""),
        (PIXELS[:, ::-1], ""),
        (PIXELS.astype(float), "type float64"),
        (PIXELS[..., :2], r"shape (24, 32, 2)"),
        (PIXELS[:8], "smaller than 16 pixels"),
        (PIXELS[:0], "smaller than 16 pixels"),
        (np.zeros((2000, 2000), np.uint8), "larger than data.limits.pixels"),
        (np.array(None), "type object"),
    ],
)
def test_arrays_are_read_or_have_a_reason(array: np.ndarray, reason: str) -> None:
    (one,) = read(array)
    assert (reason in one.problem) if reason else not one.problem
    assert bool(one.sizes) == (not reason)


def test_a_file_that_is_larger_than_any_image_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(5_000_000_000)  # a sparse file
    (one,) = read(tmp_path / "large.jpg")
    assert one.problem == "file of more than 4 MB"


def test_a_full_disk_is_an_error_and_no_reason_of_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.zip").write_bytes(packed({"a.jpg": jpeg()}))
    monkeypatch.setattr(Reader, "_unpack", full)
    with pytest.raises(OSError, match="No space left"):
        read(tmp_path / "a.zip")


def test_an_unexpected_error_of_a_decoder_is_the_reason_of_its_image_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, pixels: int) -> tuple[Problem | None, Image.Image | None]:
        if path.stem == "1":
            raise MemoryError
        return decode_image(path, pixels)

    monkeypatch.setattr("dermoscopy.use.reading.decode_image", fail)
    for number, width in enumerate((30, 40, 50)):
        (tmp_path / f"{number}.png").write_bytes(png(Image.new("RGB", (width, 20))))
    assert [one.problem for one in read(tmp_path)] == ["", "image that cannot be decoded: MemoryError", ""]


def test_shown_images_are_small_and_keep_their_proportions(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    path.write_bytes(png(Image.new("RGB", (1000, 500))))
    assert read(path)[0].shown is None
    shown = read(path, show=True)[0].shown
    assert shown is not None
    assert shown.shape == (300, 600, 3)


def test_a_damaged_exif_is_no_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_: Image.Image) -> None:
        raise SyntaxError("not a TIFF file")

    (tmp_path / "a.jpg").write_bytes(jpeg())
    monkeypatch.setattr(Image.Image, "getexif", damaged)
    (one,) = read(tmp_path / "a.jpg")
    assert (one.problem, one.note) == ("", "")
