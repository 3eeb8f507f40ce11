import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from dermoscopy.errors import TrainingError
from dermoscopy.params.models import SmallCNN
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training
from dermoscopy.tables.curves import CURVE
from dermoscopy.training.curve import Curve
from dermoscopy.training.member import train_member, write_curve

Rows = Callable[..., pd.DataFrame]
MakeCNN = Callable[..., SmallCNN]

RUNTIME = Runtime(threads=2, precision="float32", eager=True)
TRAINING = Training(batch_size=4, monitor="val_accuracy")
PROJECT = Path(__file__).parents[2]


def train(parameters: SmallCNN, parts: tuple[pd.DataFrame, pd.DataFrame], folder: Path) -> Curve:
    return train_member(
        "cnn_a",
        parameters,
        *parts,
        training=TRAINING,
        runtime=RUNTIME,
        seed=1,
        weights=Path("data/weights"),
        folder=folder,
    )


def test_writes_what_the_contract_names(rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    curve = train(tiny_cnn(), (rows("train", 8), rows("val")), tmp_path / "cnn_a")
    write_curve(curve, "image (leaky protocol)", tmp_path / "curves/cnn_a.csv", tmp_path / "metrics/cnn_a.json")
    assert sorted(path.name for path in (tmp_path / "cnn_a").iterdir()) == ["live", "model.weights.h5", "model.yaml"]
    assert CURVE.read(tmp_path / "curves/cnn_a.csv")["chosen"].sum() == 1
    metrics = json.loads((tmp_path / "metrics/cnn_a.json").read_text())
    assert metrics.pop("protocol") == "image (leaky protocol)"
    assert list(metrics) == ["epoch", "train_accuracy", "val_accuracy", "gap", "val_loss", "val_roc_auc"]
    live = json.loads((tmp_path / "cnn_a/live/metrics.json").read_text())
    assert live["chosen"] == metrics


def test_val_without_a_malignant_photograph_is_refused(rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="val holds no malignant"):
        train(tiny_cnn(), (rows("train"), rows("val", 1)), tmp_path / "cnn_a")
    assert not (tmp_path / "cnn_a").exists()


STAGE = """
seed: 1
optimizer: {optimizer}
runtime: {{threads: 2, precision: float32, eager: false}}
training: {{batch_size: 4, monitor: val_accuracy}}
"""


def run_stage(folder: Path, parameters: dict, *, optimizer: str) -> None:
    text = STAGE.format(optimizer=optimizer) + yaml.safe_dump({"models": parameters})
    (folder / "params.yaml").write_text(text)
    (member,) = parameters
    done = subprocess.run(
        [sys.executable, str(PROJECT / "stages/train.py"), member],
        cwd=folder,
        env={"PYTHONPATH": str(PROJECT / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def outputs(folder: Path) -> dict[str, bytes]:
    files = [path for name in ("data/models", "data/curves", "metrics") for path in (folder / name).rglob("*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.is_file()}


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    rows("train", 10), rows("val")
    Path("data/audited").write_text("lesion clean\n")
    parameters = {"cnn_a": tiny_cnn(epochs=3, filters=16, image_size=24).model_dump()}
    runs = []
    for _ in range(2):
        run_stage(tmp_path, parameters, optimizer="rmsprop")
        runs.append(outputs(tmp_path))
    assert len(runs[0]) == 11
    assert runs[0] == runs[1]
    assert json.loads(runs[0]["metrics/train/cnn_a.json"])["protocol"] == "lesion"
    card = yaml.safe_load(runs[0]["data/models/cnn_a/model.yaml"])
    assert card["parameters"]["optimizer"] == "rmsprop"  # the top-level one, not the member's adam
    assert "cnn_a epoch 3/3: loss" in (tmp_path / "runs/train@cnn_a.log").read_text()
