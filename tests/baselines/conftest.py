from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.splits import locate


def images(split: str, count: int) -> pd.DataFrame:
    """Malignant ones are darker, older, and went to histology."""
    label = np.arange(count) % 2
    image = [f"{split}_{number}" for number in range(count)]
    rows = pd.DataFrame(
        {
            "image_id": image,
            "lesion_id": image,
            "group": image,
            "dx": np.where(label, "mel", "nv"),
            "dx_type": np.where(label, "histo", "follow_up"),
            "age": np.where(label, 70.0, 30.0),
            "sex": "male",
            "localization": "back",
            "label": label,
            "split": split,
            "source": image,
            "sha256": "0",
        }
    )
    rows["path"] = locate(rows, split)
    for path, value in zip(rows["path"], label, strict=True):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((20, 24, 3), 60 if value else 180, np.uint8)).save(path)
    return rows


@pytest.fixture
def splits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test tables with images in the working directory."""
    monkeypatch.chdir(tmp_path)
    return images("train", 8), images("test", 4)
