"""The commands export, and predict with the exported bundle."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dermoscopy.bundle.manifest import bundle_id
from dermoscopy.cli.app import app
from dermoscopy.core.errors import UserError
from dermoscopy.export.parity import PARITY, table
from tests.cli.conftest import git
from tests.finished_run import write_bundle_of_run, write_run


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Repository with a finished run and its bundle."""
    folder = tmp_path_factory.mktemp("project")
    write_run(folder)
    write_bundle_of_run(folder)
    (folder / ".gitignore").write_text("/data\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "start")
    return folder


@pytest.fixture
def command(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Function that runs a command in a folder of the project."""
    monkeypatch.chdir(project / "data")
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


def test_the_exported_bundle_names_its_commit_and_predicts_without_the_project(
    project: Path, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, image = tmp_path / "bundle", project / "data/split/test/benign/test_001.jpg"
    done = command("export", bundle, "--format", "keras")
    assert done.exit_code == 0, done.exception
    assert done.stdout == f"{bundle}\n"
    assert done.stderr == f"sha256 of its SHA256SUMS: {bundle_id(bundle)}\n"
    assert len(json.loads((bundle / "origin.json").read_text())["commit"]) == 40
    of_run = command("predict", image, "--format", "csv").stdout
    monkeypatch.chdir(tmp_path)
    assert command("predict", "--model", bundle, image, "--format", "csv").stdout == of_run
    (bundle / "extra").write_text("")
    tampered = command("predict", "--model", bundle, image)
    assert isinstance(tampered.exception, UserError)
    assert "extra: additional" in str(tampered.exception)


def test_results_that_are_not_committed_name_no_commit(
    project: Path, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dermoscopy.cli.export.results_differ", lambda: True)
    done = command("export", tmp_path / "bundle", "--format", "keras")
    assert done.exit_code == 0, done.exception
    assert "names no commit" in done.stderr
    assert json.loads((tmp_path / "bundle/origin.json").read_text())["commit"] is None


def test_a_folder_with_other_files_is_refused(project: Path, command: Callable[..., Any]) -> None:
    done = command("export", project / "data", "--format", "keras")
    assert isinstance(done.exception, UserError)
    assert "choose another folder" in str(done.exception)


def test_files_in_int8_that_lose_roc_auc_are_named(
    project: Path, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"member": "cnn_a", "format": "litert", "precision": "int8", "bytes": 9, "images": 8, "difference": 0.4}
    row |= {"image_id": "ISIC_1", "roc_auc_keras": 0.9, "roc_auc": 0.8, "loss": 0.1, "low": 0.05, "high": 0.15}

    def export_bundle(root: Path, folder: Path, *others: object) -> None:
        folder.mkdir()
        PARITY.write(table([row, row | {"member": "cnn_b", "loss": 0.001}]), folder / "parity.csv")
        (folder / "SHA256SUMS").touch()

    monkeypatch.setattr("dermoscopy.cli.export.export_bundle", export_bundle)
    done = command("export", tmp_path / "bundle", "--format", "keras")
    assert "lose ROC AUC on val" in done.stderr
    assert "cnn_a, litert: 0.1000 (0.0500 to 0.1500)" in done.stderr
    assert "cnn_b" not in done.stderr
