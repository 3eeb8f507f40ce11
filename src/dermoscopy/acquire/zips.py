"""Zips, which may come from anywhere: members that stay inside, read no further than is allowed."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

ENCRYPTED = 0x1  # bit of a member's flags
CHUNK = 1 << 20  # bytes
# What spoilt bytes made zipfile raise.
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError, ValueError)
OUTSIDE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")


class MemberError(Exception):
    """A zip or a member cannot be read; holds a problem's kind and detail."""


class UnpackedTooMuchError(Exception):
    """More has come out of zips than is allowed."""


class Allowance:
    """How many bytes may still come out of zips.

    Args:
        size: All that may, in bytes.
    """

    def __init__(self, size: float) -> None:
        self.left = size

    def take(self, size: int) -> None:
        """Count bytes that came out.

        Raises:
            UnpackedTooMuchError: They were too many.
        """
        self.left -= size
        if self.left < 0:
            raise UnpackedTooMuchError


def members(path: Path) -> list[tuple[tuple[str, ...] | None, zipfile.ZipInfo]]:
    """List a zip's files, each with the names of its folders and its own; nothing is unpacked.

    Args:
        path: Of the zip.

    Returns:
        In the order of their names; None stands for a path that leads out of the zip.

    Raises:
        MemberError: The file is no zip, is damaged or may not be read.
    """
    try:
        with zipfile.ZipFile(path) as dataset:
            infos = dataset.infolist()
    except DAMAGE as error:
        raise MemberError("file that cannot be read as a zip", _reason(error)) from None
    files = [info for info in infos if not info.filename.endswith("/")]
    return [(_inside(info.filename), info) for info in sorted(files, key=lambda info: info.filename)]


def _inside(name: str) -> tuple[str, ...] | None:
    # Zips made on Windows may separate by backslashes.
    name = name.replace("\\", "/")
    return None if OUTSIDE.search(name) else tuple(part for part in name.split("/") if part not in ("", "."))


def read_member(dataset: zipfile.ZipFile, member: zipfile.ZipInfo, allowance: Allowance) -> Iterator[bytes]:
    """Yield what a member unpacks to, in pieces; its checksum is compared at the end.

    Args:
        dataset: The zip, opened.
        member: Of it.
        allowance: What is read is taken from it, whatever the zip claims.

    Raises:
        MemberError: The member is damaged, encrypted, or compressed as Python cannot read it.
        UnpackedTooMuchError: The allowance is used up.
    """
    if member.flag_bits & ENCRYPTED:
        raise MemberError("encrypted member of a zip", "unpack it with its password first")
    try:
        with dataset.open(member) as file:
            while piece := file.read(CHUNK):
                allowance.take(len(piece))
                yield piece
    except DAMAGE as error:
        raise MemberError("damaged member of a zip", _reason(error)) from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
