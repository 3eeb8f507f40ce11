import subprocess
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from ruamel.yaml import YAML

from dermoscopy.cli.run import replaced
from dermoscopy.core import params as file
from dermoscopy.core.params import read_yaml

PARAMS = "# Chosen with care.\n" + Path("params.yaml").read_text()
SMALL = "runtime:\n  threads: 1\nmodels:\n  cnn_a:\n    dropout: 0.1\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "core.hooksPath=/dev/null"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def write_params(folder: Path, **leaves: Any) -> None:
    """Write params.yaml with other values; __ stands for the dot of a key."""
    changed = {key.replace("__", "."): value for key, value in leaves.items()}
    YAML().dump(replaced(read_yaml(PARAMS), changed), folder / "params.yaml")
    file.read.cache_clear()


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
    monkeypatch.delenv("MAKELEVEL", raising=False)
    file.read.cache_clear()
    yield folder
    file.read.cache_clear()
