"""A dataset of the user in the clone: no run with the real dvc changes or deletes it, wherever it is."""

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from tests.pipeline.conftest import once
from tests.pipeline.fake_stages import small_project
from tests.pipeline.project import Project

pytestmark = pytest.mark.slow

DERMOSCOPY = [sys.executable, "-c", "from dermoscopy.cli.app import main; main()"]


@pytest.fixture(scope="session")
def merging(shared: Path) -> Project:
    """A clone that acquires and merges a dataset, and was not run yet. Copy it before you change it."""
    folder = shared / "merging"
    once(folder, lambda: small_project(folder, ["acquire", "merge"], {"train": ["data/merged/metadata.csv"]}) and None)
    return Project(folder)


def put(dataset: Path, folder: Path, place: str) -> tuple[str, Path]:
    """Put a dataset into a clone; return `data.path` and the folder that must not change."""
    target = folder / place.removeprefix("link to ").removesuffix(" as zips").removesuffix(" as one zip")
    if place.endswith("one zip"):
        target.mkdir(parents=True, exist_ok=True)
        shutil.make_archive(str(target / "ham10000"), "zip", dataset)
        path = target / "ham10000.zip"
    else:
        shutil.copytree(dataset, target, dirs_exist_ok=True)
        path = target
    if place.endswith("zips"):
        for images in sorted(target.glob("HAM10000_images_part_?")):
            shutil.make_archive(str(images), "zip", target, images.name)
            shutil.rmtree(images)
    (target / "NOTES.txt").write_text("Downloaded by me.\n")
    if place.startswith("link to "):
        (folder / "link").symlink_to(target)
        return "link", target
    return str(path.relative_to(folder)), target


def hashes(folder: Path) -> dict[str, str]:
    """Return the hash of each file in a folder."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def run(project: Project, command: str, path: str, seed: int) -> None:
    """Run the pipeline with a dataset and a seed of the merge."""
    if command in ("make run", "dermoscopy run"):
        project.change({"merge": {"seed": seed}})
        project.done(
            *(project.make("run", f"DATA={path}") if command == "make run" else [*DERMOSCOPY, "run", "--data", path])
        )
    elif command == "dvc exp run":
        values = ["data.source=directory", f"data.path={path}", f"merge.seed={seed}"]
        project.done("dvc", "exp", "run", *(option for value in values for option in ("-S", value)))
    else:
        project.change({"data": {"source": "directory", "path": path}, "merge": {"seed": seed}})
        project.done("dvc", "repro", "merge")


@pytest.mark.long
@pytest.mark.parametrize("command", ["make run", "dermoscopy run", "dvc exp run", "dvc repro"])
@pytest.mark.parametrize(
    "place",
    [
        "data/raw",
        "data/merged",
        "ham10000",
        "link to data/raw",
        "link to data/merged",
        "data/raw as zips",
        "data/merged as one zip",
    ],
)
def test_dataset_in_the_clone_stays_as_it_is(merging: Project, dataset: Path, tmp_path, place: str, command: str):
    project = merging.copy(tmp_path / "project")
    path, mine = put(dataset, project.folder, place)
    before = hashes(mine)
    assert len(before) >= 2
    for seed in (3, 4):  # a first run, and one after a finished run
        run(project, command, path, seed)
        assert len(list((project.folder / "data/merged/images").iterdir())) == 8
        assert before.items() <= hashes(mine).items()
    project.done(*DERMOSCOPY, "undo")
    assert before.items() <= hashes(mine).items()


@pytest.mark.parametrize("command", ["dermoscopy run", "dvc repro"])
@pytest.mark.parametrize("place", ["data/merged/images", "data/acquired/dataset/mine", "link to data/merged/images"])
@pytest.mark.parametrize("ran", [False, True], ids=["first run", "second run"])
def test_dataset_in_an_output_is_refused_and_stays(
    merging: Project, dataset: Path, tmp_path, place: str, command: str, ran: bool
):
    project = merging.copy(tmp_path / "project")
    if ran:
        other = tmp_path / "other"
        shutil.copytree(dataset, other)
        run(project, "dvc repro", str(other), 3)
    path, _ = put(dataset, project.folder, place)
    before = hashes(project.folder / "data")
    with pytest.raises(AssertionError, match=r"data\.path: received .*which the pipeline writes and DVC deletes"):
        run(project, command, path, 4)
    assert hashes(project.folder / "data") == before
