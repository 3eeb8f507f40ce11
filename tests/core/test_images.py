import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from dermoscopy.core.images import open_image, read_image, to_rgb

RED = (255, 0, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ISIC_1.jpg"


def test_read_image_resizes_without_cropping(path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 20:] = 255
    Image.fromarray(pixels).save(path, "PNG")
    resized = read_image(path, 10)
    assert resized.shape == (10, 10, 3)
    assert resized.dtype == np.uint8
    assert (resized[:, :4] == 0).all()
    assert (resized[:, 6:] == 255).all()


def test_read_image_equals_pillow_for_an_rgb_jpeg(path: Path) -> None:
    Image.effect_noise((300, 225), 60).convert("RGB").save(path, quality=92)
    with Image.open(path) as image:
        expected = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(read_image(path, 32), expected)


def test_read_image_gives_the_same_pixels_for_a_jpeg_and_a_lossless_copy(path: Path) -> None:
    Image.effect_noise((300, 225), 60).convert("RGB").save(path, quality=92)
    copy = path.with_suffix(".png")
    with Image.open(path) as image:
        image.save(copy)
    for size in (16, 32, 80, 224):
        np.testing.assert_array_equal(read_image(path, size), read_image(copy, size))


def test_cmyk_is_inverted_as_adobe_stores_it(path: Path) -> None:
    # Full magenta and yellow ink is red; with Adobe's marker, full ink is stored as 0.
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(path, "JPEG", quality=100)
    assert b"Adobe" in path.read_bytes()
    np.testing.assert_allclose(read_image(path, 4), np.broadcast_to(RED, (4, 4, 3)), atol=2)


def test_grey_becomes_three_equal_channels(path: Path) -> None:
    Image.new("L", (16, 16), 77).save(path, "JPEG")
    assert (read_image(path, 4) == 77).all()


@pytest.mark.parametrize("transparency", [None, 0, bytes([0] * 4)])
def test_a_palette_is_resolved(path: Path, transparency: int | bytes | None) -> None:
    image = Image.new("RGB", (4, 4), RED).quantize(4)
    image.save(path, "PNG", **({} if transparency is None else {"transparency": transparency}))
    assert (read_image(path, 4) == RED).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_ignored(path: Path, mode: str) -> None:
    image = Image.new("RGB", (4, 4), (90, 90, 90)).convert(mode)
    image.putalpha(0)
    image.save(path, "PNG")
    assert (read_image(path, 4) == 90).all()


def test_exif_orientation_is_ignored(path: Path) -> None:
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = RED
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(path, "JPEG", exif=exif, quality=100)
    with open_image(path) as image:
        assert to_rgb(image).size == (32, 16)
    assert read_image(path, 4)[0, 0, 0] > 200
    assert read_image(path, 4)[0, 3, 0] < 50


def test_other_formats_raise_unidentified_image_error(path: Path) -> None:
    Image.new("RGB", (4, 4)).save(path, "BMP")
    with pytest.raises(UnidentifiedImageError):
        open_image(path)


def test_pillow_warnings_about_exif_are_ignored(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0131] = "software"
    Image.new("RGB", (4, 4)).save(path, "JPEG", exif=exif)
    valid, broken = (struct.pack(">HHL", 0x0131, 2, length) for length in (9, 9999))
    assert valid in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(valid, broken))
    with pytest.warns(UserWarning, match="Tag data larger than file"), open_image(path):
        pass
    code = (
        f"from pathlib import Path; from dermoscopy.core.images import read_image; read_image(Path({str(path)!r}), 2)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "src"}, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == ""
