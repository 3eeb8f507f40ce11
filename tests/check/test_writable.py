import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from dermoscopy.check.writable import require_writable, unwritable
from dermoscopy.core.errors import ProblemsError
from tests.full_disk import run_read_only

CODE = "from dermoscopy.check.writable import unwritable; print(*unwritable(), sep='\\n')"


@pytest.fixture
def project(monkeypatch) -> Iterator[Path]:
    """A project in a folder that every user can enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        copyfile("dvc.yaml", folder / "dvc.yaml")
        for path in (".dvc/tmp", ".dvc/cache", "data/split/train", "metrics/val", "plots", "runs", ".checkpoints"):
            (folder / path).mkdir(parents=True)
        (folder / "params.yaml").touch()
        monkeypatch.chdir(folder)
        monkeypatch.delenv("DVC_ROOT", raising=False)
        yield folder


@pytest.fixture
def other_user() -> Iterator[None]:
    """Run the test as a user who is neither root nor the owner of the project, if that is possible."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    os.setresuid(12345, 12345, 0)
    yield
    os.setresuid(0, 0, 0)


def lines() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in unwritable())


def test_own_project_can_be_written(project):
    require_writable()


def test_missing_folders_are_no_problem(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    require_writable()


def test_project_of_another_user_is_refused_with_the_command_that_takes_it_over(project, other_user):
    with pytest.raises(ProblemsError, match="sudo chown") as error:
        require_writable()
    assert error.value.problems == ["the folder of the project: it belongs to user 0, and you are user 12345"]


@pytest.mark.parametrize("name", ["data", ".dvc/cache", "data/split/train", "runs", "params.yaml"])
def test_each_folder_or_file_is_named(project, request, name):
    for path in [project, *project.rglob("*")]:
        path.chmod(0o777)
    (project / name).chmod(0o555)
    request.getfixturevalue("other_user")
    assert list(lines()) == [name]


def test_read_only_disk_is_named(project):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = run_read_only(project / "data", [sys.executable, "-c", CODE], env=environment)
    assert done.stdout == "data: the file system is read-only\n"
