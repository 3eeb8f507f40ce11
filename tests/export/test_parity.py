"""The comparison of exported files with their members."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dermoscopy.export.parity import Exported, ParityError, compare, losses, predict, table
from dermoscopy.networks.target import BINARY

FLOAT, INT8 = (Exported("cnn_a", "onnx", precision, 1000) for precision in ("float32", "int8"))


@pytest.fixture
def rows() -> pd.DataFrame:
    ids = [f"ISIC_{number:02}" for number in range(40)]
    return pd.DataFrame({"image_id": ids, "lesion_id": ids, "label": np.arange(40) % 2})


@pytest.fixture
def probabilities(rows: pd.DataFrame) -> np.ndarray:
    noise = np.random.default_rng(2).normal(0, 0.2, len(rows))
    return np.clip(0.4 + 0.2 * rows["label"].to_numpy() + noise, 0, 1)[:, np.newaxis]


def test_a_difference_of_float32_is_an_error_with_member_format_image_and_difference(
    rows: pd.DataFrame, probabilities: np.ndarray
) -> None:
    received = probabilities.copy()
    received[7] += 2e-4
    with pytest.raises(ParityError, match=r"cnn_a, onnx, float32.*image ISIC_07 by 0.0002 .* at most 0.0001"):
        compare(FLOAT, rows, probabilities, received, BINARY)
    received[7] = probabilities[7] + 9e-5
    assert compare(FLOAT, rows, probabilities, received, BINARY)["difference"] == pytest.approx(9e-5)


@pytest.mark.parametrize("exported", [FLOAT, INT8])
def test_a_probability_that_is_no_number_is_an_error(
    exported: Exported, rows: pd.DataFrame, probabilities: np.ndarray
) -> None:
    received = probabilities.copy()
    received[3] = np.nan
    with pytest.raises(ParityError, match="ISIC_03 by nan"):
        compare(exported, rows, probabilities, received, BINARY)


def test_int8_has_the_loss_of_roc_auc_with_its_interval(rows: pd.DataFrame, probabilities: np.ndarray) -> None:
    received = np.clip(probabilities + np.random.default_rng(3).normal(0, 0.1, probabilities.shape), 0, 1)
    row = compare(INT8, rows, probabilities, received, BINARY)
    aucs = [roc_auc_score(rows["label"], scores[:, 0]) for scores in (probabilities, received)]
    assert row["roc_auc_keras"] == pytest.approx(aucs[0])
    assert row["roc_auc"] == pytest.approx(aucs[1])
    assert row["loss"] == pytest.approx(aucs[0] - aucs[1])
    assert row["low"] < row["loss"] < row["high"]
    frame = table([row])
    assert frame.loc[0, ["member", "format", "precision", "bytes", "images"]].tolist() == [
        "cnn_a", "onnx", "int8", 1000, 40,
    ]  # fmt: skip


def test_files_in_int8_that_lose_roc_auc_are_named(rows: pd.DataFrame, probabilities: np.ndarray) -> None:
    worse = rows["label"].to_numpy()[:, np.newaxis] * -0.3 + probabilities
    row = compare(INT8, rows, probabilities, worse, BINARY)
    same = compare(INT8, rows, probabilities, probabilities, BINARY)
    (line,) = losses(table([row, same | {"member": "cnn_b"}]))
    assert line.startswith(f"cnn_a, onnx: {row['loss']:.4f} (")


def test_images_are_predicted_in_batches() -> None:
    sizes = []

    def network(images: np.ndarray) -> np.ndarray:
        sizes.append(len(images))
        return images[:, 0, 0, :1].astype(np.float32)

    images = np.arange(70, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    assert predict(network, images)[:, 0].tolist() == list(range(70))
    assert sizes == [32, 32, 6]
