from pathlib import Path

import pytest

from dermoscopy.check import outputs
from dermoscopy.check.outputs import kept_outputs, missing_outputs, remove_dangling_links
from dermoscopy.core.pipeline import pipeline_stages


@pytest.fixture
def acquired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a cache, and outputs of acquire that are links to it, links to nowhere, files and folders."""
    kept = kept_outputs()
    monkeypatch.setattr(outputs, "kept_outputs", lambda: kept)
    monkeypatch.chdir(tmp_path)
    Path("cached").write_text("cached")
    images = Path("data/acquired/dataset/HAM10000_images_part_1")
    images.mkdir(parents=True)
    (images / "copy.jpg").write_text("mine")
    (images / "linked.jpg").symlink_to(Path("cached").absolute())
    (images / "dangling.jpg").symlink_to("/nowhere/files/md5/00/11")
    Path("data/acquired/problems.csv").symlink_to("/nowhere/files/md5/22/33")
    Path("data/acquired/truth").mkdir()
    return tmp_path


def test_the_outputs_that_dvc_keeps_are_those_of_acquire() -> None:
    """A stage with outputs that DVC keeps, but whose dangling links are not removed, would never run again."""
    persistent = {
        next(iter(entry))
        for stage in pipeline_stages().values()
        for entry in stage["outs"]
        if isinstance(entry, dict)
        for options in entry.values()
        if options.get("persist") and options.get("cache", True)
    }
    assert {str(path) for path in kept_outputs()} == persistent


def test_links_to_nowhere_are_removed_and_nothing_else(acquired: Path) -> None:
    Path("data/acquired/mine").symlink_to("/nowhere/else")  # no output
    before = sorted(acquired.rglob("*"))
    remove_dangling_links()
    gone = {"data/acquired/problems.csv", "data/acquired/dataset/HAM10000_images_part_1/dangling.jpg"}
    assert {str(path.relative_to(acquired)) for path in set(before) - set(acquired.rglob("*"))} == gone


def test_missing_outputs_are_named(acquired: Path) -> None:
    missing = missing_outputs()
    assert "data/acquired/problems.csv" in missing
    assert not {"data/acquired/dataset", "data/acquired/truth"} & set(missing)
