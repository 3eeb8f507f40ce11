import subprocess
from pathlib import Path
from shutil import copyfile

import pytest

from dermoscopy.core import params as file

PARAMS = """\
# Chosen with care.
optimizer: null
runtime:
  threads: 2
  devices: 1
data:
  source: simulated
  path: null
models:
  cnn_a:
    dropout: 0.5
    dense:
    - 1
"""
SMALL = "runtime:\n  threads: 1\nmodels:\n  cnn_a:\n    dropout: 0.1\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "core.hooksPath=/dev/null"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """Make a git repository with params.yaml and two profiles committed, and change to it."""
    folder = tmp_path / "project"
    (folder / "profiles").mkdir(parents=True)
    (folder / "params.yaml").write_text(PARAMS)
    (folder / "profiles" / "small.yaml").write_text(SMALL)
    (folder / "profiles" / "other.yaml").write_text("optimizer: adam\n")
    copyfile("dvc.yaml", folder / "dvc.yaml")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "start")
    monkeypatch.chdir(folder)
    file.read.cache_clear()
    yield folder
    file.read.cache_clear()
