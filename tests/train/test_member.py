import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from dermoscopy.core.errors import TrainingError
from dermoscopy.core.files import rounded
from dermoscopy.core.fingerprint import code_digest
from dermoscopy.core.stage import remove_finished
from dermoscopy.core.tables import CURVE
from dermoscopy.networks.params import Runtime, SmallCNN, Training
from dermoscopy.train import member as module
from dermoscopy.train.member import MemberPaths, train_member
from dermoscopy.train.settings import TrainSettings
from dermoscopy.train.trainer import PhaseTrainer
from tests.blocks import RUNTIME, TRAINING

Rows = Callable[..., pd.DataFrame]
MakeCNN = Callable[..., SmallCNN]

PROJECT = Path(__file__).parents[2]


def train(parameters: SmallCNN, splits: tuple[pd.DataFrame, pd.DataFrame], folder: Path, **changes: Any) -> dict:
    return train_member(
        "cnn_a",
        parameters,
        *splits,
        TrainSettings(
            training=Training.model_validate({**TRAINING, **changes}),
            runtime=Runtime.model_validate({**RUNTIME, "eager": True}),
            seed=1,
            protocol="image (leaky protocol)",
            versions={"keras": "3"},
        ),
        MemberPaths(
            weights=Path("data/acquired/weights"),
            checkpoints=folder / "checkpoints",
            folder=folder / "cnn_a",
            table=folder / "curves/cnn_a.csv",
            metrics=folder / "metrics/cnn_a.json",
        ),
    )


def test_train_member_writes_its_outputs(rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    facts = train(tiny_cnn(), (rows("train", 8), rows("val")), tmp_path)
    assert sorted(path.name for path in (tmp_path / "cnn_a").iterdir()) == ["live", "model.weights.h5", "model.yaml"]
    assert CURVE.read(tmp_path / "curves/cnn_a.csv")["chosen"].sum() == 1
    metrics = json.loads((tmp_path / "metrics/cnn_a.json").read_text())
    assert metrics.pop("protocol") == "image (leaky protocol)"
    live = json.loads((tmp_path / "cnn_a/live/metrics.json").read_text())["chosen"]
    assert list(live) == ["epoch", "val_accuracy", "val_loss", "val_roc_auc"]
    of_val = {"accuracy": live["val_accuracy"], "log_loss": live["val_loss"], "roc_auc": live["val_roc_auc"]}
    assert metrics == {name: rounded(value) for name, value in of_val.items()}
    assert facts.pop("images_per_second") > 0
    assert facts == {"device": "CPU", "devices": 1, "precision": "float32", "epochs": 3}
    remove_finished(tmp_path / "checkpoints")
    assert list((tmp_path / "checkpoints").iterdir()) == []


class KilledError(Exception):
    pass


def killed_after(epoch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise KilledError in the epoch after the given one."""

    def die(self: PhaseTrainer, number: int) -> Any:
        if number > epoch:
            raise KilledError
        return train_epoch(self, number)

    train_epoch = PhaseTrainer.epoch
    monkeypatch.setattr(PhaseTrainer, "epoch", die)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_killed_training_is_resumed_and_writes_the_bytes_of_an_uninterrupted_one(
    rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    splits = (rows("train", 8), rows("val"))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KilledError):
        killed_after(2, patch)
        train(tiny_cnn(), splits, tmp_path / "killed")
    assert not (tmp_path / "killed/cnn_a/model.weights.h5").exists()
    with caplog.at_level(logging.INFO, "dermoscopy"):
        facts = train(tiny_cnn(), splits, tmp_path / "killed")
    assert facts["epochs"] == 1
    assert any("cnn_a" in line and "epoch 2" in line for line in caplog.messages)
    train(tiny_cnn(), splits, tmp_path / "uninterrupted")
    assert files(tmp_path / "killed") == files(tmp_path / "uninterrupted")


def test_a_finished_training_that_dvc_has_not_recorded_is_not_repeated(
    rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path
) -> None:
    splits = (rows("train", 8), rows("val"))
    train(tiny_cnn(), splits, tmp_path)
    written = files(tmp_path)
    shutil.rmtree(tmp_path / "cnn_a")
    facts = train(tiny_cnn(), splits, tmp_path)
    assert (facts["epochs"], facts["images_per_second"]) == (0, None)
    assert files(tmp_path) == written


def test_an_unfinished_checkpoint_is_kept(rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    splits = (rows("train", 8), rows("val"))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KilledError):
        killed_after(2, patch)
        train(tiny_cnn(), splits, tmp_path)
    remove_finished(tmp_path / "checkpoints")
    assert train(tiny_cnn(), splits, tmp_path)["epochs"] == 1


def test_other_parameters_or_data_never_resume_an_old_checkpoint(rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    splits = (rows("train", 8), rows("val"))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KilledError):
        killed_after(2, patch)
        train(tiny_cnn(), splits, tmp_path)
    assert train(tiny_cnn(), splits, tmp_path, monitor="val_loss")["epochs"] == 3
    assert train(tiny_cnn(dropout=0.4), splits, tmp_path)["epochs"] == 3
    assert train(tiny_cnn(), (rows("train", 10), splits[1]), tmp_path)["epochs"] == 3
    remove_finished(tmp_path / "checkpoints")
    assert [path.name.partition("-")[0] for path in (tmp_path / "checkpoints").iterdir()] == ["cnn_a"]


def test_changed_code_never_resumes_an_old_checkpoint(
    rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = (rows("train", 8), rows("val"))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KilledError):
        killed_after(2, patch)
        train(tiny_cnn(), splits, tmp_path)
    # That an edit changes the digest: tests/core/test_fingerprint.py
    monkeypatch.setattr(module, "code_digest", lambda name: f"{code_digest(name)} edited")
    assert train(tiny_cnn(), splits, tmp_path)["epochs"] == 3


def test_val_without_a_malignant_image_raises_an_error(rows: Rows, tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"val .*\bmalignant\b.* 1 "):
        train(tiny_cnn(), (rows("train"), rows("val", 1)), tmp_path)
    assert not (tmp_path / "cnn_a").exists()


def run_stage(folder: Path, parameters: dict, *, optimizer: str) -> None:
    tree = {"seed": 1, "optimizer": optimizer, "runtime": RUNTIME, "training": TRAINING, "models": parameters}
    (folder / "params.yaml").write_text(yaml.safe_dump(tree))
    (folder / "data/environment.json").write_text("{}")
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
        remove_finished(tmp_path / ".checkpoints")
    assert len(runs[0]) == 12
    assert runs[0] == runs[1]
    assert json.loads(runs[0]["metrics/val/cnn_a.json"])["protocol"] == "lesion"
    card = yaml.safe_load(runs[0]["data/models/cnn_a/model.yaml"])
    assert card["parameters"]["optimizer"] == "rmsprop"  # the top-level optimizer, not the member's adam
    assert "cnn_a epoch 3/3: val ROC AUC" in (tmp_path / "runs/train@cnn_a.log").read_text()
