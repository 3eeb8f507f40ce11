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
from dermoscopy.networks.target import BINARY, Target
from dermoscopy.networks.views import VIEWS, view_images
from dermoscopy.predict import predict as module
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_images, predict_split
from tests import blocks
from tests.tiny import small_cnn

RUNTIME = Runtime(**blocks.RUNTIME)

PARAMETERS = small_cnn(image_size=16, padding="same", pooling="average", pool_size=2, epochs=1)


def settings(batch_size: int, *, turns_and_flips: bool = False) -> Predict:
    return Predict(batch_size=batch_size, turns_and_flips=turns_and_flips)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    configure(RUNTIME)
    save_member("cnn_a", PARAMETERS, BINARY, build_small_cnn("cnn_a", PARAMETERS, seed=1), tmp_path / "cnn_a")
    return tmp_path / "cnn_a"


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(1)
    paths = [tmp_path / f"ISIC_{number}.jpg" for number in range(7)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    return paths


@pytest.fixture
def rows(images: list[Path]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "image_id": [path.stem for path in images],
            "lesion_id": "HAM_1",
            "dx": "nv",
            "label": 0,
            "path": [str(path) for path in images],
            "group": "HAM_1",
        }
    )


def test_probability_depends_on_the_image_only(folder: Path, images: list[Path]) -> None:
    member = load_member(folder)
    single = np.concatenate([predict_images(member, [path], settings(32), RUNTIME) for path in images])
    assert len(np.unique(single)) == 7
    np.testing.assert_allclose(predict_images(member, images, settings(3), RUNTIME), single, atol=1e-6)
    np.testing.assert_allclose(predict_images(member, images[::-1], settings(32), RUNTIME)[::-1], single, atol=1e-6)


def test_images_that_exceed_the_memory_are_decoded_in_chunks(
    folder: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    read = module.read_images

    def count_and_read(paths: list[Path], *rest: int) -> Any:
        decoded.append(len(paths))
        return read(paths, *rest)

    member = load_member(folder)
    whole = predict_images(member, images, settings(2), RUNTIME)
    monkeypatch.setattr(module, "read_images", count_and_read)
    little = RUNTIME.model_copy(update={"memory": 5 * 3 * 16**2 / 1e9})
    np.testing.assert_array_equal(predict_images(member, images, settings(2), little), whole)
    assert decoded == [4, 3]


def test_turns_and_flips_are_the_mean_over_eight_views(folder: Path, images: list[Path]) -> None:
    member = load_member(folder)
    decoded = module.read_images(images, 16, 1)
    expected = [member.model.predict(view_images(decoded, view), verbose=0) for view in range(VIEWS)]
    predicted = predict_images(member, images, settings(4, turns_and_flips=True), RUNTIME)
    np.testing.assert_allclose(predicted, np.mean(expected, axis=0), atol=1e-6)
    assert not np.allclose(predicted, expected[0])


def test_the_target_dx_gives_a_column_per_diagnosis_and_their_malignant_sum(rows: pd.DataFrame, tmp_path: Path) -> None:
    configure(RUNTIME)
    target = Target({"akiec": 1, "bcc": 1, "bkl": 0, "df": 0, "mel": 1, "nv": 0, "vasc": 0})
    model = build_small_cnn("cnn_a", PARAMETERS, seed=1, classes=7)
    save_member("cnn_a", PARAMETERS, target, model, tmp_path / "cnn_a")
    member = load_member(tmp_path / "cnn_a")
    assert member.target == target
    table = predict_split(member, rows, settings(4), RUNTIME)
    columns = [f"p_{dx}" for dx in target.classes]
    np.testing.assert_allclose(table[columns].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(table["probability"], table[["p_akiec", "p_bcc", "p_mel"]].sum(axis=1))
    PREDICTIONS.write(table, tmp_path / "val.csv")
    np.testing.assert_array_equal(PREDICTIONS.read(tmp_path / "val.csv")[columns], table[columns])


def test_predict_split_returns_the_predictions_table(
    folder: Path, images: list[Path], rows: pd.DataFrame, tmp_path: Path
) -> None:
    member = load_member(folder)
    table = predict_split(member, rows, settings(4), RUNTIME)
    PREDICTIONS.write(table, tmp_path / "val.csv")
    written = PREDICTIONS.read(tmp_path / "val.csv")
    expected = predict_images(member, images, settings(4), RUNTIME)
    np.testing.assert_array_equal(written["probability"], expected[:, 0])
    assert written["image_id"].tolist() == rows["image_id"].tolist()
