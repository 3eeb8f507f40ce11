from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from dermoscopy.ham10000.duplicates import near_pairs, perceptual_hashes


@pytest.fixture
def original() -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((300, 225), Image.Resampling.BICUBIC)


def distance(tmp_path: Path, *images: Image.Image) -> int:
    paths = [tmp_path / f"{number}.jpg" for number in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        image.save(path, quality=80)
    first, second = perceptual_hashes(paths)
    return int((first != second).sum())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: image.resize((600, 450)), id="scaled"),
        pytest.param(lambda image: image.resize((224, 224)), id="squashed"),
        pytest.param(lambda image: ImageEnhance.Brightness(image).enhance(0.9), id="darker"),
        pytest.param(lambda image: image.crop((2, 2, 298, 223)), id="cropped"),
        pytest.param(lambda image: image.convert("L"), id="grey"),
    ],
)
def test_image_saved_again_is_a_near_duplicate(change, original: Image.Image, tmp_path: Path) -> None:
    assert distance(tmp_path, original, change(original)) <= 32


def test_different_image_is_no_near_duplicate(original: Image.Image, tmp_path: Path) -> None:
    different = original.transpose(Image.Transpose.ROTATE_180)
    assert distance(tmp_path, original, different) > 64


def test_images_of_a_single_colour_are_no_near_duplicates(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.jpg" for number in range(2)]
    for path in paths:
        Image.new("RGB", (40, 30), "black").save(path)
    hashes = perceptual_hashes(paths)
    assert not hashes.any()
    assert near_pairs(hashes, 64) == []


def test_near_pairs_equal_a_comparison_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermoscopy.ham10000.duplicates.CHUNK", 7)
    rng = np.random.default_rng(1)
    hashes = rng.random((5, 256)) < 0.5
    hashes = np.concatenate([hashes, hashes ^ (rng.random((5, 256)) < 0.1), hashes ^ (rng.random((5, 256)) < 0.2)])
    expected = [
        (first, second, int((hashes[first] != hashes[second]).sum()))
        for first in range(15)
        for second in range(first + 1, 15)
        if (hashes[first] != hashes[second]).sum() <= 50
    ]
    assert 5 < len(expected) < 15
    assert near_pairs(hashes, 50) == expected
