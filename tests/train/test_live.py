import json
from pathlib import Path

import numpy as np
import pytest

from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import log_chosen, log_epoch, open_live

EPOCHS = [Epoch(1, "trained", 0.7, 0.5, 0.55, 0.69, 0.75, 0.5), Epoch(2, "trained", 0.6, 0.6, 0.65, 0.66, 0.5, 0.75)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    with open_live(tmp_path / "live") as live:
        curve = Curve("val_accuracy")
        for epoch in EPOCHS:
            curve.add(epoch)
            log_epoch(live, epoch)
        log_chosen(live, curve, np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.4, 0.3]))
    return tmp_path / "live"


def strict(text: str) -> object:
    """Parse JSON as a browser does: without NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


def test_curves_are_written_per_split_and_metric(folder: Path) -> None:
    lines = (folder / "plots/metrics/val/roc_auc.tsv").read_text().splitlines()
    assert lines == ["step\troc_auc", "1\t0.5", "2\t0.75"]
    names = {str(path.relative_to(folder / "plots/metrics")) for path in folder.rglob("*.tsv")}
    assert names == {
        f"{split}/{metric}.tsv" for split in ("train", "val") for metric in ("loss", "accuracy", "roc_auc")
    }


def test_metrics_include_the_chosen_epoch(folder: Path) -> None:
    metrics = strict((folder / "metrics.json").read_text())
    assert metrics["chosen"]["epoch"] == 1
    assert metrics["chosen"]["gap"] == pytest.approx(-0.25)
    assert metrics["step"] == 2


def test_the_roc_curve_is_valid_json(folder: Path) -> None:
    corners = strict((folder / "plots/custom/roc.json").read_text())
    assert corners[0] == {"fpr": 0.0, "tpr": 0.0}
    assert corners[-1] == {"fpr": 1.0, "tpr": 1.0}


def test_dvc_yaml_is_not_changed(folder: Path) -> None:
    assert (folder.parent / "dvc.yaml").read_text() == "stages: {}\n"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["dvc.yaml", "live"]
    assert sorted(path.name for path in folder.iterdir()) == ["metrics.json", "plots"]
