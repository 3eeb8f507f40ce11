from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.splits import locate


def make_split(split: str, count: int) -> pd.DataFrame:
    """Make the table and images of a split; malignant images are darker, older and confirmed by histology."""
    label = np.arange(count) % 2
    image_ids = [f"{split}_{number}" for number in range(count)]
    rows = pd.DataFrame(
        {
            "image_id": image_ids,
            "lesion_id": image_ids,
            "group": image_ids,
            "dx": np.where(label, "mel", "nv"),
            "dx_type": np.where(label, "histo", "follow_up"),
            "age": np.where(label, 70.0, 30.0),
            "sex": "male",
            "localization": "back",
            "label": label,
            "split": split,
            "source": image_ids,
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
    """Tables of train and test, whose images are in the working directory."""
    monkeypatch.chdir(tmp_path)
    return make_split("train", 8), make_split("test", 4)
