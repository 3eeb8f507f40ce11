"""The command predict: formats, exit codes, and hostile inputs from end to end."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from dermoscopy import load
from dermoscopy.cli import predict as module
from dermoscopy.cli.app import app
from dermoscopy.cli.predict import NOTICE
from dermoscopy.core.errors import UserError
from dermoscopy.use.model import Model
from tests.cli.conftest import git
from tests.finished_run import write_run
from tests.use.hostile import CONVERTED, REFUSED

ODD = 'new\nline\ttab\x1b[31m,quote".jpg'


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
def model(project: Path) -> Model:
    """The ensemble of the run."""
    return load(project)


@pytest.fixture
def predict(project: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Function that runs the command in a folder of the project, and loads the ensemble of its top folder once."""
    monkeypatch.chdir(project / "data/split/test")
    monkeypatch.setattr(module, "load", lambda folder: {project: model}[folder])

    def run(*arguments: object) -> Any:
        return CliRunner().invoke(app, ["predict", *map(str, arguments)])

    return run


def test_a_table_has_a_line_for_each_image(predict: Callable[..., Any]) -> None:
    done = predict("malignant", "benign/test_001.jpg")
    assert done.exit_code == 0
    assert done.stderr == f"{NOTICE}\n"
    header, *lines = done.stdout.splitlines()
    assert header.split()[:4] == ["image", "probability", "decision", "conformal_set"]
    assert {"raw_cnn_a", "raw_cnn_b", "p_mel"} <= set(header.split())
    assert not {"note", "problem"} & set(header.split())
    assert [line.split()[0] for line in lines] == [
        *(f"malignant/test_{number:03}.jpg" for number in (0, 3, 6, 9)),
        "benign/test_001.jpg",
    ]


def test_csv_and_json_have_the_same_values(predict: Callable[..., Any]) -> None:
    done = predict("benign", "missing.jpg", "--format", "csv")
    assert done.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    content = json.loads(predict("benign", "missing.jpg", "--format", "json").stdout)
    assert len(rows) == len(content["images"]) == 9
    for row, image in zip(rows, content["images"], strict=True):
        assert row.keys() == image.keys()
        for key, value in row.items():
            if isinstance(image[key], float):
                assert float(value) == pytest.approx(image[key], abs=1e-6)
            else:
                assert value == (image[key] or "")
    assert content["images"][-1]["probability"] is None
    assert content["images"][-1]["problem"] == "No such file or directory"
    assert (content["point"], content["members"]) == ("balanced", ["cnn_a", "cnn_b"])
    assert {"notice", "threshold", "malignant_from", "benign_until", "method", "warning"} <= content.keys()


@pytest.mark.parametrize(("name", "start"), [("a.csv", "image,"), ("a.json", "{"), ("a.txt", "image ")])
def test_the_ending_of_the_output_sets_the_format(
    predict: Callable[..., Any], tmp_path: Path, name: str, start: str
) -> None:
    done = predict("benign/test_001.jpg", "--output", tmp_path / name)
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / name).read_text().startswith(start)
    predict("benign/test_001.jpg", "--output", tmp_path / name, "--format", "json")
    assert (tmp_path / name).read_text().startswith("{")


def test_the_operating_point_changes_the_decisions_only(predict: Callable[..., Any]) -> None:
    tables = {
        point: json.loads(predict("benign", "--format", "json", "--point", point).stdout)
        for point in ("half", "sensitive")
    }
    half, sensitive = ([image["probability"] for image in table["images"]] for table in tables.values())
    np.testing.assert_allclose(half, sensitive, atol=1e-6)
    for table in tables.values():
        for image in table["images"]:
            assert (image["decision"] == "malignant") == (image["probability"] >= table["threshold"])


