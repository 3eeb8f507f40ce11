import errno
import logging
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dermoscopy.acquire import transfer as module
from dermoscopy.acquire.transfer import CHUNK, WAITS, FetchError, resume
from tests.acquire import server as answers
from tests.acquire.server import Server, serving

BYTES = np.random.default_rng(0).bytes(5 * CHUNK + 321)
SIZE = len(BYTES)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited, in seconds; nothing is."""
    waits: list[float] = []
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=waits.append))
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


def test_a_file_arrives_whole(server: Server, part: Path) -> None:
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.asked == [("/file", None)]


def test_what_broke_off_is_continued(server: Server, part: Path, waited: list[float]) -> None:
    server.script = [partial(answers.broken_off, 2 * CHUNK + 5)]
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.asked == [("/file", None), ("/file", f"bytes={2 * CHUNK}-")]
    assert server.sent == [2 * CHUNK + 5, SIZE - 2 * CHUNK]
    assert waited == [WAITS[0]]


def test_as_long_as_something_comes_it_goes_on(server: Server, part: Path) -> None:
    server.usual = partial(answers.broken_off, CHUNK)
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert len(server.asked) == 6 > len(WAITS) + 1


def test_when_nothing_comes_it_gives_up_and_keeps_what_it_has(
    server: Server, part: Path, waited: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.script = [partial(answers.broken_off, CHUNK)]
    server.usual = partial(answers.broken_off, 0)
    with pytest.raises(FetchError, match=r"^the connection to 127\.0\.0\.1 broke off$"):
        fetch(server, part)
    assert part.read_bytes() == BYTES[:CHUNK]
    assert waited == [WAITS[0], *WAITS]
    assert "file: the connection to 127.0.0.1 broke off; another attempt in 1 s" in caplog.messages


def test_a_server_that_knows_no_ranges_starts_anew(server: Server, part: Path) -> None:
    part.write_bytes(b"?" * CHUNK)
    server.usual = answers.without_ranges
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.asked == [("/file", f"bytes={CHUNK}-")]


def test_without_ranges_breaking_off_always_there_ends(server: Server, part: Path) -> None:
    def usual(handler: answers.Handler) -> None:
        handler.head(200, Content_Length=SIZE)
        handler.send(BYTES[: (1 + len(server.asked) % 2) * CHUNK])

    server.usual = usual
    with pytest.raises(FetchError, match="broke off"):
        fetch(server, part)
    assert part.read_bytes() == BYTES[: part.stat().st_size]


@pytest.mark.parametrize("held", [SIZE + 10, CHUNK])
def test_a_part_that_cannot_be_continued_starts_anew(server: Server, part: Path, held: int) -> None:
    part.write_bytes(b"?" * held)
    server.script = [] if held > SIZE else [answers.other_range]  # the honest answer to the first is 416
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.asked == [("/file", f"bytes={held}-"), ("/file", None)]


def test_all_of_it_there_asks_for_nothing(server: Server, part: Path) -> None:
    part.write_bytes(BYTES)
    fetch(server, part)
    assert server.asked == []


@pytest.mark.parametrize("held", [0, CHUNK])
def test_a_page_in_its_place_costs_nothing(server: Server, part: Path, held: int) -> None:
    part.write_bytes(BYTES[:held])
    server.usual = partial(answers.page, b"Sign in")
    with pytest.raises(FetchError, match="expected 328,001 bytes, received 7: another file, or a page in its place"):
        fetch(server, part)
    assert part.read_bytes() == BYTES[:held]
    assert len(server.asked) == 1


def test_another_size_is_told_of_a_range_too(server: Server, part: Path) -> None:
    server.files["/file"] = BYTES + b"?"
    part.write_bytes(BYTES[:CHUNK])
    with pytest.raises(FetchError, match="received 328,002"):
        fetch(server, part)


def test_more_bytes_than_there_should_be_are_cut_short(server: Server, part: Path) -> None:
    server.usual = partial(answers.unannounced, BYTES * 2)
    with pytest.raises(FetchError, match="received more"):
        fetch(server, part)
    assert not part.exists()


def test_fewer_bytes_than_there_should_be_are_not_enough(server: Server, part: Path) -> None:
    server.script = [partial(answers.unannounced, BYTES[:-1])]
    fetch(server, part)
    assert server.asked[-1] == ("/file", f"bytes={SIZE - 1}-")
    assert part.read_bytes() == BYTES


def test_a_slow_server_is_borne(server: Server, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.5)
    server.usual = partial(answers.dripping, 0.05, SIZE // 12)  # longer in all than the timeout
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert len(server.asked) == 1


@pytest.mark.parametrize("after", [None, 0, 2 * CHUNK], ids=["no answer", "no byte", "no more bytes"])
def test_a_silent_server_is_not(server: Server, part: Path, monkeypatch: pytest.MonkeyPatch, after: int | None) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.1)

    def mute(handler: answers.Handler) -> None:
        server.ended.wait(60)

    server.usual = mute if after is None else partial(answers.held_back, after)
    if after == 2 * CHUNK:
        server.script, server.usual = [server.usual], partial(answers.held_back, 0)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 sent nothing for 0\.1 s"):
        fetch(server, part)
    assert module.held(part) == (after or 0)


@pytest.mark.parametrize("code", [403, 404, 202])
def test_a_refusal_is_not_repeated(server: Server, part: Path, code: int) -> None:
    server.usual = partial(answers.status, code)
    with pytest.raises(FetchError, match=rf"127\.0\.0\.1 answered {code} (Forbidden|Not Found|Accepted)"):
        fetch(server, part)
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(server: Server, part: Path, waited: list[float], code: int) -> None:
    part.write_bytes(BYTES[:CHUNK])
    server.script = [partial(answers.status, code)] * len(WAITS)
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert waited == list(WAITS)
    assert server.asked == [("/file", f"bytes={CHUNK}-")] * (len(WAITS) + 1)


def test_in_lasting_trouble_it_gives_up(server: Server, part: Path) -> None:
    server.usual = partial(answers.status, 503)
    with pytest.raises(FetchError, match="answered 503 Service Unavailable"):
        fetch(server, part)
    assert len(server.asked) == len(WAITS) + 1


def test_no_server_squeezes_it_on_the_way(server: Server, part: Path) -> None:
    accepted = []

    def usual(handler: answers.Handler) -> None:
        accepted.append(handler.headers["Accept-Encoding"])
        answers.whole_or_range(handler)

    server.usual = usual
    fetch(server, part)
    assert accepted == ["identity"]


def test_a_redirection_keeps_the_range(server: Server, part: Path) -> None:
    part.write_bytes(BYTES[:CHUNK])
    server.script = [partial(answers.redirected, "/storage?signature=1")]
    server.files["/storage?signature=1"] = BYTES
    fetch(server, part)
    assert part.read_bytes() == BYTES
    assert server.asked == [("/file", f"bytes={CHUNK}-"), ("/storage?signature=1", f"bytes={CHUNK}-")]


def test_a_redirection_without_end(server: Server, part: Path) -> None:
    server.usual = partial(answers.redirected, "/file")
    with pytest.raises(FetchError, match="answered 303 See Other"):
        fetch(server, part)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.usefixtures("waited")
def test_nobody_there(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(FetchError, match=r"^127\.0\.0\.1 cannot be reached \(Connection refused\)$"):
        resume(f"http://127.0.0.1:{closed_port()}/file", part, SIZE)


@pytest.mark.usefixtures("waited")
def test_no_network(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(FetchError, match=r"^dataverse\.invalid cannot be found \(is there a network\?\)$"):
        resume("http://dataverse.invalid/file", part, SIZE)


@pytest.mark.usefixtures("waited")
def test_a_proxy_that_is_not_there(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(FetchError, match=r"^the proxy before dataverse\.invalid lets nothing pass"):
        resume("http://dataverse.invalid/file", part, SIZE)


def test_no_encryption(server: Server, part: Path) -> None:
    with pytest.raises(FetchError, match=r"no secure connection to 127\.0\.0\.1"):
        resume(server.address("/file").replace("http", "https"), part, SIZE)


def test_an_address_that_is_none(part: Path) -> None:
    with pytest.raises(FetchError, match="MissingSchema"):
        resume("file", part, SIZE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_not_the_network_s_fault(server: Server, part: Path) -> None:
    part.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space") as caught:
        fetch(server, part)
    assert caught.value.errno == errno.ENOSPC
