import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from dermoscopy.acquire.params import Data, Limits, Source, Weights
from dermoscopy.check import provenance
from dermoscopy.check.provenance import ALWAYS_READ, fingerprint
from dermoscopy.core import files
from dermoscopy.core.errors import DatasetError


def large(text: str) -> bytes:
    """Return the content of a file that is remembered: larger than those that are read in every run."""
    return text.encode() * (ALWAYS_READ + 1)


@pytest.fixture
def dataset(tmp_path) -> Path:
    folder = tmp_path / "ham10000"
    for images, names in (("HAM10000_images_part_1", "ab"), ("HAM10000_images_part_2", "cd")):
        (folder / images).mkdir(parents=True)
        for name in names:
            (folder / images / f"{name}.jpg").write_bytes(large(name))
    (folder / "HAM10000_metadata.csv").write_text("lesion_id,image_id\n")
    return folder


@pytest.fixture
def cache(tmp_path) -> Path:
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


def test_a_simulated_dataset_has_no_checksums(cache):
    weights = {"vgg19": Weights(source="none", sha256=None)}
    simulated = data("simulated", Path("/nowhere"), **weights)
    assert fingerprint(simulated, {}, cache) == {"source": "simulated", "weights": {}}
    assert not cache.exists()


def test_the_first_and_the_last_image_are_recorded(dataset, cache):
    assert fingerprint(directory(dataset), {}, cache)["images"]["ids"] == "a to d"


