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
from dermoscopy.acquire import transfer
from dermoscopy.acquire.copy import copy_dataset
from dermoscopy.acquire.download import PAGE, download
from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.transfer import Published
from dermoscopy.core.errors import DatasetError
from tests.acquire import server as responses
from tests.acquire.server import Server, serving

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PATHS = ("/1?format=original", "/2", "/3")


@pytest.fixture
def published(dataset: Path) -> list[bytes]:
    """The published files of the dataset: a table and two zips."""
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
    """A local server in place of the Dataverse."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(transfer, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(transfer, "CHUNK", 64)
    with serving() as server:
        server.files = dict(zip(PATHS, published, strict=True))
        files = [
            Published(file.name, server.address(path), hashlib.md5(body).hexdigest(), len(body))
            for file, (path, body) in zip(module.FILES, server.files.items(), strict=True)
        ]
        monkeypatch.setattr(module, "FILES", tuple(files))
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for the downloaded files."""
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


def test_the_published_files_are_downloaded_once(server: Server, published: list[bytes], folder: Path) -> None:
    folder.rmdir()
    assert download(folder) == folder
    assert names(folder) == NAMES
    assert [(folder / file.name).read_bytes() for file in module.FILES] == published
    assert [path for path, _ in server.requests] == list(PATHS)
    download(folder)
    assert len(server.requests) == 3


@pytest.mark.usefixtures("server")
def test_the_dataset_is_copied_from_the_download(dataset: Path, folder: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    assert copy_dataset(download(folder), raw, tmp_path / "masks", Limits(pixels=1000, unpacked=1)) == []
    for path in (path for path in dataset.rglob("*") if path.is_file()):
        assert (raw / path.relative_to(dataset)).read_bytes() == path.read_bytes()


def test_an_interrupted_download_is_resumed(server: Server, published: list[bytes], folder: Path) -> None:
    server.script = [responses.whole_or_range, partial(responses.interrupted, 200)]
    download(folder)
    assert names(folder) == NAMES
    assert server.requests[2] == ("/2", "bytes=192-")
    assert server.sent[1:3] == [200, len(published[1]) - 192]


def test_wrong_bytes_are_refused(server: Server, published: list[bytes], folder: Path) -> None:
    server.files["/2"] = wrong = published[1][::-1]
    text = message(folder)
    assert f"expected md5:{module.FILES[1].md5}" in text
    assert hashlib.md5(wrong).hexdigest() in text
    assert names(folder) == [module.METADATA]


def test_a_slow_server_is_accepted(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "TIMEOUT", 0.3)
    server.default = partial(responses.slow, 0.02, 1000)
    assert names(download(folder)) == NAMES


def test_a_silent_server_is_reported(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "TIMEOUT", 0.1)
    server.script = [responses.whole_or_range, partial(responses.stalled, 200)]
    server.default = partial(responses.stalled, 0)
    text = message(folder)
    assert f"{module.FILES[1].name}: 127.0.0.1 sent nothing for 0.1 s" in text
    assert "192 of them downloaded" in text
    assert (folder / f"{module.FILES[1].name}.part").stat().st_size == 192


def test_an_unreachable_server_is_reported_with_the_files_to_download(server: Server, folder: Path) -> None:
    server.shutdown()
    server.server_close()
    text = message(folder)
    assert "127.0.0.1 cannot be reached (Connection refused)" in text
    for file in module.FILES:
        assert f"missing: {file.name}, {file.size:,} bytes, md5 {file.md5}\n    {file.address}\n" in text
    assert module.FILES[0].address.endswith("?format=original")
    assert "none of the files" in text
    assert PAGE in text
    assert "make run PROFILE=ham10000-smoke DATA=path/to/that/folder" in text


def test_present_files_are_not_reported_as_missing(server: Server, folder: Path) -> None:
    server.script = [responses.whole_or_range]
    server.default = partial(responses.status, 404)
    text = message(folder)
    assert f"{module.FILES[1].name}: 127.0.0.1 responded with 404 Not Found" in text
    assert f"present in {folder}: {module.METADATA}\n" in text
    assert re.findall("missing: ([^,]+)", text) == [file.name for file in module.FILES[1:]]
    assert "with those that are present" in text


def test_a_damaged_file_that_cannot_be_replaced_is_missing(server: Server, folder: Path) -> None:
    (folder / module.METADATA).write_bytes(b"damaged")
    server.default = partial(responses.status, 404)
    assert f"missing: {module.METADATA}" in message(folder)


def test_a_full_disk_is_reported_before_any_request(
    server: Server, published: list[bytes], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / f"{module.FILES[1].name}.part").write_bytes(published[1][:100])
    missing = sum(map(len, published)) - 100
    disk = {"free": missing - 1}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(**disk))
    assert re.search(rf"{folder}: .* GB .* GB", message(folder))
    assert server.requests == []
    disk["free"] = missing
    assert names(download(folder)) == NAMES


def test_a_folder_that_cannot_be_written_is_reported(server: Server, folder: Path) -> None:
    folder.rmdir()
    folder.touch()
    assert f"{folder}: File exists" in message(folder)
    assert server.requests == []


def test_temporary_files_of_a_killed_run_are_removed(server: Server, folder: Path) -> None:
    (folder / "tmpab12cd34").touch()
    assert names(download(folder)) == NAMES
