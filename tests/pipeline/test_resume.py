"""Training killed or interrupted in the middle of an epoch, with the real dvc."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from dermoscopy.core.interrupt import INTERRUPTED
from dermoscopy.core.stage import FINISHED
from tests.pipeline.project import Project
from tests.processes import alive, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]

EPOCHS = 4
KILLED_AFTER = 2  # epochs; the kill is in the middle of the third
PATIENCE = 300  # seconds

# Epochs take some seconds, so that a kill is in the middle of one.
LONGER = {
    "training": {"batch_size": 8},
    "models": {
        "vgg19": {"epochs": EPOCHS, "optimizer": "nadam", "dense": [8], "dropout": 0.5},
        "inception_v3": {"epochs": EPOCHS},
        "cnn_a": {"epochs": EPOCHS, "image_size": 224},
        "cnn_b": {"epochs": EPOCHS, "image_size": 448},
    },
}
MEMBERS = list(LONGER["models"])


@pytest.fixture(scope="module")
def audited(tiny: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = tiny.copy(tmp_path_factory.mktemp("audited") / "project")
    project.change(LONGER)
    project.commit("longer epochs")
    project.done("dvc", "repro", "audit")
    return project


@pytest.fixture(scope="module")
def uninterrupted(audited: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = audited.copy(tmp_path_factory.mktemp("uninterrupted") / "project")
    project.done("dvc", "repro", "--single-item", *(f"train@{member}" for member in MEMBERS))
    return project


def trained_epochs(folder: Path) -> int:
    """Return the number of epochs in the checkpoint of a member."""
    try:
        with (folder / "state.npz").open("rb") as file, np.load(file) as state:
            return len(json.loads(str(state["epochs"])))
    except (FileNotFoundError, NotADirectoryError):
        return 0


def outputs(project: Project, member: str) -> dict[str, bytes]:
    folder = project.folder / "data/models" / member
    files = [path for path in folder.rglob("*") if path.is_file()]
    files += [project.folder / f"data/curves/{member}.csv", project.folder / f"metrics/val/{member}.json"]
    return {str(path.relative_to(project.folder)): path.read_bytes() for path in files}


DERMOSCOPY = [sys.executable, "-c", "from dermoscopy.cli.app import main; main()"]
FAILED = "ERROR: failed to reproduce 'train@vgg19': failed to run: exec sh stages/run train vgg19, exited with 130"
# Ways of starting, the exit code and the errors after the line of the stage.
STARTS = {
    "dvc repro": (["dvc", "repro"], 255, [FAILED]),
    "dvc exp run": (["dvc", "exp", "run"], 255, [FAILED]),
    "dermoscopy run": ([*DERMOSCOPY, "run"], INTERRUPTED, []),
}


@pytest.mark.parametrize("start", STARTS)
def test_ctrl_c_prints_after_which_epoch_the_next_run_resumes(audited: Project, tmp_path: Path, start: str) -> None:
    project = audited.copy(tmp_path / "project")
    checkpoints = project.folder / ".checkpoints"
    shutil.rmtree(checkpoints, ignore_errors=True)
    command, code, errors = STARTS[start]
    with project.start(*command, log=tmp_path / "log") as process:
        wait_until(lambda: any(map(trained_epochs, checkpoints.glob("vgg19-*"))), patience=PATIENCE)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == code
    (epochs,) = filter(None, map(trained_epochs, checkpoints.glob("vgg19-*")))
    line = f"train@vgg19: interrupted. The next run resumes after epoch {epochs}."
    before, _, rest = (tmp_path / "log").read_text().partition(line)
    assert rest
    assert [text for text in rest.splitlines() if "ERROR" in text] == errors
    assert "Traceback" not in before


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("killed", ["trainer", "dvc", "Ctrl-C"])
def test_killed_training_resumes_and_writes_the_bytes_of_an_uninterrupted_one(
    audited: Project, uninterrupted: Project, tmp_path: Path, member: str, killed: str
) -> None:
    project = audited.copy(tmp_path / "project")
    command = ["dvc", "repro", "--single-item", f"train@{member}"]
    checkpoints = project.folder / ".checkpoints"
    shutil.rmtree(checkpoints, ignore_errors=True)
    with project.start(*command) as first:
        wait_until(
            lambda: any(trained_epochs(folder) >= KILLED_AFTER for folder in checkpoints.glob(f"{member}-*")),
            patience=PATIENCE,
        )
        (lock,) = checkpoints.glob("*.lock")
        trainer = int(lock.read_text())
        if killed == "Ctrl-C":
            os.killpg(first.pid, signal.SIGINT)
        else:
            os.kill(trainer if killed == "trainer" else first.pid, signal.SIGKILL)
        assert first.wait(PATIENCE) != 0
    # The orphaned trainer may still be running; the second run starts at once.
    with project.start(*command, log=tmp_path / "second") as second:
        wait_until(
            lambda: second.poll() is not None or (lock.exists() and lock.read_text() not in ("", str(trainer))),
            patience=PATIENCE,
        )
        assert not alive(trainer)
        assert second.wait(PATIENCE) == 0
    assert f"resuming after epoch {KILLED_AFTER}" in (tmp_path / "second").read_text()
    assert outputs(project, member) == outputs(uninterrupted, member)
    assert all((path / FINISHED).exists() for path in checkpoints.glob(f"{member}-*") if path.is_dir())
