import logging
import subprocess
from pathlib import Path
from shutil import copyfile

import pytest

from dermoscopy.check.clone import excluded_files, lacks_files, warn_about_clone
from tests.cli.conftest import git


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """A repository with two commits and the project's .gitignore."""
    folder = tmp_path / "project"
    folder.mkdir()
    copyfile(".gitignore", folder / ".gitignore")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    for text in ("first", "second"):
        (folder / "params.yaml").write_text(text)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", text)
    monkeypatch.chdir(folder)
    return folder


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level(logging.INFO)
    warn_about_clone()
    return caplog.messages


def add(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    git(folder, "add", "--force", *names)


@pytest.mark.parametrize(
    "name",
    ["ham10000/part_1/ISIC_0.jpg", "a.JPEG", "data/x/mask.png", "data/ham.zip", "best.h5", "x/HAM10000_metadata.tab"],
)
@pytest.mark.parametrize("committed", [False, True])
def test_image_table_or_weights_in_the_index_are_reported(clone, caplog, name, committed):
    add(clone, name)
    if committed:
        git(clone, "commit", "--quiet", "--message", "mine")
    (warning,) = warnings(caplog)
    assert f" 1 files that .gitignore excludes, such as {name}. " in warning


def test_the_command_takes_all_of_them_out_and_keeps_the_files(clone, caplog):
    names = ["my images/part_1/ISIC 0.jpg", "my images/part_2/ISIC_é.jpg"]
    add(clone, *names)
    (warning,) = warnings(caplog)
    assert " 2 files " in warning
    subprocess.run(warning.splitlines()[1].partition(": ")[2], shell=True, check=True)
    assert excluded_files() == []
    assert all((clone / name).exists() for name in names)


def test_this_repository_has_none():
    assert excluded_files() == []


def test_other_files_and_documented_images_are_not_reported(clone, caplog):
    add(clone, "docs/images/roc.png", "notes.txt", "plots/roc.csv")
    assert warnings(caplog) == []


def test_patterns_of_the_user_are_not_those_of_the_project(clone, caplog):
    (clone / ".git/info").mkdir(exist_ok=True)
    (clone / ".git/info/exclude").write_text("*.csv\n")
    add(clone, "plots/roc.csv")
    assert warnings(caplog) == []


def test_folder_without_a_repository_is_silent(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert warnings(caplog) == []


def test_without_git_it_is_silent(clone, monkeypatch, caplog):
    add(clone, "a.jpg")
    monkeypatch.setenv("PATH", str(clone))
    assert warnings(caplog) == []


def test_repository_of_another_user_is_silent(clone, monkeypatch, caplog):
    add(clone, "a.jpg")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert warnings(caplog) == []


@pytest.fixture
def partial(clone, monkeypatch) -> Path:
    """A clone of the repository without the files of the first commit."""
    git(clone, "config", "uploadpack.allowFilter", "true")
    folder = clone.parent / "partial"
    git(clone.parent, "clone", "--quiet", "--filter=blob:none", f"file://{clone}", str(folder))
    monkeypatch.chdir(folder)
    return folder


def test_partial_clone_is_reported_until_it_has_all_files(partial, caplog):
    (warning,) = warnings(caplog)
    command = warning.splitlines()[1].partition(": ")[2]
    assert command.startswith("git fetch")
    subprocess.run(command, shell=True, check=True)
    caplog.clear()
    assert warnings(caplog) == []


def test_partial_clone_lacks_the_files_of_old_revisions_only(partial):
    assert not lacks_files("--no-walk", "HEAD")
    assert lacks_files("--no-walk", "HEAD~1")
    assert not lacks_files("--no-walk", "name-of-an-experiment")


def test_full_clone_lacks_nothing(clone, caplog):
    assert not lacks_files("HEAD")
    assert warnings(caplog) == []
