"""The command evaluate: terminal, files, exit codes."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dermoscopy.cli import evaluate as module
from dermoscopy.cli.app import app
from dermoscopy.cli.predict import NOTICE
from dermoscopy.core.errors import LeakError, UserError
from dermoscopy.external import external
from dermoscopy.external.external import evaluate_folder
from dermoscopy.use.model import Model, load_model
from tests.cli.conftest import git
from tests.external.labelled_run import write_folder, write_image, write_run

LABELS = ["malignant", "benign", "benign"] * 4


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Repository with a finished run."""
    folder = tmp_path_factory.mktemp("project")
    write_run(folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "dvc.lock")
    git(folder, "commit", "--quiet", "--message", "start")
    return folder


@pytest.fixture(scope="module")
def loaded(project: Path) -> Model:
    """The ensemble of the run."""
    return load_model(project)


@pytest.fixture
def evaluate(project: Path, loaded: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Function that runs the command in a folder of the project, and loads the ensemble once."""
    monkeypatch.setattr(external, "load_model", lambda _: loaded)
    monkeypatch.chdir(project / "data")

    def run(*arguments: object) -> Any:
        monkeypatch.chdir(project / "data")
        return CliRunner().invoke(app, ["evaluate", *map(str, arguments), "--output", str(tmp_path / "out")])

    return run


def test_the_terminal_has_each_classifier_calibration_and_referral(
    evaluate: Callable[..., Any], tmp_path: Path
) -> None:
    done = evaluate(write_folder(tmp_path / "set", LABELS))
    assert (done.exit_code, done.stderr) == (0, f"{NOTICE}\n")
    lines = done.stdout.splitlines()
    assert lines[0] == "set: 12 images, 4 malignant images."
    assert lines[1].startswith("External set: no image was found in the run.")
    header, *rows = [line for line in lines if "ROC AUC" in line or line.startswith(("Ensemble", "CNN"))]
    assert header.split("  ")[-1].strip() == "specificity"
    assert [row.split("  ")[0] for row in rows] == ["Ensemble", "CNN A", "CNN B"]
    starts = ("observed / expected", "calibration slope", "referred", "coverage of benign", "coverage of malignant")
    assert all(any(line.startswith(start) for line in lines) for start in starts)
    assert lines[-1] == f"Page and tables: {tmp_path / 'out'}"
    assert {"predictions.csv", "scores.csv", "report.html"} <= {path.name for path in (tmp_path / "out").iterdir()}


def test_relative_paths_are_those_of_the_working_directory(
    project: Path, loaded: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "load_model", lambda _: loaded)
    monkeypatch.chdir(project / "data")
    write_folder(tmp_path / "set", LABELS)
    shutil.move(tmp_path / "set/labels.csv", tmp_path / "labels.csv")
    folder = os.path.relpath(tmp_path / "set")
    done = CliRunner().invoke(app, ["evaluate", folder, "--table", os.path.relpath(tmp_path / "labels.csv")])
    assert done.exit_code == 0
    assert (project / "data/evaluation-set/report.html").is_file()
    shutil.rmtree(project / "data/evaluation-set")


def test_what_is_left_out_is_named_and_the_exit_code_is_1(evaluate: Callable[..., Any], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", [*LABELS, "scc"])
    (folder / "new_00.jpg").write_bytes(b"x")
    done = evaluate(folder)
    assert done.exit_code == 1
    assert "'scc' (1 row; is it bcc?)" in done.stderr
    assert "image that cannot be read, 1: new_00.jpg" in done.stderr
    assert done.stdout.startswith("set: 11 images")


def test_what_is_only_reported_leaves_the_exit_code_0(evaluate: Callable[..., Any], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", LABELS)
    shutil.copyfile(folder / "new_01.jpg", folder / "new_02.jpg")
    done = evaluate(folder)
    assert done.exit_code == 0
    assert "same bytes under several names, 1: new_01.jpg = new_02.jpg" in done.stderr


def test_with_one_label_the_reason_is_in_the_terminal(evaluate: Callable[..., Any], tmp_path: Path) -> None:
    done = evaluate(write_folder(tmp_path / "set", ["nv"] * 4))
    assert done.exit_code == 0
    assert "Left out: all images are benign" in done.stdout
    assert "calibration slope" not in done.stdout


def test_images_of_the_run_stop_the_command_unless_an_option_says_otherwise(
    project: Path, evaluate: Callable[..., Any], tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "set", LABELS)
    shutil.copyfile(next((project / "data/split/train").rglob("*.jpg")), folder / "new_00.jpg")
    assert isinstance(evaluate(folder).exception, LeakError)
    assert not (tmp_path / "out").exists()
    assert evaluate(folder, "--overlap", "leave-out").stdout.startswith("set: 11 images")
    assert "Not an external set: 1 of 12 images" in evaluate(folder, "--overlap", "keep").stdout


def test_an_output_with_other_files_is_refused_before_anything_is_computed(
    evaluate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    write_image(tmp_path / "out/mine.jpg", 1)
    monkeypatch.setattr(module, "evaluate_folder", lambda *_: 1 / 0)
    done = evaluate(write_folder(tmp_path / "set", LABELS))
    assert isinstance(done.exception, UserError)
    assert (tmp_path / "out/mine.jpg").is_file()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("missing",), "is not a folder"),
        (("empty",), "Name the table of labels with: --table FILE"),
        (("set", "--table", "missing.csv"), "table that cannot be read, 1: missing.csv (No such file or directory)"),
        (("set", "--overlap", "all"), "--overlap"),
    ],
)
def test_wrong_options_exit_with_2_without_a_traceback(
    project: Path, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    write_folder(tmp_path / "set", LABELS)
    (tmp_path / "empty").mkdir()
    first, *others = arguments
    done = subprocess.run(
        [sys.executable, "-c", "from dermoscopy.cli.app import main; main()", "evaluate", tmp_path / first, *others],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(Path("src").resolve()), "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_that_is_not_utf8_gets_escapes(
    project: Path, loaded: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "load_model", lambda _: loaded)
    monkeypatch.chdir(project)
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    results = evaluate_folder(write_folder(tmp_path / "é", LABELS), None, "refuse", project)
    monkeypatch.setattr(module, "evaluate_folder", lambda *_: results)
    module.evaluate(tmp_path / "é", output=tmp_path / "out")
    terminal.seek(0)
    assert terminal.read().startswith(r"\xe9: 12 images")
