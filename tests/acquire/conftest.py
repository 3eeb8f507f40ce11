from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.ham10000.metadata import DIAGNOSES, IMAGE_FOLDERS, METADATA


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A sound archive: ISIC_0 to ISIC_7 of seven lesions, one a diagnosis; HAM_0 is photographed twice."""
    folder = tmp_path / "archive"
    rng = np.random.default_rng(0)
    rows = []
    for number in range(8):
        part = folder / IMAGE_FOLDERS[number % 2]
        part.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(part / f"ISIC_{number}.jpg")
        lesion = number % 7
        rows.append([f"HAM_{lesion}", f"ISIC_{number}", DIAGNOSES[lesion], "histo", "45.0", "male", "back"])
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / METADATA, index=False)
    return folder
