import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from dermoscopy.cli import verify as module
from dermoscopy.cli.verify import NEEDED, verify_determinism
from dermoscopy.core import params as file
from dermoscopy.core.errors import UserError
from tests.cli.conftest import git

TOP = Path.cwd()


@pytest.fixture
def trained(project, monkeypatch):
    """Make a project with training data, in which each training writes given bytes as weights."""
    for path in map(Path, (*NEEDED, "data/acquired/weights/cnn_a")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def write(*contents: bytes, code: int = 0) -> None:
        remaining = iter(contents)

        def run(command: list[str]) -> subprocess.CompletedProcess[str]:
            assert command[1:4] == ["-m", "dermoscopy.cli.verify_child", "cnn_a"]
            folder = Path(command[4], "model")
            folder.mkdir(parents=True)
            (folder / "model.weights.h5").write_bytes(next(remaining))
            Path(command[4], "used.json").write_text('{"device": "CPU", "precision": "mixed_bfloat16", "devices": 1}')
            return subprocess.CompletedProcess(command, code)

        monkeypatch.setattr(module.subprocess, "run", run)
        monkeypatch.setattr(module, "top_folder", lambda: project)

    return write


def test_missing_data_is_refused(project):
    with pytest.raises(UserError, match=r"data/split/train\.csv.*dvc repro audit"):
        verify_determinism("cnn_a")


def test_unknown_member_is_refused(project):
    with pytest.raises(UserError, match=r"cnn_aa.*cnn_a\b"):
        verify_determinism("cnn_aa")


def test_equal_weights_print_one_line(trained, capsys):
    trained(b"weights", b"weights")
    verify_determinism("cnn_a")
    [line] = capsys.readouterr().out.splitlines()
    assert "same weights" in line
    assert hashlib.sha256(b"weights").hexdigest() in line
    assert "CPU, mixed_bfloat16, threads: 2, devices: 1" in line


def test_different_weights_print_one_line_and_exit_1(trained, capsys):
    trained(b"weights", b"others")
    with pytest.raises(typer.Exit) as error:
        verify_determinism("cnn_a")
    assert error.value.exit_code == 1
    [line] = capsys.readouterr().out.splitlines()
    assert "different weights" in line


def test_failed_training_returns_its_exit_code(trained, capsys):
    trained(b"", b"", code=2)
    with pytest.raises(typer.Exit) as error:
        verify_determinism("cnn_a")
    assert error.value.exit_code == 2
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_two_trainings_of_a_member_give_the_same_bytes(rows, tmp_path):
    for split in ("train", "val"):
        rows(split, 12)
    Path("data/audited").write_text("lesion clean\n")
    for folder in ("data/augmented/train", "data/acquired/weights/cnn_b"):
        Path(folder).mkdir(parents=True)
    file.read.cache_clear()
    Path("params.yaml").write_text((TOP / "params.yaml").read_text())
    git(tmp_path, "init", "--quiet")
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], check=True)
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "start")
    done = subprocess.run(
        [sys.executable, "-c", "from dermoscopy.cli.app import main; main()", "verify-determinism", "cnn_b"],
        env=os.environ | {"PYTHONPATH": str(TOP / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "cnn_b: two short trainings gave the same weights" in done.stdout
    status = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert status.stdout == ""
