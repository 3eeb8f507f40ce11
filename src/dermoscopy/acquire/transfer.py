"""Download published files, resume interrupted downloads, and verify checksums."""

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
from dermoscopy.core.interrupt import next_run
from dermoscopy.core.progress import progress

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    import requests

TIMEOUT = 30  # seconds without a byte after which an attempt ends
WAITS = (1, 4, 10)  # seconds before the next attempt after one, two, three consecutive attempts without new bytes
CHUNK = 2**16  # bytes; an interrupted attempt loses fewer
TRANSIENT = (206, 408, 416, 425, 429)  # HTTP statuses that are worth another attempt; so are all from 500 on


class FetchError(Exception):
    """A file could not be downloaded; the text is the reason in plain words."""


def resume(address: str, part: Path, size: int) -> None:
    """Download a file, starting after the bytes that are already there.

    Attempts are repeated, with waits, as long as they bring new bytes. Received bytes stay in the partial file
    when the function gives up or the process is killed.

    Args:
        address: URL of the file; redirections are followed.
        part: Path of the partial file; it may be missing. On return it contains the whole file.
        size: Size of the whole file, in bytes.

    Raises:
        FetchError: The server cannot be reached, refuses, keeps interrupting the download, or has a file of another
            size.
    """
    import requests

    largest, failures = file_size(part), 0  # failures: consecutive attempts without new bytes
    while file_size(part) != size:
        try:
            request_rest(address, part, size)
        except requests.RequestException as error:
            why = failure_reason(error, address)
            failures = 0 if file_size(part) > largest else failures + 1
            largest = max(largest, file_size(part))
            if not is_transient(error) or failures > len(WAITS):
                raise FetchError(why) from error
            wait = WAITS[max(failures, 1) - 1]
            logger.info("%s: %s; another attempt in %d s", part.stem, why, wait)
            time.sleep(wait)


def request_rest(address: str, part: Path, size: int) -> None:
    """Send one request for the missing bytes and append them to the partial file.

    Args:
        address: URL of the file.
        part: Path of the partial file.
        size: Size of the whole file, in bytes.

    Raises:
        requests.RequestException: The request failed, or bytes are still missing.
        FetchError: The server has a file of another size. If it announces this, the partial file is unchanged.
    """
    import requests

    present = file_size(part)
    # Sizes and ranges refer to the file itself, so the server must not compress it.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={present}-"} if present else {})
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        start, announced_size = announced_range(response)
        continued = response.status_code == 206 and start == present
        if not continued and response.status_code in (206, 416):
            part.unlink(missing_ok=True)
        if not continued and response.status_code != 200:
            raise requests.HTTPError(response=response)
        if announced_size not in (None, size):
            raise FetchError(f"expected {size:,} bytes, received {announced_size:,}: another file, or an HTML page")
        done = present if continued else 0
        logger.info("Downloading %s: %d of %d MB are present", part.stem, done // 10**6, size // 10**6)
        with (
            part.open("ab" if continued else "wb") as file,
            progress(part.stem, size, in_bytes=True, done=done) as advance,
            next_run(lambda: "The next run continues the download."),
        ):
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                advance(len(chunk))
                if file.tell() > size:
                    part.unlink()
                    raise FetchError(f"expected {size:,} bytes, received more: another file, or an HTML page")
    if file_size(part) < size:
        raise requests.exceptions.ChunkedEncodingError


def file_size(path: Path) -> int:
    """Return the size of a file in bytes; 0 if it does not exist."""
    return path.stat().st_size if path.exists() else 0


def announced_range(response: "requests.Response") -> tuple[int, int | None]:
    """Return the offset of the response's first byte in the file, and the file's size or None if unknown."""
    header = re.fullmatch(r"bytes (\d+)-\d+/(?:(\d+)|\*)", response.headers.get("Content-Range", ""))
    if response.status_code == 206 and header:
        return int(header[1]), int(header[2]) if header[2] else None
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def is_transient(error: "requests.RequestException") -> bool:
    """Return whether another attempt may succeed."""
    import requests

    if error.response is not None:
        return error.response.status_code in TRANSIENT or error.response.status_code >= 500
    return isinstance(error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError)


def failure_reason(error: "requests.RequestException", address: str) -> str:
    """Return in plain words why a request failed.

    Args:
        error: The error of the request.
        address: URL that was requested.
    """
    import requests
    from urllib3.exceptions import NameResolutionError, ReadTimeoutError

    # After a redirection, the host that failed is the last one requested.
    host = urlsplit(str(getattr(error.request, "url", None) or address)).hostname
    cause = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    if error.response is not None:
        return f"{host} responded with {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy for {host} refuses the connection ({cause})"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no secure connection to {host} ({cause})"
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return f"{host} sent nothing for {TIMEOUT} s"
    if isinstance(cause, NameResolutionError):
        return f"{host} cannot be found (is there a network?)"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {host} was interrupted"
    if isinstance(error, requests.ConnectionError):
        detail = getattr(getattr(cause, "__cause__", None), "strerror", None) or type(cause).__name__
        return f"{host} cannot be reached ({detail})"
    return f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Published:
    """A published file.

    Attributes:
        name: File name on this disk.
        address: URL.
        md5: Published MD5 checksum, in hexadecimal digits; None if only the size is published.
        size: Size in bytes.
    """

    name: str
    address: str
    md5: str | None
    size: int


def retrieve(file: Published, folder: Path) -> Path:
    """Download a file unless it is present, and return its path.

    A present file with the right checksum, or the right size if no checksum is published, is not downloaded again.
    The bytes of a download are collected in <name>.part. This file survives an interruption or a kill, and is
    removed if the checksum of the complete download is wrong.

    Args:
        file: File to download.
        folder: Target folder; created if missing, and locked against other processes.

    Raises:
        FetchError: The file cannot be downloaded, has a wrong checksum, or the folder cannot be written.
    """
    import pooch

    part = folder / f"{file.name}.part"

    def download(address: str, output: str, _: object) -> None:
        resume(address, part, file.size)
        # Pooch deletes its output if its verification is interrupted: a hard link keeps the bytes.
        Path(output).unlink()
        try:
            os.link(part, output)
        except OSError:  # a file system without hard links
            part.rename(output)

    pooch.get_logger().setLevel("WARNING")
    try:
        with locked(folder):
            target = folder / file.name
            if file.md5 is None and target.is_file() and target.stat().st_size != file.size:
                target.unlink()
            checksum = file.md5 and f"md5:{file.md5}"
            try:
                path = pooch.retrieve(file.address, checksum, file.name, folder, downloader=download)
            except ValueError as error:
                part.unlink(missing_ok=True)
                raise FetchError(f"the downloaded bytes are not the published ones: {error}") from None
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise FetchError(f"{folder} cannot be written ({error.strerror})") from error
    return Path(path)


def locked(folder: Path) -> AbstractContextManager[None]:
    """Lock a folder for downloads while the block runs; another process waits and then finds the files."""
    return exclusive_lock(folder / ".download.lock", f"downloads into {folder}")
