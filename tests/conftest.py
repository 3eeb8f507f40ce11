import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.environment import fix_environment
from dermoscopy.core.splits import LABELS, SPLIT
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.words import DIAGNOSES
from dermoscopy.networks.params import SmallCNN, Transfer
from tests import tiny as tiny_data

pytest_plugins = ["tests.wordings"]

# The settings of whoever runs the tests have no effect, as in a stage; nor has the make that runs them.
fix_environment()
os.environ["KERAS_HOME"] = os.devnull
for variable in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "DATA", "PROFILE"):
    os.environ.pop(variable, None)


@pytest.fixture(autouse=True)
def no_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that a test calls does not restart the tests' process, whose variables TensorFlow sets when imported."""
    monkeypatch.setattr("dermoscopy.core.stage.restart", lambda: None)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Folder of a valid dataset: ISIC_0 to ISIC_7 of seven lesions, one for each diagnosis; HAM_0 has two images."""
    folder = tmp_path / "dataset"
    rng = np.random.default_rng(0)
    rows = []
    for number in range(8):
        images = folder / IMAGE_FOLDERS[number % 2]
        images.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(images / f"ISIC_{number}.jpg")
        lesion = number % 7
        rows.append([f"HAM_{lesion}", f"ISIC_{number}", DIAGNOSES[lesion], "histo", "45.0", "male", "back"])
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / METADATA, index=False)
    return folder


@pytest.fixture
def merged(tmp_path: Path) -> pd.DataFrame:
    """Table of 30 images of 24 lesions, a third of them malignant, of 16 by 12 pixels, in data/merged."""
    return tiny_data.merge(tmp_path)


@pytest.fixture
def project(merged: pd.DataFrame, tmp_path: Path) -> Path:
    """Folder with data/merged, data/split and data/augmented as the stages write them."""
    tiny_data.split(tmp_path, merged)
    return tmp_path


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pd.DataFrame]:
    """Function that makes the table and images of a split in the working directory; malignant images are darker."""
    monkeypatch.chdir(tmp_path)

    def make(split: str, count: int = 4) -> pd.DataFrame:
        rng = np.random.default_rng([count, len(split)])
        table_rows = []
        for number in range(count):
            label = number % 2
            path = Path(f"data/split/{split}/{LABELS[label]}/{split}_{number:03}.jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.normal(60 if label else 200, 10, (24, 32, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(path)
            ids = {"image_id": path.stem, "lesion_id": path.stem, "group": path.stem, "source": path.stem}
            metadata = {"dx": "mel" if label else "nv", "dx_type": "histo", "age": 50.0, "sex": "", "localization": ""}
            table_rows.append({**ids, **metadata, "label": label, "split": split, "path": str(path), "sha256": "0"})
        frame = pd.DataFrame(table_rows)
        SPLIT.write(frame, Path(f"data/split/{split}.csv"))
        return SPLIT.read(Path(f"data/split/{split}.csv"))

    return make


@pytest.fixture
def tiny_cnn() -> Callable[..., SmallCNN]:
    """Function that makes parameters of a small CNN that learns `rows` in a few steps; arguments replace parameters."""
    return tiny_data.small_cnn


@pytest.fixture
def transfer() -> Callable[..., Transfer]:
    """Function that makes parameters of VGG19 at its smallest image size; arguments replace parameters."""

    def make(**changes: Any) -> Transfer:
        small = {
            "backbone": "vgg19",
            "weights": "none",
            "image_size": 32,
            "normalization": "unit",
            "initializer": "he_normal",
            "batch_norm_momentum": 0.9,
            "frozen_batch_norm": True,
            "output_layer": None,
            "dense": [],
            "dropout": 0.0,
            "l2": 0.0,
            "optimizer": "adam",
            "learning_rate": 0.001,
            "fine_tune_learning_rate": 0.0001,
            "clip": None,
            "clip_by": "value",
            "frozen_epochs": 1,
            "unfrozen_layers": "all",
            "epochs": 1,
        }
        return Transfer(**{**small, **changes})

    return make
