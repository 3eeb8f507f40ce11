import io
from pathlib import Path

import pytest
from PIL import Image

from dermoscopy.acquire.verify import check_image
from dermoscopy.core.images import read_image


@pytest.fixture
def damaged_images() -> list[bytes]:
    """Images truncated, or with one byte changed, at sixty positions each."""
    contents = []
    for mode, file in (("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGB", "PNG")):
        stream = io.BytesIO()
        Image.effect_noise((40, 30), 80).convert(mode).save(stream, file)
        whole = stream.getvalue()
        for position in range(20, len(whole), len(whole) // 60):
            contents.append(whole[:position])
            contents.append(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
    return contents


def test_every_image_that_passes_can_be_read_at_any_size(damaged_images: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "ISIC_1.jpg"
    passed = 0
    for content in damaged_images:
        path.write_bytes(content)
        problem = check_image(path, pixels=10**6)
        if problem is None or problem.outcome == "kept":
            passed += 1
            for size in (3, 10, 64):
                assert read_image(path, size).shape == (size, size, 3)
    assert 10 < passed < len(damaged_images) / 2
