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


def test_the_whole_field_is_squashed(path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 20:] = 255
    Image.fromarray(pixels).save(path, "PNG")
    squashed = read_image(path, 10)
    assert squashed.shape == (10, 10, 3)
    assert squashed.dtype == np.uint8
    assert (squashed[:, :4] == 0).all()
    assert (squashed[:, 6:] == 255).all()


def test_ordinary_photographs_are_as_they_always_were(path: Path) -> None:
    Image.effect_noise((300, 225), 60).convert("RGB").save(path, quality=92)
    with Image.open(path) as image:
        image.draft("RGB", (64, 64))
        expected = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(read_image(path, 32), expected)


def test_cmyk_as_adobe_inverts_it(path: Path) -> None:
    # Full magenta and yellow ink is red; Adobe's marker goes with full ink stored as 0.
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(path, "JPEG", quality=100)
    assert b"Adobe" in path.read_bytes()
    np.testing.assert_allclose(read_image(path, 4), np.broadcast_to(RED, (4, 4, 3)), atol=2)


def test_grey_is_three_equal_channels(path: Path) -> None:
    Image.new("L", (16, 16), 77).save(path, "JPEG")
    assert (read_image(path, 4) == 77).all()


@pytest.mark.parametrize("transparency", [None, 0, bytes([0] * 4)])
def test_a_palette_is_looked_up(path: Path, transparency: int | bytes | None) -> None:
    image = Image.new("RGB", (4, 4), RED).quantize(4)
    image.save(path, "PNG", **({} if transparency is None else {"transparency": transparency}))
    assert (read_image(path, 4) == RED).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_ignored(path: Path, mode: str) -> None:
    image = Image.new("RGB", (4, 4), (90, 90, 90)).convert(mode)
    image.putalpha(0)
    image.save(path, "PNG")
    assert (read_image(path, 4) == 90).all()


def test_an_orientation_turns_nothing(path: Path) -> None:
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = RED
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(path, "JPEG", exif=exif, quality=100)
    with open_image(path) as image:
        assert to_rgb(image).size == (32, 16)
    assert read_image(path, 4)[0, 0, 0] > 200
    assert read_image(path, 4)[0, 3, 0] < 50


def test_other_formats_are_no_photographs(path: Path) -> None:
    Image.new("RGB", (4, 4)).save(path, "BMP")
    with pytest.raises(UnidentifiedImageError):
        open_image(path)


def test_pillow_warns_of_nothing_that_does_not_matter(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0131] = "software"
    Image.new("RGB", (4, 4)).save(path, "JPEG", exif=exif)
    sound, spoilt = (struct.pack(">HHL", 0x0131, 2, length) for length in (9, 9999))
    assert sound in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(sound, spoilt))
    with pytest.warns(UserWarning, match="Tag data larger than file"), open_image(path):
        pass
    code = (
        f"from pathlib import Path; from dermoscopy.core.images import read_image; read_image(Path({str(path)!r}), 2)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "src"}, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == ""
