"""Git never changes the line ends of files that stages read or write: DVC compares bytes."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import git


@pytest.mark.parametrize("name", ["params.yaml", "stages/run", "src/module.py", "metrics/test.json", "plots/roc.csv"])
def test_git_for_windows_checks_out_the_line_ends_of_linux(tmp_path, name):
    shutil.copy(".gitattributes", tmp_path / ".gitattributes")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"first\nsecond\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "core.autocrlf", "true")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "results")
    path.unlink()
    git(tmp_path, "restore", name)
    assert path.read_bytes() == b"first\nsecond\n"


def test_images_stay_as_they_are(tmp_path):
    for name in (".gitattributes", "docs/images/roc.png"):
        shutil.copy(name, tmp_path / Path(name).name)
    image = (tmp_path / "roc.png").read_bytes()
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    (tmp_path / "roc.png").unlink()
    git(tmp_path, "restore", "roc.png")
    assert (tmp_path / "roc.png").read_bytes() == image
