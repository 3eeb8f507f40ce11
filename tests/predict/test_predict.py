from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.networks.build import build_small_cnn
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member, save_member
from dermoscopy.predict import predict as module
from dermoscopy.predict.predict import predict_images, predict_split
from tests.tiny import small_cnn

RUNTIME = Runtime(threads=2, precision="float32", eager=False, devices=1, memory=4.0)

PARAMETERS = small_cnn(image_size=16, padding="same", pooling="average", pool_size=2, epochs=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    configure(RUNTIME)
    save_member("cnn_a", PARAMETERS, build_small_cnn("cnn_a", PARAMETERS, seed=1), tmp_path / "cnn_a")
    return tmp_path / "cnn_a"


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(1)
    paths = [tmp_path / f"ISIC_{number}.jpg" for number in range(7)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    return paths


def test_probability_depends_on_the_image_only(folder: Path, images: list[Path]) -> None:
    member = load_member(folder)
    single = np.concatenate([predict_images(*member, [path], 32, RUNTIME) for path in images])
    assert len(np.unique(single)) == 7
    np.testing.assert_allclose(predict_images(*member, images, 3, RUNTIME), single, atol=1e-6)
    np.testing.assert_allclose(predict_images(*member, images[::-1], 32, RUNTIME)[::-1], single, atol=1e-6)


def test_images_that_exceed_the_memory_are_decoded_in_chunks(
    folder: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    read = module.read_images

    def count_and_read(paths: list[Path], *rest: int) -> Any:
        decoded.append(len(paths))
        return read(paths, *rest)

    member = load_member(folder)
    whole = predict_images(*member, images, 2, RUNTIME)
    monkeypatch.setattr(module, "read_images", count_and_read)
    little = RUNTIME.model_copy(update={"memory": 5 * 3 * 16**2 / 1e9})
    np.testing.assert_array_equal(predict_images(*member, images, 2, little), whole)
    assert decoded == [4, 3]


def test_predict_split_returns_the_predictions_table(folder: Path, images: list[Path], tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "image_id": [path.stem for path in images],
            "lesion_id": "HAM_1",
            "dx": "nv",
            "label": 0,
            "path": [str(path) for path in images],
            "group": "HAM_1",
        }
    )
    member = load_member(folder)
    table = predict_split(*member, rows, 4, RUNTIME)
    PREDICTIONS.write(table, tmp_path / "val.csv")
    written = PREDICTIONS.read(tmp_path / "val.csv")
    expected = predict_images(*member, images, 4, RUNTIME)
    np.testing.assert_array_equal(written["probability"], expected)
    assert written["image_id"].tolist() == rows["image_id"].tolist()
