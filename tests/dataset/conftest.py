from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.archive.hashes import sha256
from dermoscopy.dataset.augment import make_copies
from dermoscopy.dataset.parts import tabulate, write
from dermoscopy.params.augment import Augment
from dermoscopy.params.policy import Policy
from dermoscopy.params.split import Split
from dermoscopy.tables.parts import PART

AUGMENT = Augment(balance=1.0, flip=0.5, rotate=0.5, scale=0.15, crop=0.1, translate=0.1, quality=90)


@pytest.fixture
def merged(tmp_path: Path) -> pd.DataFrame:
    """Thirty photographs of 24 lesions, a third of them malignant, in data/merged; of 16 by 12 pixels."""
    rng = np.random.default_rng(0)
    images = tmp_path / "data" / "merged" / "images"
    images.mkdir(parents=True)
    rows = []
    for number in range(30):
        lesion = number % 24
        image_id = f"ISIC_{number:02}"
        path = images / f"{image_id}.jpg"
        Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).save(path)
        dx = ("nv", "mel", "bkl")[lesion % 3]
        row = {"image_id": image_id, "lesion_id": f"HAM_{lesion:02}", "group": f"HAM_{lesion:02}", "dx": dx}
        rows.append(
            row | {"dx_type": "histo", "age": 50.0, "sex": "male", "localization": "back", "sha256": sha256(path)}
        )
    return pd.DataFrame(rows)


@pytest.fixture
def project(merged: pd.DataFrame, tmp_path: Path) -> Path:
    """A folder with data/split and data/augmented as the stages leave them."""
    tables = tabulate(merged, Policy(malignant="mel"), Split(seed=1, val=0.25, test=0.25), 1.0)
    write(tables, tmp_path / "data" / "merged" / "images", tmp_path)
    (tmp_path / "data" / "augmented" / "train" / "malignant").mkdir(parents=True)
    make_copies(PART.read(tmp_path / "data" / "split" / "train.csv"), AUGMENT, 1, tmp_path)
    return tmp_path
