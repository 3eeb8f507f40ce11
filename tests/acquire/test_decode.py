import io
from pathlib import Path

import pytest
from PIL import Image

from dermoscopy.acquire.verify import inspect
from dermoscopy.core.images import read_image


@pytest.fixture
def spoilt() -> list[bytes]:
    """Images cut, or with a byte changed, each in sixty places."""
    contents = []
    for mode, file in (("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGB", "PNG")):
        stream = io.BytesIO()
        Image.effect_noise((40, 30), 80).convert(mode).save(stream, file)
        whole = stream.getvalue()
        for place in range(20, len(whole), len(whole) // 60):
            contents.append(whole[:place])
            contents.append(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    return contents


def test_what_passes_is_read_later_at_any_size(spoilt: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "ISIC_1.jpg"
    passed = 0
    for content in spoilt:
        path.write_bytes(content)
        problem = inspect(path, pixels=10**6)
        if problem is None or problem.outcome == "kept":
            passed += 1
            for size in (3, 10, 64):
                assert read_image(path, size).shape == (size, size, 3)
    assert 10 < passed < len(spoilt) / 2
