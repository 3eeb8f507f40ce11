from pathlib import Path
from typing import Any

import pytest

from dermoscopy.archive.acquire import acquire
from dermoscopy.archive.layout import METADATA
from dermoscopy.errors import ArchiveError, WeightsError
from dermoscopy.params.data import Data, Weights
from dermoscopy.params.simulate import Simulate
from dermoscopy.tables.problems import PROBLEMS
from dermoscopy.tables.truth import SCORES

SIMULATION = Simulate(seed=1, lesions=20, malignant=0.3, repeated=0.2, width=64, height=48, separation=2.33, noise=0.5)


def directory(path: Path | None, **weights: Weights) -> Data:
    return Data(source="directory", path=None if path is None else str(path), weights=weights)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_directory_is_copied_as_published(archive: Path, tmp_path: Path) -> None:
    (archive / "notes.txt").write_text("not the archive's")
    acquire(directory(archive), SIMULATION, tmp_path / "data")
    (archive / "notes.txt").unlink()
    assert contents(tmp_path / "data" / "raw") == contents(archive)
    assert PROBLEMS.read(tmp_path / "data" / "problems.csv").empty
    assert SCORES.read(tmp_path / "data" / "truth" / "scores.csv").empty
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["problems.csv", "raw", "truth", "weights"]


def test_the_simulated_archive_is_sound(tmp_path: Path) -> None:
    acquire(Data(source="simulated", path=None, weights={}), SIMULATION, tmp_path / "data")
    assert len(SCORES.read(tmp_path / "data" / "truth" / "scores.csv")) >= SIMULATION.lesions


@pytest.mark.parametrize("spoil", ["archive", "weights", "path"])
def test_refusal_leaves_the_last_good_data(archive: Path, tmp_path: Path, spoil: str) -> None:
    acquire(directory(archive), SIMULATION, tmp_path / "data")
    before = contents(tmp_path / "data")
    table = archive / METADATA
    table.write_text(table.read_text().replace(",mel,", ",melanoma,"))
    weights: dict[str, Any] = {"vgg19": Weights(source="absent.h5", sha256=None)} if spoil == "weights" else {}
    error = WeightsError if spoil == "weights" else ArchiveError
    with pytest.raises(error):
        acquire(
            directory(tmp_path / "absent" if spoil == "path" else archive, **weights), SIMULATION, tmp_path / "data"
        )
    assert contents(tmp_path / "data") == before


def test_no_path_is_told() -> None:
    with pytest.raises(ArchiveError, match=r"data\.path: null"):
        acquire(directory(None), SIMULATION, Path("unused"))
