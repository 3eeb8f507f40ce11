"""Published files, fetched once and found to be those that were published.

A file's bytes from a server, continued where an earlier attempt broke off.
"""

import logging
import os
import re
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dermoscopy.core.errors import DISK_FULL
from dermoscopy.core.files import exclusive_lock
from dermoscopy.core.progress import progress

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    import requests

TIMEOUT = 30  # seconds without a byte, after which an attempt is over
WAITS = (1, 4, 10)  # seconds before the next attempt, after one, two, three in a row that brought nothing new
CHUNK = 2**16  # bytes; an attempt that breaks off loses fewer
PASSING = (206, 408, 416, 425, 429)  # statuses that another attempt may not meet again; from 500 on, all


class FetchError(Exception):
    """A file could not be fetched; the text says why, in plain words."""


def resume(address: str, part: Path, size: int) -> None:
    """Fetch a file, and go on from the bytes that are there.

    Attempts are repeated, after a while, as long as they bring something; what they brought stays when
    they end, by giving up or by a kill.

    Args:
        address: Of the file; redirections are followed.
        part: Where its bytes are gathered; may be missing. Once this returns, it has all of them.
        size: Of the whole file, in bytes.

    Raises:
        FetchError: The server cannot be reached, refuses, keeps breaking off or has a file of another size.
    """
    import requests

    furthest, fruitless = held(part), 0
    while held(part) != size:
        try:
            attempt(address, part, size)
        except requests.RequestException as error:
            why = reason(error, address)
            fruitless = 0 if held(part) > furthest else fruitless + 1
            furthest = max(furthest, held(part))
            if not passing(error) or fruitless > len(WAITS):
                raise FetchError(why) from error
            wait = WAITS[max(fruitless, 1) - 1]
            logger.info("%s: %s; another attempt in %d s", part.stem, why, wait)
            time.sleep(wait)


def attempt(address: str, part: Path, size: int) -> None:
    """Ask once, and add what comes to the part.

    Raises:
        requests.RequestException: Less came than there is.
        FetchError: The server has a file of another size. If it says so beforehand, the part stays as it was.
    """
    import requests

    have = held(part)
    # Sizes and ranges are those of the file, not of what a server would squeeze it to on the way.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        start, whole = announced(answer)
        continued = answer.status_code == 206 and start == have
        if not continued and answer.status_code in (206, 416):
            part.unlink(missing_ok=True)
        if not continued and answer.status_code != 200:
            raise requests.HTTPError(response=answer)
        if whole not in (None, size):
            raise FetchError(f"expected {size:,} bytes, received {whole:,}: another file, or a page in its place")
        done = have if continued else 0
        logger.info("Downloading %s, %d of %d MB are here", part.stem, done // 10**6, size // 10**6)
        with (
            part.open("ab" if continued else "wb") as file,
            progress(part.stem, size, in_bytes=True, done=done) as advance,
        ):
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                advance(len(chunk))
                if file.tell() > size:
                    part.unlink()
                    raise FetchError(f"expected {size:,} bytes, received more: another file, or a page in its place")
    if held(part) < size:
        raise requests.exceptions.ChunkedEncodingError


def held(part: Path) -> int:
    """Return how many bytes are there."""
    return part.stat().st_size if part.exists() else 0


def announced(answer: "requests.Response") -> tuple[int, int | None]:
    """Return the first byte's place in the file, and the size of all of it if the server tells."""
    told = re.fullmatch(r"bytes (\d+)-\d+/(?:(\d+)|\*)", answer.headers.get("Content-Range", ""))
    if answer.status_code == 206 and told:
        return int(told[1]), int(told[2]) if told[2] else None
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def passing(error: "requests.RequestException") -> bool:
    """Return whether another attempt may do better."""
    import requests

    if error.response is not None:
        return error.response.status_code in PASSING or error.response.status_code >= 500
    return isinstance(error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError)


def reason(error: "requests.RequestException", address: str) -> str:
    """Return why a request failed, as one would say it."""
    import requests
    from urllib3.exceptions import NameResolutionError, ReadTimeoutError

    # The one it was redirected to, where that is known.
    host = urlsplit(str(getattr(error.request, "url", None) or address)).hostname
    cause = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    if error.response is not None:
        return f"{host} answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy before {host} lets nothing pass ({cause})"
    if isinstance(error, requests.exceptions.SSLError):
        return f"there is no secure connection to {host} ({cause})"
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return f"{host} sent nothing for {TIMEOUT} s"
    if isinstance(cause, NameResolutionError):
        return f"{host} cannot be found (is there a network?)"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {host} broke off"
    if isinstance(error, requests.ConnectionError):
        told = getattr(getattr(cause, "__cause__", None), "strerror", None) or type(cause).__name__
        return f"{host} cannot be reached ({told})"
    return f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Published:
    """A file that somebody publishes.

    Attributes:
        name: What it is called on this disk.
        address: Where it is.
        md5: What it hashes to, as its publisher has it; None where the publisher tells nothing but its size.
        size: In bytes.
    """

    name: str
    address: str
    md5: str | None
    size: int


def retrieve(file: Published, folder: Path) -> Path:
    """Return a file's path, once it is there with the right bytes.

    What is there already with the right checksum, or the right size where none is published, is not fetched.
    What is not gathers in <name>.part, which outlives an interruption and a kill, and goes when its bytes turn
    out to be others than were published.

    Args:
        file: What to fetch.
        folder: Where it belongs; made if it is missing. Kept to one process at a time.

    Raises:
        FetchError: It cannot be fetched, has other bytes, or the folder cannot be written.
    """
    import pooch

    part = folder / f"{file.name}.part"

    def download(address: str, output: str, _: object) -> None:
        resume(address, part, file.size)
        # Pooch deletes its output when its check of the bytes is interrupted: a second name keeps them.
        Path(output).unlink()
        try:
            os.link(part, output)
        except OSError:  # a file system without second names
            part.rename(output)

    pooch.get_logger().setLevel("WARNING")
    try:
        with locked(folder):
            there = folder / file.name
            if file.md5 is None and there.is_file() and there.stat().st_size != file.size:
                there.unlink()
            checksum = file.md5 and f"md5:{file.md5}"
            try:
                path = pooch.retrieve(file.address, checksum, file.name, folder, downloader=download)
            except ValueError as error:
                part.unlink(missing_ok=True)
                raise FetchError(f"its bytes are not those that were published: {error}") from None
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise FetchError(f"{folder} cannot be written ({error.strerror})") from error
    return Path(path)


def locked(folder: Path) -> AbstractContextManager[None]:
    """Hold a folder while the block runs: who comes second waits, and finds what the first fetched."""
    return exclusive_lock(folder / ".download.lock", f"downloads into {folder}")
