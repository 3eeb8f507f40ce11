"""The SHA-256 of each file of a bundle: SHA256SUMS, in the format of the command `sha256sum`."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from dermoscopy.core.errors import ProblemsError, UserError
from dermoscopy.core.files import sha256, sha256_all, write_text

SUMS = "SHA256SUMS"
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
MAX_SUMS = 2**20  # bytes of SHA256SUMS
REMEDY = "Get the bundle again from where it comes; none of it was used."


class BundleError(ProblemsError):
    """A bundle is damaged, or was changed after it was written."""


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS of all files of a folder, sorted by path.

    Args:
        folder: Folder of plain files and folders.
    """
    paths = sorted(path for path, _ in files(folder) if path != SUMS)
    sums = sha256_all([folder / path for path in paths])
    write_text(folder / SUMS, "".join(f"{digest}  {path}\n" for digest, path in zip(sums, paths, strict=True)))


def verify_sums(folder: Path) -> Mapping[str, str]:
    """Check that a folder has exactly the files of its SHA256SUMS, with these contents.

    Args:
        folder: Folder of a bundle.

    Returns:
        Path of each file in the folder to its SHA-256.

    Raises:
        BundleError: Files are changed, missing or additional, or are no plain files; all of them are listed.
        UserError: SHA256SUMS is missing or not valid.
    """
    listed = _read_sums(folder / SUMS)
    found = dict(files(folder))
    problems = [f"{path}: missing." for path in listed if path not in found]
    for path, is_plain in sorted(found.items()):
        if not is_plain:
            problems.append(f"{path}: neither a file nor a folder, such as a link.")
        elif path not in listed and path != SUMS:
            problems.append(f"{path}: additional; it is not in {SUMS}.")
    if not problems:
        received = sha256_all([folder / path for path in listed])
        problems += [
            f"{path}: changed; expected sha256 {expected}, received {digest}."
            for (path, expected), digest in zip(listed.items(), received, strict=True)
            if digest != expected
        ]
    if problems:
        raise BundleError(f"The bundle {folder} is not as it was written", problems, REMEDY)
    return listed


def bundle_id(folder: Path) -> str:
    """Return the SHA-256 of a bundle's SHA256SUMS, which identifies its content."""
    return sha256(folder / SUMS)


def files(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield the path of each entry in a folder that is no folder, and whether it is a plain file; no link is followed.

    Args:
        folder: The folder.
    """
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(folder / below) as entries:
            for entry in entries:
                path = f"{below}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{path}/")
                else:
                    yield path, stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)


def _read_sums(path: Path) -> dict[str, str]:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_SUMS:
        raise UserError(f"{path} is missing or no plain file. {REMEDY}")
    listed = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        match = LINE.fullmatch(line)
        if not match or match[2] in listed or set(match[2].split("/")) & {"", ".", ".."}:
            raise UserError(
                f"{path}: expected a SHA-256, two spaces and a path in each line; received {line!r}. {REMEDY}"
            )
        listed[match[2]] = match[1]
    return listed
