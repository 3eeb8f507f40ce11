import pytest

from dermoscopy.core.tables import CURVE
from dermoscopy.networks.params import Monitor
from dermoscopy.train.history import Curve, Epoch

EPOCHS = [
    Epoch(1, "frozen", 0.7, 0.50, 0.51, val_loss=0.69, val_accuracy=0.60, val_roc_auc=0.55),
    Epoch(2, "frozen", 0.5, 0.90, 0.92, val_loss=0.60, val_accuracy=0.80, val_roc_auc=0.85),
    Epoch(3, "trained", 0.4, 0.95, 0.96, val_loss=0.50, val_accuracy=0.80, val_roc_auc=0.84),
    Epoch(4, "trained", 0.3, 0.99, 0.99, val_loss=0.55, val_accuracy=0.70, val_roc_auc=0.90),
]


def curve(monitor: Monitor) -> Curve:
    curve = Curve(monitor)
    for epoch in EPOCHS:
        curve.add(epoch)
    return curve


@pytest.mark.parametrize(("monitor", "best"), [("val_accuracy", 2), ("val_loss", 3), ("val_roc_auc", 4)])
def test_the_first_epoch_with_the_best_metric_is_chosen(monitor: Monitor, best: int) -> None:
    chosen = curve(monitor).chosen
    assert chosen is not None
    assert chosen.epoch == best


def test_add_returns_whether_the_epoch_is_the_best_so_far() -> None:
    curve = Curve("val_accuracy")
    assert [curve.add(epoch) for epoch in EPOCHS] == [True, True, False, False]


def test_the_frame_has_the_columns_of_the_table() -> None:
    frame = curve("val_loss").frame()
    assert list(frame.columns) == list(CURVE.columns)
    assert frame["chosen"].tolist() == [0, 0, 1, 0]
    assert frame["phase"].tolist() == ["frozen", "frozen", "trained", "trained"]


def test_the_val_metrics_have_the_names_of_the_other_metrics_files() -> None:
    assert curve("val_loss").val_metrics() == {"accuracy": 0.8, "log_loss": 0.5, "roc_auc": 0.84}


def test_the_summary_has_the_metrics_of_the_chosen_epoch() -> None:
    summary = curve("val_accuracy").summary()
    assert summary == {
        "epoch": 2,
        "val_accuracy": 0.8,
        "val_loss": 0.6,
        "val_roc_auc": 0.85,
    }
