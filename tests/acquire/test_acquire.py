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
from dermoscopy.core.errors import ArchiveError, UserError, WeightsError
from dermoscopy.core.members import member_names
from dermoscopy.core.stage import run
from dermoscopy.core.tables import SCORES
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


def test_a_directory_is_copied_as_published(archive: Path, bring: Callable[[Data], Path]) -> None:
    (archive / "notes.txt").write_text("not the archive's")
    data = bring(settings("directory", archive))
    (archive / "notes.txt").unlink()
    assert contents(data / "raw") == contents(archive)
    assert PROBLEMS.read(data / "problems.csv").empty
    assert SCORES.read(data / "truth" / "scores.csv").empty
    assert (data / "truth" / "masks").is_dir()
    assert sorted(path.name for path in data.iterdir()) == ["problems.csv", "raw", "truth", "weights"]


def test_the_simulated_archive_is_sound(bring: Callable[[Data], Path]) -> None:
    data = bring(settings("simulated"))
    assert len(SCORES.read(data / "truth" / "scores.csv")) >= SIMULATION.lesions
    assert PROBLEMS.read(data / "problems.csv").empty


def test_a_download_is_taken_from_its_folder(
    archive: Path, bring: Callable[[Data], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(folder: Path) -> Path:
        asked.append(folder)
        return archive

    monkeypatch.setattr(module, "download", download)
    data = bring(settings("download"))
    assert asked == [tmp_path / "downloads"]
    assert contents(data / "raw") == contents(archive)
    assert SCORES.read(data / "truth" / "scores.csv").empty


@pytest.mark.parametrize("spoil", ["archive", "weights", "path"])
def test_refusal_leaves_the_last_good_data(archive: Path, bring: Callable[[Data], Path], spoil: str) -> None:
    data = bring(settings("directory", archive))
    before = contents(data)
    table = archive / METADATA
    if spoil == "archive":
        table.write_text(table.read_text().replace(",mel,", ",melanoma,"))
    weights: dict[str, Any] = {"vgg19": Weights(source="absent.h5", sha256=None)} if spoil == "weights" else {}
    with pytest.raises(WeightsError if spoil == "weights" else ArchiveError):
        bring(settings("directory", archive / "absent" if spoil == "path" else archive, **weights))
    assert contents(data) == before


def test_archive_and_weights_are_refused_in_one_message(archive: Path, bring: Callable[[Data], Path]) -> None:
    weights = {"vgg19": Weights(source="absent.h5", sha256=None)}
    with pytest.raises(UserError) as refusal:
        bring(settings("directory", archive / "absent", **weights))
    assert "absent.h5" in str(refusal.value)
    assert f"data.path: {archive / 'absent'}" in str(refusal.value)


def test_no_path_is_told(bring: Callable[[Data], Path]) -> None:
    with pytest.raises(ArchiveError, match=r"data\.path: null"):
        bring(settings("directory"))


@pytest.mark.parametrize(
    ("odd", "said"), [("~nosuchuser/x", "is not there"), ("x" * 300, r"cannot be reached \(File name too long\)")]
)
def test_an_odd_path_is_told(bring: Callable[[Data], Path], odd: str, said: str) -> None:
    with pytest.raises(ArchiveError, match=f"data\\.path: {odd} {said}"):
        bring(settings("directory", Path(odd)))


def test_a_name_that_is_not_utf_8_is_told(archive: Path, bring: Callable[[Data], Path]) -> None:
    (archive / "HAM10000_images_part_1" / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    with pytest.raises(ArchiveError, match=r"file name that is not UTF-8, 1: \\udcff\.jpg"):
        bring(settings("directory", archive))


def test_a_full_disk_leaves_the_last_good_data(
    archive: Path, bring: Callable[[Data], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bring(settings("directory", archive))
    before = contents(data)
    copyfile, copied = shutil.copyfile, []

    def fill(source: Any, target: Any) -> None:
        if len(copied) == 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        copied.append(copyfile(source, target))

    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(OSError, match="No space left") as full:
        bring(settings("directory", archive))
    assert full.value.errno == errno.ENOSPC
    assert contents(data) == before
    assert sorted(path.name for path in data.iterdir()) == ["problems.csv", "raw", "truth", "weights"]


@pytest.fixture
def project(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory whose params.yaml names the archive."""
    parameters = Path("params.yaml").read_text()
    named = parameters.replace("source: simulated", "source: directory").replace("  path:\n", f"  path: {archive}\n")
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
    project: Path, archive: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (archive / METADATA).write_text("lesion_id;image_id\n")
    with pytest.raises(SystemExit) as ended:
        run(stage)
    assert ended.value.code == 2
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "column missing from the table, 5: dx (received 'lesion_id, image_id')" in record.getMessage()
    assert record.exc_info is None
    assert [path.name for path in (project / "data").iterdir()] == ["source.json"]


def test_the_stage_brings_a_sound_archive(project: Path, archive: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        run(stage)
    assert ended.value.code == 0
    assert contents(project / "data" / "raw") == contents(archive)
    assert {path.name for path in (project / "data" / "weights").iterdir()} == set(member_names())
