"""Charts of the training. The best epoch is evaluated on train as on val: a difference is overfitting."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.metrics import epoch_metrics
from dermoscopy.core.splits import like_val, locate
from dermoscopy.core.tables import CURVE
from dermoscopy.ensemble.training import best_epoch_rows, curve_rows
from dermoscopy.networks.data import outputs, read_images
from dermoscopy.networks.params import Runtime, Training
from dermoscopy.networks.saved import load_member
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_split
from dermoscopy.train.member import MemberPaths, train_member
from dermoscopy.train.settings import TrainSettings
from tests.tiny import small_cnn
from tests.train.runs import make_runtime, training

ORIGINALS = 60
RUNTIME: Runtime = make_runtime()
TRAINING: Training = training(monitor="val_roc_auc")


def write_images(split: str, *, augmented: int) -> pd.DataFrame:
    """Write the images of a split: the same originals in each split, a third of them malignant, and augmented ones."""
    label = (np.arange(ORIGINALS) % 3 == 0).astype(int)
    source = np.concatenate([np.arange(ORIGINALS), np.repeat(np.flatnonzero(label), augmented)])
    number = np.arange(len(source)) - ORIGINALS
    originals = [f"{split}_{number:03}" for number in source]
    names = [name if each < 0 else f"{name}_copy{each}" for name, each in zip(originals, number, strict=True)]
    rows = pd.DataFrame({"image_id": names, "source": originals, "label": label[source]})
    rows = rows.assign(lesion_id=rows["source"], dx=rows["label"].map({0: "nv", 1: "mel"}), path=locate(rows, split))
    brightness = np.random.default_rng(1).normal(np.where(label, 110, 130), 20)
    for path, number in zip(rows["path"], source, strict=True):
        pixels = np.random.default_rng(number).normal(brightness[number], 10, (12, 12, 3)).clip(0, 255)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return rows


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train a member with dropout on balanced images; return train and val, whose originals are the same images."""
    monkeypatch.chdir(tmp_path)
    train, val = write_images("train", augmented=1), write_images("val", augmented=0)
    settings = TrainSettings(TRAINING, RUNTIME, 1, protocol="lesion", versions={})
    paths = MemberPaths(*(Path(name) for name in ("weights", "checkpoints", "model", "curve.csv", "val.json")))
    train_member("cnn_a", small_cnn(dropout=0.6, epochs=4, learning_rate=0.003), train, val, settings, paths)
    return train, val


def best_epoch(train: pd.DataFrame, val: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the chosen epoch by split, from the predictions of the stage predict."""
    splits = {}
    for split, rows in (("train", like_val(train, val)), ("val", val)):
        predictions = predict_split(
            load_member(Path("model")), rows, Predict(batch_size=7, turns_and_flips=False), RUNTIME
        )
        splits[split] = (rows["label"].to_numpy(), predictions[["probability"]].set_axis(["cnn_a"], axis=1))
    return best_epoch_rows({"cnn_a": CURVE.read(Path("curve.csv"))}, splits, "lesion").set_index("split")


METRICS = ["loss", "accuracy", "roc_auc"]


def test_equal_images_in_train_and_val_have_no_gap(trained: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows = best_epoch(*trained)
    assert rows.loc["train", METRICS].tolist() == rows.loc["val", METRICS].tolist()
    curve = CURVE.read(Path("curve.csv"))
    chosen = curve[curve["chosen"] == 1].iloc[0]
    assert set(rows["epoch"]) == {chosen["epoch"]}
    assert rows.loc["val", METRICS].tolist() == pytest.approx(chosen[[f"val_{name}" for name in METRICS]].tolist())
    assert abs(chosen["train_accuracy"] - chosen["val_accuracy"]) > 0.05  # what the training itself measures
    assert abs(chosen["train_roc_auc"] - chosen["val_roc_auc"]) > 0.05


def test_train_is_evaluated_on_its_originals_with_the_kept_weights(
    trained: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    train, val = trained
    originals = train[train["image_id"] == train["source"]]
    assert len(originals) == ORIGINALS < len(train)
    images = read_images([Path(path) for path in originals["path"]], 12, 1)
    predicted = outputs(load_member(Path("model"))[0], [images], 32, eager=True)[:, 0]
    expected = epoch_metrics(originals["label"].to_numpy(), predicted)
    rows = best_epoch(train, val)
    assert rows.loc["train", list(expected)].tolist() == pytest.approx(list(expected.values()))


def test_augmented_images_of_train_count_if_val_has_any(trained: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """As under the protocol paper, whose splits have augmented images in the same proportion."""
    train, _ = trained
    rows = best_epoch(train, write_images("val", augmented=1))
    assert rows.loc["train", METRICS].tolist() == pytest.approx(rows.loc["val", METRICS].tolist())


EPOCHS = pd.DataFrame(
    {
        "epoch": [1, 2],
        "train_loss": [0.6, 0.4],
        "train_accuracy": [0.7, 0.9],
        "train_roc_auc": [0.75, 0.95],
        "val_loss": [0.65, 0.7],
        "val_accuracy": [0.6, 0.55],
        "val_roc_auc": [0.65, 0.7],
        "chosen": [1, 0],
    }
)


def test_curves_are_in_long_format():
    rows = curve_rows({"cnn_a": EPOCHS}, "lesion")
    assert rows["split"].tolist() == ["train", "train", "val", "val"]
    assert rows["loss"].tolist() == [0.6, 0.4, 0.65, 0.7]
    assert rows["roc_auc"].tolist() == [0.75, 0.95, 0.65, 0.7]


SPLITS = {
    "train": (np.array([0, 1]), pd.DataFrame({"cnn_a": [0.2, 0.8]})),
    "val": (np.array([0, 0, 1, 1]), pd.DataFrame({"cnn_a": [0.1, 0.6, 0.5, 0.9]})),
}


def test_best_epoch_has_metrics_of_predictions_and_not_of_the_curve():
    rows = best_epoch_rows({"cnn_a": EPOCHS}, SPLITS, "lesion").set_index("split")
    assert rows["epoch"].to_dict() == {"train": 1, "val": 1}
    assert rows["accuracy"].to_dict() == {"train": 1.0, "val": 0.75}
    assert rows["roc_auc"].to_dict() == {"train": 1.0, "val": 0.75}
    assert rows["loss"]["train"] == pytest.approx(-np.log(0.8))
