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

SIMULATION = Simulate(seed=1, lesions=20, malignant=0.3, repeated=0.2, width=64, height=48, separation=2.33, noise=0.5)


def settings(source: str, path: Path | None = None, **weights: Weights) -> Data:
    limits = Limits(pixels=10_000, unpacked=1.0)
    text = None if path is None else str(path)
    return Data.model_validate({"source": source, "path": text, "strict": True, "limits": limits, "weights": weights})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def bring(tmp_path: Path) -> Callable[[Data], Path]:
    def brought(data: Data) -> Path:
        starting = {name: name for name in data.weights}
        acquire(
            data,
            SIMULATION,
            tmp_path / "data",
            tmp_path / "downloads",
            members=["vgg19", "cnn_a"],
            starting=starting,
        )
        return tmp_path / "data"

    return brought


def test_a_directory_is_copied_as_published(dataset: Path, bring: Callable[[Data], Path]) -> None:
    (dataset / "notes.txt").write_text("not the dataset's")
    data = bring(settings("directory", dataset))
    (dataset / "notes.txt").unlink()
    assert contents(data / "raw") == contents(dataset)
    assert PROBLEMS.read(data / "problems.csv").empty
    assert LATENT_SCORES.read(data / "truth" / "scores.csv").empty
    assert (data / "truth" / "masks").is_dir()
    assert sorted(path.name for path in data.iterdir()) == ["problems.csv", "raw", "truth", "weights"]


def test_the_simulated_archive_is_sound(bring: Callable[[Data], Path]) -> None:
    data = bring(settings("simulated"))
    assert len(LATENT_SCORES.read(data / "truth" / "scores.csv")) >= SIMULATION.lesions
    assert PROBLEMS.read(data / "problems.csv").empty


def test_a_download_is_taken_from_its_folder(
    dataset: Path, bring: Callable[[Data], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(folder: Path) -> Path:
        asked.append(folder)
        return dataset

    monkeypatch.setattr(module, "download", download)
    data = bring(settings("download"))
    assert asked == [tmp_path / "downloads"]
    assert contents(data / "raw") == contents(dataset)
    assert LATENT_SCORES.read(data / "truth" / "scores.csv").empty


@pytest.mark.parametrize("spoil", ["dataset", "weights", "path"])
def test_refusal_leaves_the_last_good_data(dataset: Path, bring: Callable[[Data], Path], spoil: str) -> None:
    data = bring(settings("directory", dataset))
    before = contents(data)
    table = dataset / METADATA
    if spoil == "dataset":
        table.write_text(table.read_text().replace(",mel,", ",melanoma,"))
    weights: dict[str, Any] = {"vgg19": Weights(source="absent.h5", sha256=None)} if spoil == "weights" else {}
    with pytest.raises(WeightsError if spoil == "weights" else DatasetError):
        bring(settings("directory", dataset / "absent" if spoil == "path" else dataset, **weights))
    assert contents(data) == before


def test_archive_and_weights_are_refused_in_one_message(dataset: Path, bring: Callable[[Data], Path]) -> None:
    weights = {"vgg19": Weights(source="absent.h5", sha256=None)}
    with pytest.raises(UserError) as refusal:
        bring(settings("directory", dataset / "absent", **weights))
    assert "absent.h5" in str(refusal.value)
    assert f"data.path: {dataset / 'absent'}" in str(refusal.value)


def test_no_path_is_told(bring: Callable[[Data], Path]) -> None:
    with pytest.raises(DatasetError, match=r"data\.path: null"):
        bring(settings("directory"))


@pytest.mark.parametrize(
    ("odd", "said"), [("~nosuchuser/x", "is not there"), ("x" * 300, r"cannot be reached \(File name too long\)")]
)
def test_an_odd_path_is_told(bring: Callable[[Data], Path], odd: str, said: str) -> None:
    with pytest.raises(DatasetError, match=f"data\\.path: {odd} {said}"):
        bring(settings("directory", Path(odd)))


def test_a_name_that_is_not_utf_8_is_told(dataset: Path, bring: Callable[[Data], Path]) -> None:
    (dataset / "HAM10000_images_part_1" / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    with pytest.raises(DatasetError, match=r"file name that is not UTF-8, 1: \\udcff\.jpg"):
        bring(settings("directory", dataset))


def test_a_full_disk_leaves_the_last_good_data(
    dataset: Path, bring: Callable[[Data], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bring(settings("directory", dataset))
    before = contents(data)
    copyfile, copied = shutil.copyfile, []

    def fill(source: Any, target: Any) -> None:
        if len(copied) == 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        copied.append(copyfile(source, target))

    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(OSError, match="No space left") as full:
        bring(settings("directory", dataset))
    assert full.value.errno == errno.ENOSPC
    assert contents(data) == before
    assert sorted(path.name for path in data.iterdir()) == ["problems.csv", "raw", "truth", "weights"]


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


def test_the_stage_tells_without_a_traceback_and_exits_with_2(
    project: Path, dataset: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (dataset / METADATA).write_text("lesion_id;image_id\n")
    with pytest.raises(SystemExit) as ended:
        run(stage)
    assert ended.value.code == 2
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "column missing from the table, 5: dx (received 'lesion_id, image_id')" in record.getMessage()
    assert record.exc_info is None
    assert [path.name for path in (project / "data").iterdir()] == ["source.json"]


def test_the_stage_brings_a_sound_archive(project: Path, dataset: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        run(stage)
    assert ended.value.code == 0
    assert contents(project / "data" / "raw") == contents(dataset)
    assert {path.name for path in (project / "data" / "weights").iterdir()} == set(member_names())
