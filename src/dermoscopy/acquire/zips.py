"""Read zips from untrusted sources: no member outside the zip, no more bytes than allowed."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

ENCRYPTED = 0x1  # bit of a member's flags
CHUNK = 1 << 20  # bytes
# Errors that zipfile raises for damaged files.
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError, ValueError)
OUTSIDE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")


# Methods by their number in a zip, also those that Python does not know.
METHODS = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    20: "Zstandard",
    93: "Zstandard",
    95: "XZ",
    96: "JPEG",
    98: "PPMd",
}
SUPPORTED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def unsupported_method(member: zipfile.ZipInfo) -> str:
    """Return the method by which a member is packed if Python cannot read it, else an empty text."""
    number = member.compress_type
    return "" if number in SUPPORTED else METHODS.get(number, f"method {number}")


class MemberError(Exception):
    """A zip or a zip member cannot be read; the arguments are a problem's kind and detail."""


class UnpackedTooMuchError(Exception):
    """More bytes were unpacked than allowed."""


class Allowance:
    """Number of bytes that may still be unpacked from zips.

    Args:
        size: Allowed bytes in total.
    """

    def __init__(self, size: float) -> None:
        self.left = size

    def take(self, size: int) -> None:
        """Subtract unpacked bytes.

        Args:
            size: Number of bytes.

        Raises:
            UnpackedTooMuchError: The total exceeds the allowed size.
        """
        self.left -= size
        if self.left < 0:
            raise UnpackedTooMuchError


def list_members(path: Path) -> list[tuple[tuple[str, ...] | None, zipfile.ZipInfo]]:
    """List the files of a zip without unpacking them.

    Args:
        path: Path of the zip.

    Returns:
        For each file, sorted by path: the names of its folders and its own name, or None if its path leads outside
        the zip; and its entry.

    Raises:
        MemberError: The file is no zip, is damaged or cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except DAMAGE as error:
        raise MemberError("file that cannot be read as a zip", _reason(error)) from None
    files = [info for info in infos if not info.filename.endswith("/")]
    return [(_path_parts(info.filename), info) for info in sorted(files, key=lambda info: info.filename)]


def _path_parts(name: str) -> tuple[str, ...] | None:
    # Zips made on Windows may have backslashes as separators.
    name = name.replace("\\", "/")
    return None if OUTSIDE.search(name) else tuple(part for part in name.split("/") if part not in ("", "."))


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowance: Allowance) -> Iterator[bytes]:
    """Yield the unpacked bytes of a zip member in chunks, and verify its checksum at the end.

    Args:
        archive: The open zip.
        member: Entry of the member in the zip.
        allowance: Allowance from which the bytes read are subtracted, whatever size the zip states.

    Raises:
        MemberError: The member is damaged, encrypted, or compressed by an unsupported method.
        UnpackedTooMuchError: The allowance is exhausted.
    """
    if member.flag_bits & ENCRYPTED:
        raise MemberError("encrypted member of a zip", "unpack it with its password first")
    try:
        with archive.open(member) as file:
            while chunk := file.read(CHUNK):
                allowance.take(len(chunk))
                yield chunk
    except NotImplementedError as error:
        raise MemberError("member of a zip that Python cannot unpack", _reason(error)) from None
    except DAMAGE as error:
        raise MemberError("damaged member of a zip", _reason(error)) from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
