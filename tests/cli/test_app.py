"""The command line, and runs with the real dvc."""

import errno
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from dermoscopy.cli import app
from dermoscopy.cli.run import DATA_HELP, REFUSED
from dermoscopy.core.params import read_yaml
from tests.cli.conftest import git

SOURCE = Path("src").resolve()


def dermoscopy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    return subprocess.run(
        [sys.executable, "-c", "from dermoscopy.cli.app import main; main()", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(SOURCE), "COLUMNS": "100"},
        capture_output=True,
        text=True,
    )


def test_help_lists_the_commands(tmp_path):
    done = dermoscopy(tmp_path, "--help")
    assert done.returncode == 0
    for command in (
        "run",
        "repro",
        "undo",
        "overrides",
        "compare",
        "score",
        "predict",
        "evaluate",
        "networks",
        "verify-determinism",
        "cache",
    ):
        assert command in done.stdout


def test_version_is_that_of_the_package(tmp_path):
    done = dermoscopy(tmp_path, "--version")
    assert done.stdout == f"dermoscopy {version('dermoscopy')}\n"
    assert done.returncode == 0


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 12345"), OSError("No username set")])
def test_user_without_a_name_gets_one(monkeypatch, error):
    def getuser() -> str:
        if "LOGNAME" in os.environ:
            return os.environ["LOGNAME"]
        raise error

    monkeypatch.delenv("LOGNAME", raising=False)
    monkeypatch.setattr(app.getpass, "getuser", getuser)
    app.name_user()
    assert os.environ["LOGNAME"] == f"user{os.getuid()}"
    monkeypatch.delenv("LOGNAME")


def test_user_with_a_name_keeps_it(monkeypatch):
    monkeypatch.setenv("LOGNAME", "anna")
    monkeypatch.setenv("HOME", "/home/anna")
    app.name_user()
    assert (os.environ["LOGNAME"], os.environ["HOME"]) == ("anna", "/home/anna")


def test_error_of_the_operating_system_is_printed_without_a_traceback(monkeypatch, capsys):
    def fails() -> None:
        raise OSError(errno.EROFS, "Read-only file system", "params.yaml")

    monkeypatch.setattr(app, "app", fails)
    with pytest.raises(SystemExit) as end:
        app.main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("params.yaml: Read-only file system. ")


@pytest.mark.parametrize("command", ["run", "overrides"])
def test_help_describes_the_values_of_data(tmp_path, command):
    help_text = " ".join(dermoscopy(tmp_path, command, "--help").stdout.replace("│", " ").split())
    assert DATA_HELP in help_text


def test_user_error_is_one_line_and_exit_code_2(project):
    done = dermoscopy(project, "overrides", "smal")
    assert (done.returncode, done.stdout) == (2, f"{REFUSED}\n")
    [line] = done.stderr.splitlines()
    assert "no profile smal." in line
    assert "Did you mean small?" in line


@pytest.mark.slow
def test_run_with_the_real_dvc(project, dataset):
    (project / "dvc.yaml").write_text(
        "stages:\n  copy:\n    cmd: python -c \"print('threads')\" > out.txt\n"
        "    params:\n    - runtime\n    - data\n    outs:\n    - out.txt\n"
        "  train:\n    matrix:\n      member: [vgg19, inception_v3, cnn_a, cnn_b]\n    cmd: echo ${item.member}\n"
    )
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], cwd=project, check=True)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "dvc")

    images = dataset.rename(project.parent / "my images, all")
    done = dermoscopy(project, "run", "--profile", "small", "--data", str(images))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Running stage 'copy'" in done.stdout
    params = (project / "params.yaml").read_text()
    assert "# Chosen with care." in params
    assert read_yaml(params)["data"]["path"] == str(images)

    assert dermoscopy(project, "run", "--profile", "small", "--data", "download").returncode == 0
    data = read_yaml((project / "params.yaml").read_text())["data"]
    assert (data["source"], data["path"]) == ("download", None)

    assert dermoscopy(project, "run", "--profile", "other").returncode == 2

    git(project, "restore", "params.yaml")
    (project / "dvc.yaml").write_text((project / "dvc.yaml").read_text().replace("cmd: python", "cmd: exit 3; python"))
    failed = dermoscopy(project, "run")
    assert failed.returncode == 255
    assert "dvc metrics show" not in failed.stdout
