"""Copy the dataset from a folder or from zips into the published layout."""

import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from dermoscopy.acquire.entries import Entry
from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.sources import find_dataset
from dermoscopy.acquire.tables import compare_tables
from dermoscopy.acquire.zips import Allowance, MemberError, UnpackedTooMuchError, read_member
from dermoscopy.core.errors import DISK_FULL
from dermoscopy.core.params import GIGABYTE
from dermoscopy.core.progress import track
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem, printable


def copy_dataset(source: Path, raw: Path, masks: Path, limits: Limits) -> list[Problem]:
    """Copy a dataset byte for byte, under its published names; never link.

    A single thread copies: two threads were no faster on 10,015 images, in a folder or in zips.

    Args:
        source: Folder or zip of the dataset; it is only read.
        raw: Folder for the images and their table; it is created.
        masks: Folder for the lesion masks; it is created, and stays empty if the dataset has none.
        limits: Block `data.limits` of params.yaml.

    Returns:
        Problems of the files that could not be copied. Missing files are left to the verification of `raw`.
    """
    contents = find_dataset(source)
    problems = contents.problems
    files = {raw / name: entries for name, entries in contents.images.items()}
    files |= {masks / name: entries for name, entries in contents.masks.items()}
    if contents.table:
        files[raw / METADATA] = contents.table[:1]
        problems += compare_tables(contents.table)
    allowance = Allowance(limits.unpacked * GIGABYTE)
    if _stated_size(files.values()) > allowance.left:
        problems.append(_unpacked_too_much(limits))
    if contents.fatal:
        return problems

    for folder in (raw, masks, *(raw / name for name in IMAGE_FOLDERS if name not in contents.missing)):
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        zips = {entry.path for entries in files.values() for entry in entries if entry.member}
        opened = {path: stack.enter_context(zipfile.ZipFile(path)) for path in zips}
        for target, entries in track(files.items(), "Copying the dataset", len(files)):
            try:
                problems += _copy(entries, target, opened, allowance)
            except UnpackedTooMuchError:
                target.unlink()
                return [*problems, _unpacked_too_much(limits)]
    return problems


def _stated_size(files: Iterable[list[Entry]]) -> int:
    """Return the total unpacked size that the zips state, in bytes.

    It serves to refuse large zips before anything is written. It is not trusted: bytes are counted when read.
    """
    return sum(entries[0].member.file_size for entries in files if entries[0].member)


def _unpacked_too_much(limits: Limits) -> Problem:
    return Problem("zips that unpack to more than data.limits.unpacked", f"{limits.unpacked:g} GB", outcome="fatal")


def _copy(
    entries: list[Entry], target: Path, opened: Mapping[Path, zipfile.ZipFile], allowance: Allowance
) -> list[Problem]:
    """Copy the first entry and compare the others with it; return one problem at most."""
    entry = entries[0]
    try:
        if entry.member:
            with target.open("wb") as file:
                file.writelines(read_member(opened[entry.path], entry.member, allowance))
        else:
            shutil.copyfile(entry.path, target)
        differing = [duplicate for duplicate in entries[1:] if _content(duplicate) != _content(entry)]
    except MemberError as error:
        target.unlink()
        kind, detail = error.args
        return [_problem(kind, str(entry), detail, target)]
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        with suppress(OSError):  # the name may be too long to be written or unlinked
            target.unlink()
        return [_problem("file that cannot be copied", str(entry), str(error.strerror), target)]
    paths = printable(" and ".join("/".join(duplicate.names) for duplicate in (entry, *differing)))
    return [_problem("file that exists twice with different content", target.name, paths, target)] if differing else []


def _problem(kind: str, name: str, detail: str, target: Path) -> Problem:
    """Return a problem of the file that belongs at `target`; without the table it is fatal."""
    if target.name == METADATA:
        return Problem(kind, name, detail, outcome="fatal")
    return Problem(kind, name, detail, (target.stem,) if target.suffix == ".jpg" else ())


def _content(entry: Entry) -> tuple[int, int]:
    """Return size and CRC-32 of an entry; for a zip member those that the zip states."""
    if entry.member:
        return entry.member.file_size, entry.member.CRC
    content = entry.path.read_bytes()
    return len(content), zlib.crc32(content)
