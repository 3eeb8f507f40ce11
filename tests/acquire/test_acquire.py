import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.acquire import acquire as module
from dermoscopy.acquire.acquire import acquire
from dermoscopy.acquire.params import Data, Limits, Weights
from dermoscopy.core import params as file
from dermoscopy.core.errors import DatasetError, UserError, WeightsError
from dermoscopy.core.members import member_names
from dermoscopy.core.stage import run
from dermoscopy.core.tables import LATENT_SCORES
from dermoscopy.ham10000.metadata import METADATA
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.simulate.params import Simulate
from stages.acquire import acquire as stage

SIMULATION = Simulate(
    seed=1, lesions=20, malignant=0.3, repeated=0.2, width=64, height=48, separation=2.33, cameras=1.0, noise=0.5
)


def settings(source: str, path: Path | None = None, **weights: Weights) -> Data:
    limits = Limits(pixels=10_000, unpacked=1.0)
    text = None if path is None else str(path)
    return Data.model_validate({"source": source, "path": text, "strict": True, "limits": limits, "weights": weights})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run_acquire(tmp_path: Path) -> Callable[[Data], Path]:
    def acquired(data: Data) -> Path:
        folder = tmp_path / "data"
        weights = {name: name for name in data.weights}
        members = ["vgg19", "cnn_a"]
        acquire(data, SIMULATION, folder, tmp_path / "downloads", members=members, starting_weights=weights)
        return folder

    return acquired


def test_a_directory_is_copied_as_published(dataset: Path, run_acquire: Callable[[Data], Path]) -> None:
    (dataset / "notes.txt").write_text("not part of the dataset")
    data = run_acquire(settings("directory", dataset))
    (dataset / "notes.txt").unlink()
    assert contents(data / "dataset") == contents(dataset)
    assert PROBLEMS.read(data / "problems.csv").empty
    assert LATENT_SCORES.read(data / "truth" / "scores.csv").empty
    assert (data / "truth" / "masks").is_dir()
    assert sorted(path.name for path in data.iterdir()) == ["dataset", "problems.csv", "truth", "weights"]


def test_the_simulated_dataset_is_valid(run_acquire: Callable[[Data], Path]) -> None:
    data = run_acquire(settings("simulated"))
    assert len(LATENT_SCORES.read(data / "truth" / "scores.csv")) >= SIMULATION.lesions
    assert PROBLEMS.read(data / "problems.csv").empty


def test_a_download_is_copied_from_its_folder(
    dataset: Path, run_acquire: Callable[[Data], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []

    def download(folder: Path) -> Path:
        folders.append(folder)
        return dataset

    monkeypatch.setattr(module, "download", download)
    data = run_acquire(settings("download"))
    assert folders == [tmp_path / "downloads"]
    assert contents(data / "dataset") == contents(dataset)
    assert LATENT_SCORES.read(data / "truth" / "scores.csv").empty


@pytest.mark.parametrize("invalid", ["dataset", "weights", "path"])
def test_a_refused_dataset_leaves_the_last_valid_data(
    dataset: Path, run_acquire: Callable[[Data], Path], invalid: str
) -> None:
    data = run_acquire(settings("directory", dataset))
    before = contents(data)
    table = dataset / METADATA
    if invalid == "dataset":
        table.write_text(table.read_text().replace(",mel,", ",wart,"))
    weights: dict[str, Any] = {"vgg19": Weights(source="absent.h5", sha256=None)} if invalid == "weights" else {}
    with pytest.raises(WeightsError if invalid == "weights" else DatasetError):
        run_acquire(settings("directory", dataset / "absent" if invalid == "path" else dataset, **weights))
    assert contents(data) == before


def test_dataset_and_weights_are_refused_in_one_message(dataset: Path, run_acquire: Callable[[Data], Path]) -> None:
    weights = {"vgg19": Weights(source="absent.h5", sha256=None)}
    with pytest.raises(UserError) as error:
        run_acquire(settings("directory", dataset / "absent", **weights))
    assert "absent.h5" in str(error.value)
    assert f"data.path: {dataset / 'absent'}" in str(error.value)


def test_a_missing_path_is_reported(run_acquire: Callable[[Data], Path]) -> None:
    with pytest.raises(DatasetError, match=r"data\.path: null"):
        run_acquire(settings("directory"))


@pytest.mark.parametrize(
    ("path", "reason"), [("~nosuchuser/x", "does not exist"), ("x" * 300, r"cannot be reached \(File name too long\)")]
)
def test_an_invalid_path_is_reported(run_acquire: Callable[[Data], Path], path: str, reason: str) -> None:
    with pytest.raises(DatasetError, match=f"data\\.path: {path} {reason}"):
        run_acquire(settings("directory", Path(path)))


def test_a_name_that_is_not_utf_8_is_reported(dataset: Path, run_acquire: Callable[[Data], Path]) -> None:
    (dataset / "HAM10000_images_part_1" / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    with pytest.raises(DatasetError, match=r"file name that is not UTF-8, 1: \\udcff\.jpg"):
        run_acquire(settings("directory", dataset))


def test_a_full_disk_leaves_the_last_valid_data(
    dataset: Path, run_acquire: Callable[[Data], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = run_acquire(settings("directory", dataset))
    before = contents(data)
    copyfile, copied = shutil.copyfile, []

    def fill(source: Any, target: Any) -> None:
        if len(copied) == 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        copied.append(copyfile(source, target))

    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(OSError, match="No space left") as full:
        run_acquire(settings("directory", dataset))
    assert full.value.errno == errno.ENOSPC
    assert contents(data) == before
    assert sorted(path.name for path in data.iterdir()) == ["dataset", "problems.csv", "truth", "weights"]


@pytest.fixture
def project(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory whose params.yaml names the dataset."""
    parameters = Path("params.yaml").read_text()
    named = parameters.replace("source: simulated", "source: directory").replace("  path:\n", f"  path: {dataset}\n")
    (tmp_path / "params.yaml").write_text(named)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "source.json").write_text('{"source": "directory", "weights": {}}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["acquire"])
    monkeypatch.setattr("dermoscopy.core.stage.die_with_parent", lambda: None)
    file.read.cache_clear()
    yield tmp_path
    file.read.cache_clear()


def test_the_stage_reports_an_invalid_dataset_without_a_traceback_and_exits_with_2(
    project: Path, dataset: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (dataset / METADATA).write_text("lesion_id;image_id\n")
    with pytest.raises(SystemExit) as exit_info:
        run(stage)
    assert exit_info.value.code == 2
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "column missing from the table, 5: dx (received 'lesion_id, image_id')" in record.getMessage()
    assert record.exc_info is None
    assert list(contents(project / "data")) == ["source.json"]


def test_the_stage_acquires_a_valid_dataset(project: Path, dataset: Path) -> None:
    with pytest.raises(SystemExit) as exit_info:
        run(stage)
    assert exit_info.value.code == 0
    assert contents(project / "data" / "acquired" / "dataset") == contents(dataset)
    assert {path.name for path in (project / "data" / "acquired" / "weights").iterdir()} == set(member_names())
