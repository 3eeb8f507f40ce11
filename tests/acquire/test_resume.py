import errno
import logging
import re
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dermoscopy.acquire import transfer
from dermoscopy.acquire.transfer import CHUNK, WAITS, FetchError, resume
from tests.acquire import server as responses
from tests.acquire.server import Server, serving

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BYTES = np.random.default_rng(0).bytes(5 * CHUNK + 321)
SIZE = len(BYTES)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would be waited; the tests do not wait."""
    waits: list[float] = []
    monkeypatch.setattr(transfer, "time", SimpleNamespace(sleep=waits.append))
    return waits


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, waited: list[float]) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        server.files["/file"] = BYTES
        yield server


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def fetch(server: Server, part: Path) -> None:
    resume(server.address("/file"), part, SIZE)


def test_a_file_is_downloaded_whole(server: Server, part: Path) -> None:
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.requests == [("/file", None)]


def test_an_interrupted_download_is_resumed(server: Server, part: Path, waited: list[float]) -> None:
    server.script = [partial(responses.interrupted, 2 * CHUNK + 5)]
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.requests == [("/file", None), ("/file", f"bytes={2 * CHUNK}-")]
    assert server.sent == [2 * CHUNK + 5, SIZE - 2 * CHUNK]
    assert waited == [WAITS[0]]


def test_attempts_continue_while_they_bring_bytes(server: Server, part: Path) -> None:
    server.default = partial(responses.interrupted, CHUNK)
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert len(server.requests) == 6 > len(WAITS) + 1


def test_without_new_bytes_it_gives_up_and_keeps_the_partial_file(
    server: Server, part: Path, waited: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.script = [partial(responses.interrupted, CHUNK)]
    server.default = partial(responses.interrupted, 0)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 was interrupted"):
        fetch(server, part)
    assert part.read_bytes() == BYTES[:CHUNK]
    assert waited == [WAITS[0], *WAITS]
    assert any(re.search(r"^file: .*127\.0\.0\.1 .* 1 s$", message) for message in caplog.messages)


def test_a_server_without_ranges_restarts_the_download(server: Server, part: Path) -> None:
    part.write_bytes(b"?" * CHUNK)
    server.default = responses.without_ranges
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.requests == [("/file", f"bytes={CHUNK}-")]


def test_without_ranges_repeated_interruptions_end(server: Server, part: Path) -> None:
    def respond(handler: responses.Handler) -> None:
        handler.head(200, Content_Length=SIZE)
        handler.send(BYTES[: (1 + len(server.requests) % 2) * CHUNK])

    server.default = respond
    with pytest.raises(FetchError, match="interrupted"):
        fetch(server, part)
    assert part.read_bytes() == BYTES[: part.stat().st_size]


@pytest.mark.parametrize("size", [SIZE + 10, CHUNK])
def test_a_partial_file_that_cannot_be_resumed_is_replaced(server: Server, part: Path, size: int) -> None:
    part.write_bytes(b"?" * size)
    server.script = [] if size > SIZE else [responses.other_range]  # the correct response to the first is 416
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.requests == [("/file", f"bytes={size}-"), ("/file", None)]


def test_a_complete_file_needs_no_request(server: Server, part: Path) -> None:
    part.write_bytes(BYTES)
    fetch(server, part)
    assert server.requests == []


@pytest.mark.parametrize("size", [0, CHUNK])
def test_an_html_page_leaves_the_partial_file_unchanged(server: Server, part: Path, size: int) -> None:
    part.write_bytes(BYTES[:size])
    server.default = partial(responses.page, b"Sign in")
    with pytest.raises(FetchError, match="expected 328,001 bytes, received 7:"):
        fetch(server, part)
    assert part.read_bytes() == BYTES[:size]
    assert len(server.requests) == 1


def test_another_size_is_reported_for_a_range_too(server: Server, part: Path) -> None:
    server.files["/file"] = BYTES + b"?"
    part.write_bytes(BYTES[:CHUNK])
    with pytest.raises(FetchError, match="received 328,002"):
        fetch(server, part)


def test_too_many_bytes_are_refused(server: Server, part: Path) -> None:
    server.default = partial(responses.without_length, BYTES * 2)
    with pytest.raises(FetchError, match="received more"):
        fetch(server, part)
    assert not part.exists()


def test_missing_bytes_are_requested(server: Server, part: Path) -> None:
    server.script = [partial(responses.without_length, BYTES[:-1])]
    fetch(server, part)
    assert server.requests[-1] == ("/file", f"bytes={SIZE - 1}-")
    assert part.read_bytes() == BYTES


def test_a_slow_server_is_accepted(server: Server, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "TIMEOUT", 0.5)
    server.default = partial(responses.slow, 0.05, SIZE // 12)  # the whole takes longer than the timeout
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert len(server.requests) == 1


@pytest.mark.parametrize("after", [None, 0, 2 * CHUNK], ids=["no response", "no byte", "no more bytes"])
def test_a_silent_server_is_reported(
    server: Server, part: Path, monkeypatch: pytest.MonkeyPatch, after: int | None
) -> None:
    monkeypatch.setattr(transfer, "TIMEOUT", 0.1)

    def silent(handler: responses.Handler) -> None:
        server.ended.wait(60)

    server.default = silent if after is None else partial(responses.stalled, after)
    if after == 2 * CHUNK:
        server.script, server.default = [server.default], partial(responses.stalled, 0)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 sent nothing for 0\.1 s"):
        fetch(server, part)
    assert transfer.file_size(part) == (after or 0)


@pytest.mark.parametrize("code", [403, 404, 202])
def test_a_refused_request_is_not_repeated(server: Server, part: Path, code: int) -> None:
    server.default = partial(responses.status, code)
    with pytest.raises(FetchError, match=rf"127\.0\.0\.1 responded with {code} (Forbidden|Not Found|Accepted)"):
        fetch(server, part)
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_request_is_repeated_after_a_server_error(server: Server, part: Path, waited: list[float], code: int) -> None:
    part.write_bytes(BYTES[:CHUNK])
    server.script = [partial(responses.status, code)] * len(WAITS)
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert waited == list(WAITS)
    assert server.requests == [("/file", f"bytes={CHUNK}-")] * (len(WAITS) + 1)


def test_it_gives_up_after_repeated_server_errors(server: Server, part: Path) -> None:
    server.default = partial(responses.status, 503)
    with pytest.raises(FetchError, match="responded with 503 Service Unavailable"):
        fetch(server, part)
    assert len(server.requests) == len(WAITS) + 1


def test_no_compression_is_requested(server: Server, part: Path) -> None:
    accepted = []

    def respond(handler: responses.Handler) -> None:
        accepted.append(handler.headers["Accept-Encoding"])
        responses.whole_or_range(handler)

    server.default = respond
    fetch(server, part)
    assert accepted == ["identity"]


def test_a_redirection_keeps_the_range(server: Server, part: Path) -> None:
    part.write_bytes(BYTES[:CHUNK])
    server.script = [partial(responses.redirected, "/storage?signature=1")]
    server.files["/storage?signature=1"] = BYTES
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.requests == [("/file", f"bytes={CHUNK}-"), ("/storage?signature=1", f"bytes={CHUNK}-")]


def test_an_endless_redirection_is_reported(server: Server, part: Path) -> None:
    server.default = partial(responses.redirected, "/file")
    with pytest.raises(FetchError, match="responded with 303 See Other"):
        fetch(server, part)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.usefixtures("waited")
def test_a_refused_connection_is_reported(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 .*\(Connection refused\)"):
        resume(f"http://127.0.0.1:{closed_port()}/file", part, SIZE)


@pytest.mark.usefixtures("waited")
def test_a_failed_name_resolution_is_reported(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(FetchError, match=r"dataverse\.invalid cannot be found"):
        resume("http://dataverse.invalid/file", part, SIZE)


@pytest.mark.usefixtures("waited")
def test_an_unreachable_proxy_is_reported(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(FetchError, match=r"proxy for dataverse\.invalid"):
        resume("http://dataverse.invalid/file", part, SIZE)


def test_a_failed_encryption_is_reported(server: Server, part: Path) -> None:
    with pytest.raises(FetchError, match=r"no secure connection to 127\.0\.0\.1"):
        resume(server.address("/file").replace("http", "https"), part, SIZE)


def test_an_invalid_address_is_reported(part: Path) -> None:
    with pytest.raises(FetchError, match="MissingSchema"):
        resume("file", part, SIZE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_stays_an_os_error(server: Server, part: Path) -> None:
    part.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space") as error:
        fetch(server, part)
    assert error.value.errno == errno.ENOSPC
