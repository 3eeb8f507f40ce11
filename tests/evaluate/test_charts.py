import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate import charts, tables
from dermoscopy.evaluate.evaluate import Evaluation
from dermoscopy.evaluate.scores import Classifier

Y_TRUE = np.array([0, 0, 1, 1])
LEAKY = "image (leaky protocol)"


def classifier(name: str, kind: str) -> Classifier:
    return Classifier(name, kind, np.array([0.1, 0.6, 0.4, 0.9]), {"half": 0.5, "sensitive": 0.3})


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


def test_confusion_has_a_row_for_each_image():
    rows = charts.confusion_rows(Y_TRUE, np.array([False, True, False, True]), "lesion")
    assert rows[["actual", "predicted"]].to_numpy().tolist() == [
        ["benign", "benign"],
        ["benign", "malignant"],
        ["malignant", "benign"],
        ["malignant", "malignant"],
    ]


def test_curves_are_in_long_format():
    rows = charts.curve_rows({"cnn_a": EPOCHS}, "lesion")
    assert rows["split"].tolist() == ["train", "train", "val", "val"]
    assert rows["loss"].tolist() == [0.6, 0.4, 0.65, 0.7]
    assert rows["roc_auc"].tolist() == [0.75, 0.95, 0.65, 0.7]


SPLITS = {
    "train": (np.array([0, 1]), pd.DataFrame({"cnn_a": [0.2, 0.8]})),
    "val": (Y_TRUE, pd.DataFrame({"cnn_a": [0.1, 0.6, 0.5, 0.9]})),
}


def test_best_epoch_has_metrics_of_predictions_and_not_of_the_curve():
    rows = charts.best_epoch_rows({"cnn_a": EPOCHS}, SPLITS, "lesion").set_index("split")
    assert rows["epoch"].to_dict() == {"train": 1, "val": 1}
    assert rows["accuracy"].to_dict() == {"train": 1.0, "val": 0.75}
    assert rows["roc_auc"].to_dict() == {"train": 1.0, "val": 0.75}
    assert rows["loss"]["train"] == pytest.approx(-np.log(0.8))


def test_every_chart_has_the_protocol(tmp_path):
    names = {"ensemble": "ensemble", "cnn_a": "member", "vote": "ensemble", "colours": "baseline"}
    classifiers = [classifier(name, kind) for name, kind in names.items()]
    scores = pd.DataFrame({"name": names.keys(), "kind": names.values()}).assign(
        unit="image", point="", metric="roc_auc", value=0.75, low=0.5, high=0.9, interval="Obuchowski"
    )
    scores = pd.concat([scores, scores.assign(unit="lesion", value=0.5)])
    evaluation = Evaluation(classifiers, {"scores": scores})
    charts.write_charts(Y_TRUE, evaluation, {"cnn_a": EPOCHS}, SPLITS, "sensitive", LEAKY, tmp_path)
    written = {
        "roc.csv": tables.ROC,
        "confusion.csv": tables.CONFUSION,
        "curves.csv": tables.CURVES,
        "best_epoch.csv": tables.BEST_EPOCH,
        "roc_auc.csv": tables.ROC_AUC,
    }
    frames = {name: table.read(tmp_path / name) for name, table in written.items()}
    assert all(set(frame["protocol"]) == {LEAKY} for frame in frames.values())
    assert set(frames["roc.csv"]["name"]) == {"cnn_a", "ensemble"}
    assert set(frames["roc_auc.csv"]["name"]) == {"cnn_a", "ensemble", "colours"}
    assert set(frames["roc_auc.csv"]["value"]) == {0.75}
    assert frames["confusion.csv"]["predicted"].tolist().count("malignant") == 3
