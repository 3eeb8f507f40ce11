from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image


def photographs(part: str, count: int) -> pd.DataFrame:
    """Malignant ones are darker, older, and went to histology."""
    label = np.arange(count) % 2
    image = [f"{part}_{number}" for number in range(count)]
    for name, value in zip(image, label, strict=True):
        shade = 60 if value else 180
        Image.fromarray(np.full((20, 24, 3), shade, np.uint8)).save(f"{name}.png")
    return pd.DataFrame(
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
            "part": part,
            "source": image,
            "path": [f"{name}.png" for name in image],
            "sha256": "0",
        }
    )


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test tables with photographs in the working directory."""
    monkeypatch.chdir(tmp_path)
    return photographs("train", 8), photographs("test", 4)
