from pathlib import Path
from typing import Any

import pytest

from dermoscopy.check.provenance import ALWAYS_READ
from dermoscopy.core.params import read_yaml

PARAMS = Path("params.yaml").resolve()


@pytest.fixture
def tree() -> dict[str, Any]:
    """The committed params.yaml, parsed; tests change it."""
    return read_yaml(PARAMS.read_text())


@pytest.fixture
def dataset(tmp_path) -> Path:
    """A folder in the layout of HAM10000 with two images."""
    folder = tmp_path / "dataset" / "ham10000"
    for images, name in (("HAM10000_images_part_1", "ISIC_1.jpg"), ("HAM10000_images_part_2", "ISIC_2.jpg")):
        (folder / images).mkdir(parents=True)
        (folder / images / name).write_bytes(name.encode() * ALWAYS_READ)
    (folder / "HAM10000_metadata.csv").write_text("lesion_id,image_id,dx,dx_type,age,sex,localization\n")
    return folder
