import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from dermoscopy.acquire.params import Data, Limits, Source, Weights
from dermoscopy.check.provenance import fingerprint
from dermoscopy.core import files
from dermoscopy.core.errors import DatasetError


@pytest.fixture
def dataset(tmp_path) -> Path:
    folder = tmp_path / "ham10000"
    for part, names in (("HAM10000_images_part_1", "ab"), ("HAM10000_images_part_2", "cd")):
        (folder / part).mkdir(parents=True)
        for name in names:
            (folder / part / f"{name}.jpg").write_bytes(name.encode())
    (folder / "HAM10000_metadata.csv").write_text("lesion_id,image_id\n")
    return folder


@pytest.fixture
def memory(tmp_path) -> Path:
    return tmp_path / ".checkpoints" / "hashes.json"


def data(source: Source, path: Path | None = None, **weights: Weights) -> Data:
    limits = Limits(pixels=1, unpacked=1.0)
    return Data(source=source, path=path and str(path), strict=True, limits=limits, weights=weights)


def directory(folder: Path) -> Data:
    return data("directory", folder)


def zipped(dataset: Path, path: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for member in sorted(dataset.rglob("*.*")):
            file.write(member, f"{prefix}{member.relative_to(dataset)}")
    return path


def test_the_simulated_archive_has_no_content_of_its_own(memory):
    weights = {"vgg19": Weights(source="none", sha256=None)}
    simulated = data("simulated", Path("/nowhere"), **weights)
    assert fingerprint(simulated, {}, memory) == {"source": "simulated", "weights": {}}
    assert not memory.exists()


def test_it_depends_on_content_alone(dataset, memory, tmp_path):
    first = fingerprint(directory(dataset), {}, memory)
    assert first["images"]["count"] == 4
    elsewhere = shutil.copytree(dataset, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    assert fingerprint(directory(elsewhere), {}, memory) == first
    assert str(tmp_path) not in json.dumps(first)


@pytest.mark.parametrize("change", ["bytes", "name", "folder", "gone", "more", "table"])
def test_any_change_of_content_shows(dataset, memory, change):
    before = fingerprint(directory(dataset), {}, memory)
    part = dataset / "HAM10000_images_part_1"
    if change == "bytes":
        (part / "a.jpg").write_bytes(b"other")
    elif change == "name":
        (part / "a.jpg").rename(part / "e.jpg")
    elif change == "folder":
        (part / "a.jpg").rename(dataset / "HAM10000_images_part_2" / "a.jpg")
    elif change == "gone":
        (part / "a.jpg").unlink()
    elif change == "more":
        (part / "e.jpg").write_bytes(b"e")
    else:
        (dataset / "HAM10000_metadata.csv").write_text("lesion_id\n")
    after = fingerprint(directory(dataset), {}, memory)
    assert after != before
    assert (after["images"] != before["images"]) == (change != "table")


def test_what_acquire_does_not_take_does_not_count(dataset, memory):
    before = fingerprint(directory(dataset), {}, memory)
    (dataset / "notes.txt").write_text("mine")
    assert fingerprint(directory(dataset), {}, memory) == before


def test_files_are_read_once(dataset, memory, monkeypatch):
    first = fingerprint(directory(dataset), {}, memory)
    read: list[Path] = []
    sha256 = files.sha256
    monkeypatch.setattr(files, "sha256", lambda path: read.append(path) or sha256(path))
    assert fingerprint(directory(dataset), {}, memory) == first
    assert read == []

    changed = dataset / "HAM10000_images_part_1" / "a.jpg"
    changed.write_bytes(b"z")
    os.utime(changed, ns=(1, 1))
    assert fingerprint(directory(dataset), {}, memory) != first
    assert read == [changed]


@pytest.mark.parametrize("spoilt", ["", "[]", '{"a": 1', "[" * 100_000])
def test_a_spoilt_memory_is_made_anew(dataset, memory, spoilt):
    first = fingerprint(directory(dataset), {}, memory)
    memory.write_text(spoilt)
    assert fingerprint(directory(dataset), {}, memory) == first
    assert len(json.loads(memory.read_text())) == 5


def test_masks_count_where_there_are_any(dataset, memory):
    before = fingerprint(directory(dataset), {}, memory)
    masks = dataset / "HAM10000_segmentations_lesion_tschandl"
    masks.mkdir()
    assert fingerprint(directory(dataset), {}, memory) == before
    (masks / "a_segmentation.png").write_bytes(b"a")
    first = fingerprint(directory(dataset), {}, memory)
    assert {key: first[key] for key in before} == before
    assert first["masks"]["count"] == 1
    (masks / "a_segmentation.png").write_bytes(b"b ")
    assert fingerprint(directory(dataset), {}, memory) != first


def test_what_stands_twice_counts_once_unless_it_differs(dataset, memory):
    before = fingerprint(directory(dataset), {}, memory)
    again = dataset / "ham10000_images_part_1" / "a.jpg"
    again.parent.mkdir()
    again.write_bytes(b"a")
    assert fingerprint(directory(dataset), {}, memory) == before
    again.write_bytes(b"other")
    assert fingerprint(directory(dataset), {}, memory) != before


def test_what_cannot_be_taken_is_counted(dataset, memory):
    (dataset / "HAM10000_images_part_1" / "e.png").write_bytes(b"e")
    assert fingerprint(directory(dataset), {}, memory)["problems"] == {"file that is not a .jpg": 1}


def test_a_zip_by_its_members(dataset, memory, tmp_path):
    first = fingerprint(directory(zipped(dataset, tmp_path / "dataset.zip")), {}, memory)
    assert first["images"]["count"] == 4
    assert not memory.exists()
    (tmp_path / "folder").mkdir()
    elsewhere = zipped(dataset, tmp_path / "folder" / "of-another-name.zip", prefix="HAM/")
    os.utime(elsewhere, ns=(1, 1))
    assert fingerprint(directory(elsewhere), {}, memory) == first
    assert fingerprint(directory(tmp_path / "folder"), {}, memory) == first
    told = json.dumps(first)
    assert "dataset.zip" not in told
    assert str(tmp_path) not in told


@pytest.mark.parametrize("change", ["bytes", "name", "folder", "gone", "table"])
def test_any_change_within_a_zip_shows(dataset, memory, tmp_path, change):
    before = fingerprint(directory(zipped(dataset, tmp_path / "dataset.zip")), {}, memory)
    part = dataset / "HAM10000_images_part_1"
    if change == "bytes":
        (part / "a.jpg").write_bytes(b"z")
    elif change == "name":
        (part / "a.jpg").rename(part / "e.jpg")
    elif change == "folder":
        (part / "a.jpg").rename(dataset / "HAM10000_images_part_2" / "a.jpg")
    elif change == "gone":
        (part / "a.jpg").unlink()
    else:
        (dataset / "HAM10000_metadata.csv").write_text("lesion_id\n")
    assert fingerprint(directory(zipped(dataset, tmp_path / "dataset.zip")), {}, memory) != before


def test_a_download_by_what_is_published(memory):
    found = fingerprint(data("download"), {}, memory)
    assert found["doi"].endswith("10.7910/DVN/DBW86T")
    assert list(found["files"]) == ["HAM10000_metadata.csv", "HAM10000_images_part_1.zip", "HAM10000_images_part_2.zip"]
    assert all(len(md5) == 32 for md5 in found["files"].values())
    assert not memory.exists()


def test_what_is_unchanged_is_not_read_again(dataset, memory, monkeypatch):
    first = fingerprint(directory(dataset), {}, memory)
    read = []
    monkeypatch.setattr("dermoscopy.core.files.sha256", read.append)
    assert fingerprint(directory(dataset), {}, memory) == first
    assert read == []


def test_weights_by_content(memory, tmp_path):
    (tmp_path / "w.h5").write_bytes(b"weights")
    file = Weights(source=str(tmp_path / "w.h5"), sha256=None)
    weights = {
        "mine": file,
        "again": file,
        "vgg19": Weights(source="imagenet", sha256=None),
        "later": Weights(source="none", sha256=None),
    }
    starting = {"b": "again", "a": "mine", "c": "vgg19"}
    found = fingerprint(data("simulated", **weights), starting, memory)["weights"]
    assert list(found) == ["b", "a", "c"]
    assert found["a"] == {"name": "mine", "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert found["b"]["sha256"] == found["a"]["sha256"]
    assert found["c"] == {"name": "vgg19", "imagenet": None}


def test_weights_that_no_member_uses_do_not_count(memory, tmp_path):
    weights = {"mine": Weights(source=str(tmp_path / "gone.h5"), sha256=None)}
    assert fingerprint(data("simulated", **weights), {}, memory)["weights"] == {}


def test_what_cannot_be_read_is_named(memory, tmp_path):
    weights = {"mine": Weights(source=str(tmp_path / "gone.h5"), sha256=None)}
    with pytest.raises(DatasetError, match=r"gone\.h5: No such file"):
        fingerprint(data("simulated", **weights), {"vgg19": "mine"}, memory)


@pytest.mark.parametrize("entry", [None, 5, [], [1], [1, 2], [1, 2, 3], [1, 2, "a", "b"], ["1", 2, "a"]])
def test_an_odd_memory_of_a_file_is_made_anew(dataset, memory, entry):
    first = fingerprint(directory(dataset), {}, memory)
    sound = json.loads(memory.read_text())
    size_and_time = {path: known[:2] for path, known in sound.items()}
    memory.write_text(json.dumps(dict.fromkeys(sound, entry)))
    assert fingerprint(directory(dataset), {}, memory) == first
    assert json.loads(memory.read_text()) == sound
    memory.write_text(json.dumps(size_and_time))
    assert fingerprint(directory(dataset), {}, memory) == first


@pytest.mark.parametrize("odd", ["a file", "a folder of its name", "a loop"])
def test_what_cannot_be_remembered_is_read_again(dataset, memory, tmp_path, odd):
    first = fingerprint(directory(dataset), {}, tmp_path / "elsewhere.json")
    if odd == "a file":
        memory.parent.write_text("mine")
    elif odd == "a loop":
        memory.parent.symlink_to(memory.parent)
    else:
        memory.mkdir(parents=True)
    assert fingerprint(directory(dataset), {}, memory) == first
    if odd == "a folder of its name":
        assert list(memory.parent.iterdir()) == [memory]


def test_a_checksum_asked_of_published_weights_counts(memory):
    def found(sha256):
        configured = data("simulated", vgg19=Weights(source="imagenet", sha256=sha256))
        return fingerprint(configured, {"vgg19": "vgg19"}, memory)["weights"]

    assert found(None) == {"vgg19": {"name": "vgg19", "imagenet": None}}
    assert found("a" * 64) != found("b" * 64) != found(None)
    assert json.dumps(found("a" * 64)).count("a" * 64) == 1


def test_a_name_that_is_not_utf_8_stops_nothing(dataset, memory):
    before = fingerprint(directory(dataset), {}, memory)
    (dataset / "HAM10000_images_part_1" / os.fsdecode(b"\xff.jpg")).write_bytes(b"e")
    assert fingerprint(directory(dataset), {}, memory) == {**before, "problems": {"file name that is not UTF-8": 1}}