def test_the_fingerprint_depends_on_content_only(dataset, cache, tmp_path):
    first = fingerprint(directory(dataset), {}, cache)
    assert first["images"]["count"] == 4
    elsewhere = shutil.copytree(dataset, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    assert fingerprint(directory(elsewhere), {}, cache) == first
    assert str(tmp_path) not in json.dumps(first)


@pytest.mark.parametrize("change", ["bytes", "name", "folder", "gone", "more", "table"])
def test_any_change_of_content_changes_the_fingerprint(dataset, cache, change):
    before = fingerprint(directory(dataset), {}, cache)
    images = dataset / "HAM10000_images_part_1"
    if change == "bytes":
        (images / "a.jpg").write_bytes(b"other")
    elif change == "name":
        (images / "a.jpg").rename(images / "e.jpg")
    elif change == "folder":
        (images / "a.jpg").rename(dataset / "HAM10000_images_part_2" / "a.jpg")
    elif change == "gone":
        (images / "a.jpg").unlink()
    elif change == "more":
        (images / "e.jpg").write_bytes(b"e")
    else:
        (dataset / "HAM10000_metadata.csv").write_text("lesion_id\n")
    after = fingerprint(directory(dataset), {}, cache)
    assert after != before
    assert (after["images"] != before["images"]) == (change != "table")


def test_files_that_acquire_ignores_do_not_count(dataset, cache):
    before = fingerprint(directory(dataset), {}, cache)
    (dataset / "notes.txt").write_text("mine")
    assert fingerprint(directory(dataset), {}, cache) == before


@pytest.fixture
def read(monkeypatch) -> list[Path]:
    """The files that are read from now on."""
    paths: list[Path] = []
    sha256 = files.sha256

    def record(path):
        paths.append(path)
        return sha256(path)

    for module in (files, provenance):
        monkeypatch.setattr(module, "sha256", record)
    return paths


def test_large_files_are_read_once(dataset, cache, read):
    table, changed = dataset / "HAM10000_metadata.csv", dataset / "HAM10000_images_part_1" / "a.jpg"
    first = fingerprint(directory(dataset), {}, cache)
    assert len(read) == 5
    read.clear()
    assert fingerprint(directory(dataset), {}, cache) == first
    assert read == [table]
    read.clear()
    changed.write_bytes(large("z"))
    assert fingerprint(directory(dataset), {}, cache) != first
    assert sorted(read) == [changed, table]


def test_small_files_and_the_table_of_any_size_are_always_read(dataset, cache, read):
    small, table = dataset / "HAM10000_images_part_1" / "a.jpg", dataset / "HAM10000_metadata.csv"
    small.write_bytes(bytes(ALWAYS_READ))
    table.write_bytes(large("lesion_id,image_id\n"))
    for _ in range(2):
        read.clear()
        fingerprint(directory(dataset), {}, cache)
        assert {small, table} <= set(read)


def in_place(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def copied_over(path: Path, content: bytes) -> None:
    other = path.with_name("corrected")
    other.write_bytes(content)
    shutil.copystat(path, other)
    shutil.copy2(other, path)


def moved_over(path: Path, content: bytes) -> None:
    other = path.with_name("corrected")
    other.write_bytes(content)
    shutil.copystat(path, other)
    other.replace(path)


def through_a_hard_link(path: Path, content: bytes) -> None:
    path.with_name("link").hardlink_to(path)
    path.with_name("link").write_bytes(content)


def through_a_symbolic_link(path: Path, content: bytes) -> None:
    target = path.with_name("original")
    path.replace(target)
    path.symlink_to(target)
    target.write_bytes(content)


def restored_from_a_backup(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize(
    "change", [in_place, copied_over, moved_over, through_a_hard_link, through_a_symbolic_link, restored_from_a_backup]
)
@pytest.mark.parametrize("name", ["HAM10000_metadata.csv", "HAM10000_images_part_1/a.jpg", "weights.h5"])
def test_other_content_of_the_same_size_and_time_is_noticed(dataset, cache, name, change):
    path = dataset / name
    path.write_bytes(large("a"))
    weights = {"mine": Weights(source=str(dataset / "weights.h5"), sha256=None)} if name == "weights.h5" else {}
    source = directory(dataset).model_copy(update={"weights": weights})
    starting = {"vgg19": "mine"} if weights else {}
    before, status = fingerprint(source, starting, cache), path.stat()
    change(path, large("b"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert fingerprint(source, starting, cache) != before


def test_files_with_new_inodes_are_read_again(dataset, cache, read):
    """Some network file systems make up inodes at each mount."""
    first = fingerprint(directory(dataset), {}, cache)
    for path in sorted(dataset.rglob("*.jpg")):
        moved_over(path, path.read_bytes())
    read.clear()
    assert fingerprint(directory(dataset), {}, cache) == first
    assert len(read) == 5


@pytest.mark.parametrize("damaged", ["", "[]", '{"a": 1', "[" * 100_000])
def test_a_damaged_cache_is_replaced(dataset, cache, damaged):
    first = fingerprint(directory(dataset), {}, cache)
    cache.write_text(damaged)
    assert fingerprint(directory(dataset), {}, cache) == first
    assert len(json.loads(cache.read_text())) == 4


def test_masks_count_if_there_are_any(dataset, cache):
    before = fingerprint(directory(dataset), {}, cache)
    masks = dataset / "HAM10000_segmentations_lesion_tschandl"
    masks.mkdir()
    assert fingerprint(directory(dataset), {}, cache) == before
    (masks / "a_segmentation.png").write_bytes(b"a")
    first = fingerprint(directory(dataset), {}, cache)
    assert {key: first[key] for key in before} == before
    assert first["masks"]["count"] == 1
    (masks / "a_segmentation.png").write_bytes(b"b ")
    assert fingerprint(directory(dataset), {}, cache) != first


def test_a_file_that_exists_twice_counts_once_unless_it_differs(dataset, cache):
    before = fingerprint(directory(dataset), {}, cache)
    duplicate = dataset / "ham10000_images_part_1" / "a.jpg"
    duplicate.parent.mkdir()
    duplicate.write_bytes(large("a"))
    assert fingerprint(directory(dataset), {}, cache) == before
    duplicate.write_bytes(b"other")
    assert fingerprint(directory(dataset), {}, cache) != before


def test_unusable_files_are_counted_by_kind(dataset, cache):
    (dataset / "HAM10000_images_part_1" / "e.png").write_bytes(b"e")
    assert fingerprint(directory(dataset), {}, cache)["problems"] == {"file that is not a .jpg": 1}


def test_a_zip_is_identified_by_its_members(dataset, cache, tmp_path):
    first = fingerprint(directory(zipped(dataset, tmp_path / "dataset.zip")), {}, cache)
    assert first["images"]["count"] == 4
    assert not cache.exists()
    (tmp_path / "folder").mkdir()
    elsewhere = zipped(dataset, tmp_path / "folder" / "of-another-name.zip", prefix="HAM/")
    os.utime(elsewhere, ns=(1, 1))
    assert fingerprint(directory(elsewhere), {}, cache) == first
    assert fingerprint(directory(tmp_path / "folder"), {}, cache) == first
    text = json.dumps(first)
    assert "dataset.zip" not in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("change", ["bytes", "name", "folder", "gone", "table"])
def test_any_change_within_a_zip_changes_the_fingerprint(dataset, cache, tmp_path, change):
    before = fingerprint(directory(zipped(dataset, tmp_path / "dataset.zip")), {}, cache)
    images = dataset / "HAM10000_images_part_1"
    if change == "bytes":
        (images / "a.jpg").write_bytes(b"z")
    elif change == "name":
        (images / "a.jpg").rename(images / "e.jpg")
    elif change == "folder":
        (images / "a.jpg").rename(dataset / "HAM10000_images_part_2" / "a.jpg")
    elif change == "gone":
        (images / "a.jpg").unlink()
    else:
        (dataset / "HAM10000_metadata.csv").write_text("lesion_id\n")
    assert fingerprint(directory(zipped(dataset, tmp_path / "dataset.zip")), {}, cache) != before


def test_a_download_is_identified_by_the_published_checksums(cache):
    found = fingerprint(data("download"), {}, cache)
    assert found["doi"].endswith("10.7910/DVN/DBW86T")
    assert list(found["files"]) == ["HAM10000_metadata.csv", "HAM10000_images_part_1.zip", "HAM10000_images_part_2.zip"]
    assert all(len(md5) == 32 for md5 in found["files"].values())
    assert not cache.exists()


def test_weights_are_identified_by_content(cache, tmp_path):
    (tmp_path / "w.h5").write_bytes(b"weights")
    file = Weights(source=str(tmp_path / "w.h5"), sha256=None)
    weights = {
        "mine": file,
        "again": file,
        "vgg19": Weights(source="imagenet", sha256=None),
        "later": Weights(source="none", sha256=None),
    }
    starting = {"b": "again", "a": "mine", "c": "vgg19"}
    found = fingerprint(data("simulated", **weights), starting, cache)["weights"]
    assert list(found) == ["b", "a", "c"]
    assert found["a"] == {"name": "mine", "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert found["b"]["sha256"] == found["a"]["sha256"]
    assert found["c"] == {"name": "vgg19", "imagenet": None}


def test_weights_that_no_member_uses_do_not_count(cache, tmp_path):
    weights = {"mine": Weights(source=str(tmp_path / "gone.h5"), sha256=None)}
    assert fingerprint(data("simulated", **weights), {}, cache)["weights"] == {}


def test_an_unreadable_file_is_named(cache, tmp_path):
    weights = {"mine": Weights(source=str(tmp_path / "gone.h5"), sha256=None)}
    with pytest.raises(DatasetError, match=r"gone\.h5: No such file"):
        fingerprint(data("simulated", **weights), {"vgg19": "mine"}, cache)


@pytest.mark.parametrize(
    "entry", [None, 5, [], [1], [1, 2, "a"], [1, 2, 3, 4, 5], [1, 2, 3, 4, "a", "b"], ["1", 2, 3, 4, "a"]]
)
def test_an_invalid_cache_entry_is_replaced(dataset, cache, entry):
    first = fingerprint(directory(dataset), {}, cache)
    valid = json.loads(cache.read_text())
    size_and_time = {path: known[:-1] for path, known in valid.items()}
    cache.write_text(json.dumps(dict.fromkeys(valid, entry)))
    assert fingerprint(directory(dataset), {}, cache) == first
    assert json.loads(cache.read_text()) == valid
    cache.write_text(json.dumps(size_and_time))
    assert fingerprint(directory(dataset), {}, cache) == first


@pytest.mark.parametrize("obstacle", ["a file", "a folder of its name", "a loop"])
def test_without_a_writable_cache_files_are_read_again(dataset, cache, tmp_path, obstacle):
    first = fingerprint(directory(dataset), {}, tmp_path / "elsewhere.json")
    if obstacle == "a file":
        cache.parent.write_text("mine")
    elif obstacle == "a loop":
        cache.parent.symlink_to(cache.parent)
    else:
        cache.mkdir(parents=True)
    assert fingerprint(directory(dataset), {}, cache) == first
    if obstacle == "a folder of its name":
        assert list(cache.parent.iterdir()) == [cache]


def test_the_configured_checksum_of_published_weights_counts(cache):
    def found(sha256):
        configured = data("simulated", vgg19=Weights(source="imagenet", sha256=sha256))
        return fingerprint(configured, {"vgg19": "vgg19"}, cache)["weights"]

    assert found(None) == {"vgg19": {"name": "vgg19", "imagenet": None}}
    assert found("a" * 64) != found("b" * 64) != found(None)
    assert json.dumps(found("a" * 64)).count("a" * 64) == 1


def test_a_name_that_is_not_utf_8_is_counted_as_a_problem(dataset, cache):
    before = fingerprint(directory(dataset), {}, cache)
    (dataset / "HAM10000_images_part_1" / os.fsdecode(b"\xff.jpg")).write_bytes(b"e")
    assert fingerprint(directory(dataset), {}, cache) == {**before, "problems": {"file name that is not UTF-8": 1}}
