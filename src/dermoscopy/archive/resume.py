"""A file's bytes from a server, continued where an earlier attempt broke off."""

import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dermoscopy.progress import progress

if TYPE_CHECKING:
    import requests

TIMEOUT = 30  # seconds without a byte, after which an attempt is over
WAITS = (1, 4, 10)  # seconds before the next attempt, after one, two, three in a row that brought nothing new
CHUNK = 2**16  # bytes; an attempt that breaks off loses fewer
PASSING = (206, 408, 416, 425, 429)  # statuses that another attempt may not meet again; from 500 on, all

logger = logging.getLogger(__name__)


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