def test_unsuitable_images_are_counted_and_change_no_exit_code(
    predict: Callable[..., Any], project: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "unsuitable" not in predict("benign").stdout
    strict = replace(model, reference=model.reference.model_copy(update={"min_size": 1000}))
    monkeypatch.setattr(module, "load", lambda folder: strict)
    done = predict("malignant", "--format", "json")
    assert done.exit_code == 0
    assert "4 of 4 are not suitable and have no decision: see the column unsuitable." in done.stderr
    for image in json.loads(done.stdout)["images"]:
        assert (image["unsuitable"], image["decision"], image["conformal_set"]) == ("too small", None, "refer")
        assert 0 <= image["probability"] <= 1
    assert "too small" in predict("malignant").stdout


def test_overlays_are_written(predict: Callable[..., Any], tmp_path: Path) -> None:
    done = predict("benign/test_001.jpg", "--explain", tmp_path / "maps", "--format", "json")
    assert done.exit_code == 0
    [image] = json.loads(done.stdout)["images"]
    assert [path.name for path in (tmp_path / "maps").iterdir()] == [image["overlay"]]


def test_all_hostile_inputs_at_once_are_a_row_each_and_exit_code_1(
    project: Path, predict: Callable[..., Any], tmp_path: Path
) -> None:
    paths, named = [], {}
    for number, (kind, (make, reason)) in enumerate(REFUSED.items()):
        if kind == "no permission" and os.geteuid() == 0:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        named[len(paths)] = reason
        paths.append(make(folder))
    for number, (make_content, _) in enumerate(CONVERTED.values()):
        (tmp_path / f"{number}.img").write_bytes(make_content())
        paths.append(tmp_path / f"{number}.img")
    (tmp_path / ODD).write_bytes((project / "data/split/test/benign/test_001.jpg").read_bytes())
    done = predict(*paths, tmp_path / ODD, "--format", "json")
    assert done.exit_code == 1
    images = json.loads(done.stdout)["images"]
    assert len(images) == len(paths) + 1
    for number, image in enumerate(images):
        if number in named:
            assert named[number] in image["problem"]
            assert image["probability"] is None
        else:
            assert image["problem"] is None
            assert 0 <= image["probability"] <= 1
    assert images[-1]["image"] == str(tmp_path / ODD)
    assert done.stderr.splitlines() == [
        NOTICE,
        f"{len(named)} of {len(images)} could not be read: see the column problem.",
    ]


@pytest.mark.parametrize("form", ["table", "csv"])
def test_control_characters_in_names_are_escaped(predict: Callable[..., Any], tmp_path: Path, form: str) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    os.rename(tmp_path / "a.png", os.fsencode(tmp_path) + b"/bytes\xff.png")  # noqa: PTH104 not UTF-8
    (tmp_path / ODD).write_bytes(b"")
    done = predict(tmp_path, "--format", form)
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 3
    assert r"new\nline\ttab\x1b[31m" in done.stdout
    assert r"bytes\udcff.png" in done.stdout
    assert json.loads(predict(tmp_path, "--format", "json").stdout)["images"][0]["image"].endswith("bytes\udcff.png")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("benign", "--point", "best"),
        ("benign", "--format", "xml"),
        ("benign", "--output", "missing/folder/x.csv"),
    ],
)
def test_wrong_options_exit_with_2(project: Path, arguments: tuple[str, ...]) -> None:
    done = command(project / "data/split/test", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_without_a_finished_run_it_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "start")
    done = command(tmp_path, "a.jpg")
    assert done.returncode == 2
    assert "has no finished run" in done.stderr
    assert "Traceback" not in done.stderr


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from dermoscopy.cli.app import main; main()", "predict", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path("src").resolve())},
        capture_output=True,
        text=True,
    )


def test_a_leaky_protocol_is_named(
    predict: Callable[..., Any], project: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaky = replace(model, warning="leaky protocol: splits share lesions")
    monkeypatch.setattr(module, "load", lambda _: leaky)
    assert "WARNING: leaky protocol" in predict("benign/test_001.jpg").stderr


def test_a_terminal_that_is_not_utf8_gets_escapes(
    project: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "é.jpg").write_bytes((project / "data/split/test/benign/test_001.jpg").read_bytes())
    monkeypatch.chdir(project)
    monkeypatch.setattr(module, "load", lambda _: model)
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    module.predict([str(tmp_path / "é.jpg")])
    terminal.seek(0)
    assert r"\xe9.jpg" in terminal.read()


def test_a_file_in_place_of_the_folder_of_overlays_is_an_error_of_the_user(predict: Callable[..., Any]) -> None:
    done = predict("benign", "--explain", "benign/test_001.jpg")
    assert isinstance(done.exception, UserError)


def test_the_output_is_not_replaced_if_the_prediction_fails(
    predict: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("before")
    monkeypatch.setattr(module, "render", lambda *_: 1 / 0)
    assert predict("benign/test_001.jpg", "--output", tmp_path / "a.csv").exit_code == 1
    assert (tmp_path / "a.csv").read_text() == "before"
