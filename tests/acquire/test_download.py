import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from dermoscopy.acquire import download as module
from dermoscopy.acquire import transfer as resume
from dermoscopy.acquire.copy import copy_dataset
from dermoscopy.acquire.download import PAGE, download
from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.transfer import Published
from dermoscopy.core.errors import DatasetError
from tests.acquire import server as answers
from tests.acquire.server import Server, serving

PATHS = ("/1?format=original", "/2", "/3")


@pytest.fixture
def published(dataset: Path) -> list[bytes]:
    """The dataset as it is published: a table and two zips."""
    files = [(dataset / module.METADATA).read_bytes()]
    for name in module.IMAGE_FOLDERS:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as zipped:
            for path in sorted((dataset / name).iterdir()):
                zipped.write(path, path.name)
        files.append(packed.getvalue())
    return files


@pytest.fixture
def server(published: list[bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The Dataverse, here instead of there."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(resume, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(resume, "CHUNK", 64)
    with serving() as server:
        server.files = dict(zip(PATHS, published, strict=True))
        here = [
            Published(file.name, server.address(path), hashlib.md5(body).hexdigest(), len(body))
            for file, (path, body) in zip(module.FILES, server.files.items(), strict=True)
        ]
        monkeypatch.setattr(module, "FILES", tuple(here))
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files are kept, some of them there already."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


def message(folder: Path) -> str:
    with pytest.raises(DatasetError) as error:
        download(folder)
    return str(error.value)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


NAMES = sorted(file.name for file in module.FILES)


def test_the_archive_arrives_as_published(server: Server, published: list[bytes], folder: Path) -> None:
    folder.rmdir()
    assert download(folder) == folder
    assert names(folder) == NAMES
    assert [(folder / file.name).read_bytes() for file in module.FILES] == published
    assert [path for path, _ in server.asked] == list(PATHS)
    download(folder)
    assert len(server.asked) == 3


@pytest.mark.usefixtures("server")
def test_it_is_what_the_archive_is_copied_from(dataset: Path, folder: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    assert copy_dataset(download(folder), raw, tmp_path / "masks", Limits(pixels=1000, unpacked=1)) == []
    for path in (path for path in dataset.rglob("*") if path.is_file()):
        assert (raw / path.relative_to(dataset)).read_bytes() == path.read_bytes()


def test_a_server_that_breaks_off_is_asked_for_the_rest(server: Server, published: list[bytes], folder: Path) -> None:
    server.script = [answers.whole_or_range, partial(answers.broken_off, 200)]
    download(folder)
    assert names(folder) == NAMES
    (path, asked) = server.asked[2]
    assert path == "/2"
    assert asked == "bytes=192-"
    assert server.sent[1:3] == [200, len(published[1]) - 192]


def test_wrong_bytes(server: Server, published: list[bytes], folder: Path) -> None:
    server.files["/2"] = wrong = published[1][::-1]
    told = message(folder)
    assert f"expected md5:{module.FILES[1].md5}" in told
    assert hashlib.md5(wrong).hexdigest() in told
    assert names(folder) == [module.METADATA]


def test_a_slow_server(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "TIMEOUT", 0.3)
    server.usual = partial(answers.dripping, 0.02, 1000)
    assert names(download(folder)) == NAMES


def test_a_server_that_falls_silent(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "TIMEOUT", 0.1)
    server.script = [answers.whole_or_range, partial(answers.held_back, 200)]
    server.usual = partial(answers.held_back, 0)
    told = message(folder)
    assert f"{module.FILES[1].name}: 127.0.0.1 sent nothing for 0.1 s" in told
    assert "192 of them here" in told
    assert (folder / f"{module.FILES[1].name}.part").stat().st_size == 192


def test_an_absent_server_is_one_message_with_all_that_helps(server: Server, folder: Path) -> None:
    server.shutdown()
    server.server_close()
    told = message(folder)
    assert "127.0.0.1 cannot be reached (Connection refused)" in told
    for file in module.FILES:
        assert f"missing: {file.name}, {file.size:,} bytes, md5 {file.md5}\n    {file.address}\n" in told
    assert module.FILES[0].address.endswith("?format=original")
    assert "none of the files" in told
    assert PAGE in told
    assert "make run PROFILE=ham10000-smoke DATA=path/to/that/folder" in told


def test_what_is_there_is_not_called_missing(server: Server, folder: Path) -> None:
    server.script = [answers.whole_or_range]
    server.usual = partial(answers.status, 404)
    told = message(folder)
    assert f"{module.FILES[1].name}: 127.0.0.1 answered 404 Not Found" in told
    assert f"here, in {folder}: {module.METADATA}\n" in told
    assert re.findall("missing: ([^,]+)", told) == [file.name for file in module.FILES[1:]]
    assert "with those that are here" in told


def test_a_spoilt_file_that_cannot_be_replaced_is_missing(server: Server, folder: Path) -> None:
    (folder / module.METADATA).write_bytes(b"spoilt")
    server.usual = partial(answers.status, 404)
    assert f"missing: {module.METADATA}" in message(folder)


def test_a_full_disk_is_told_before_anything_is_asked(
    server: Server, published: list[bytes], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / f"{module.FILES[1].name}.part").write_bytes(published[1][:100])
    coming = sum(map(len, published)) - 100
    disk = {"free": coming - 1}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(**disk))
    assert "The disk has no room for HAM10000" in message(folder)
    assert server.asked == []
    disk["free"] = coming
    assert names(download(folder)) == NAMES


def test_a_folder_that_is_not_ours(server: Server, folder: Path) -> None:
    folder.rmdir()
    folder.touch()
    assert f"{folder}: File exists" in message(folder)
    assert server.asked == []


def test_what_a_killed_run_left_goes(server: Server, folder: Path) -> None:
    (folder / "tmpab12cd34").touch()
    assert names(download(folder)) == NAMES
