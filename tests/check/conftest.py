from pathlib import Path
from typing import Any

import pytest

from dermoscopy.core.params import read_yaml

PARAMS = Path("params.yaml").resolve()


@pytest.fixture
def tree() -> dict[str, Any]:
    """params.yaml as it is committed, to be spoilt."""
    return read_yaml(PARAMS.read_text())


@pytest.fixture
def dataset(tmp_path) -> Path:
    """A folder that looks like HAM10000, of two images."""
    folder = tmp_path / "dataset" / "ham10000"
    for part, name in (("HAM10000_images_part_1", "ISIC_1.jpg"), ("HAM10000_images_part_2", "ISIC_2.jpg")):
        (folder / part).mkdir(parents=True)
        (folder / part / name).write_bytes(name.encode())
    (folder / "HAM10000_metadata.csv").write_text("lesion_id,image_id\n")
    return folder
