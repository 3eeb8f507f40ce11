import errno
import hashlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pooch
import pytest

from dermoscopy.acquire.transfer import CHUNK, FetchError, Published, retrieve
from tests.acquire import server as responses
from tests.acquire.server import Server, serving

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BYTES = np.random.default_rng(0).bytes(5 * CHUNK + 321)
OTHER = BYTES[::-1]


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        server.files["/1"] = BYTES
        yield server


@pytest.fixture
def file(server: Server) -> Published:
    return Published("images.zip", server.address("/1"), md5(BYTES), len(BYTES))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_downloaded_once(server: Server, file: Published, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    for _ in range(2):
        assert retrieve(file, folder) == folder / file.name
    assert (folder / file.name).read_bytes() == BYTES
    assert names(folder) == [file.name]
    assert len(server.requests) == 1


def test_a_damaged_file_is_replaced(server: Server, file: Published, tmp_path: Path) -> None:
    (tmp_path / file.name).write_bytes(OTHER)
    assert retrieve(file, tmp_path).read_bytes() == BYTES


def test_wrong_bytes_of_the_right_length_are_refused_and_removed(
    server: Server, file: Published, tmp_path: Path
) -> None:
    server.files["/1"] = OTHER
    with pytest.raises(FetchError) as error:
        retrieve(file, tmp_path)
    assert "not the published ones" in str(error.value)
    assert f"expected md5:{md5(BYTES)}" in str(error.value)
    assert md5(OTHER) in str(error.value)
    assert names(tmp_path) == []

    server.files["/1"] = BYTES
    assert retrieve(file, tmp_path).read_bytes() == BYTES
    assert [requested for _, requested in server.requests] == [None, None]


def test_a_damaged_partial_file_is_refused(server: Server, file: Published, tmp_path: Path) -> None:
    (tmp_path / f"{file.name}.part").write_bytes(b"?" * CHUNK)
    with pytest.raises(FetchError, match="not the published ones"):
        retrieve(file, tmp_path)
    assert retrieve(file, tmp_path).read_bytes() == BYTES


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_downloaded_bytes_survive_a_killed_process(
    server: Server, file: Published, tmp_path: Path, kill: signal.Signals
) -> None:
    server.script = [partial(responses.stalled, 3 * CHUNK)]
    imports = "from pathlib import Path; from dermoscopy.acquire.transfer import *"
    code = f"{imports}; retrieve({file}, Path({str(tmp_path)!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": "src"}, stderr=subprocess.DEVNULL
    )
    part = tmp_path / f"{file.name}.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size >= 2 * CHUNK):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(kill)
    assert process.wait(10) != 0
    size = part.stat().st_size
    assert part.read_bytes() == BYTES[:size]

    assert retrieve(file, tmp_path).read_bytes() == BYTES
    assert server.requests == [("/1", None), ("/1", f"bytes={size}-")]
    assert server.sent[1] == len(BYTES) - size


@pytest.mark.parametrize("links", [True, False])
def test_an_interruption_during_verification_keeps_the_bytes(
    server: Server, file: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    def link(source: object, target: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(pooch.core, "hash_matches", interrupted)
        if not links:
            patch.setattr(os, "link", link)
        with pytest.raises(KeyboardInterrupt):
            retrieve(file, tmp_path)
    assert names(tmp_path) == ([f"{file.name}.part"] if links else [])
    assert retrieve(file, tmp_path).read_bytes() == BYTES
    assert len(server.requests) == (1 if links else 2)
    assert names(tmp_path) == [file.name]


def test_two_at_once_download_once(
    server: Server, file: Published, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.script = [partial(responses.slow, 0.1, 2 * CHUNK)]
    threads = [threading.Thread(target=retrieve, args=(file, tmp_path)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (tmp_path / file.name).read_bytes() == BYTES
    assert names(tmp_path) == [file.name]
    assert len(server.requests) == 1
    assert any(str(os.getpid()) in message and str(tmp_path) in message for message in caplog.messages)


def test_a_folder_that_is_a_file_is_reported(file: Published, tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(FetchError, match=r"folder cannot be written \(File exists\)"):
        retrieve(file, tmp_path / "folder")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_stays_an_os_error(file: Published, tmp_path: Path) -> None:
    (tmp_path / f"{file.name}.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        retrieve(file, tmp_path)


def test_a_full_quota_stays_an_os_error(file: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr("dermoscopy.acquire.transfer.resume", fill)
    with pytest.raises(OSError, match="quota"):
        retrieve(file, tmp_path)
