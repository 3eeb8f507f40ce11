from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.splits import LABELS, PART
from dermoscopy.networks.params import SmallCNN


@pytest.fixture(autouse=True)
def _float32() -> Iterator[None]:
    import keras

    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pd.DataFrame]:
    """Rows of a part whose photographs lie in the working directory; malignant ones are darker."""
    monkeypatch.chdir(tmp_path)

    def make(part: str, count: int = 4) -> pd.DataFrame:
        random = np.random.default_rng([count, len(part)])
        made = []
        for number in range(count):
            label = number % 2
            path = Path(f"data/split/{part}/{LABELS[label]}/{part}_{number:03}.jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = random.normal(60 if label else 200, 10, (24, 32, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(path)
            own = {"image_id": path.stem, "lesion_id": path.stem, "group": path.stem, "source": path.stem}
            about = {"dx": "mel" if label else "nv", "dx_type": "histo", "age": 50.0, "sex": "", "localization": ""}
            made.append({**own, **about, "label": label, "part": part, "path": str(path), "sha256": "0"})
        frame = pd.DataFrame(made)
        PART.write(frame, Path(f"data/split/{part}.csv"))
        return PART.read(Path(f"data/split/{part}.csv"))

    return make


@pytest.fixture
def tiny_cnn() -> Callable[..., SmallCNN]:
    """A network that learns the rows above in a few steps, but for what is given."""

    def make(**changes: Any) -> SmallCNN:
        tiny = {
            "image_size": 12,
            "conv_layers": 1,
            "filters": 4,
            "kernel_size": 3,
            "padding": "valid",
            "pooling": "max",
            "pool_size": 3,
            "dense_layers": 1,
            "units": 8,
            "dropout": 0.5,
            "l2": 0.0,
            "initializer": "he_normal",
            "optimizer": "adam",
            "learning_rate": 0.01,
            "clip": None,
            "clip_by": "value",
            "epochs": 3,
        }
        return SmallCNN(**{**tiny, **changes})

    return make
