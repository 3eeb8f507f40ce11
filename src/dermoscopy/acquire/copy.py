"""The dataset from a folder or zips of the user's, as it was published or as it is passed on."""

import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.sources import Entry, find
from dermoscopy.acquire.zips import Allowance, MemberError, UnpackedTooMuchError, read_member
from dermoscopy.core.errors import DISK_FULL
from dermoscopy.core.params import GIGABYTE
from dermoscopy.core.progress import track
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem, printable


def copy_dataset(source: Path, raw: Path, masks: Path, limits: Limits) -> list[Problem]:
    """Copy an dataset, byte for byte and by the names it was published under; never a link.

    One thread does it: two were no faster, on 10,015 images in a folder or in zips.

    Args:
        source: A folder, or a zip; only read.
        raw: Folder to be made, for the images and their table.
        masks: Folder to be made, for the lesion masks; there need not be any.
        limits: What may come out of zips.

    Returns:
        What was wrong on the way. What is lacking, verification of `raw` tells.
    """
    contents = find(source)
    problems = contents.problems
    files = {raw / name: entries for name, entries in contents.images.items()}
    files |= {masks / name: entries for name, entries in contents.masks.items()}
    if contents.table:
        files[raw / METADATA] = contents.table
    allowance = Allowance(limits.unpacked * GIGABYTE)
    if _claimed(files.values()) > allowance.left:
        problems.append(_too_much(limits))
    if contents.fatal:
        return problems

    for folder in (raw, masks, *(raw / part for part in IMAGE_FOLDERS if part not in contents.lacks)):
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        zips = {entry.path for entries in files.values() for entry in entries if entry.member}
        opened = {path: stack.enter_context(zipfile.ZipFile(path)) for path in zips}
        for target, entries in track(files.items(), "Copying the dataset", len(files)):
            try:
                problems += _copy(entries, target, opened, allowance)
            except UnpackedTooMuchError:
                target.unlink()
                return [*problems, _too_much(limits)]
    return problems


def _claimed(files: Iterable[list[Entry]]) -> int:
    """Return how many bytes zips say will come out of them; it spares the disk, and only what is read is believed."""
    return sum(entries[0].member.file_size for entries in files if entries[0].member)


def _too_much(limits: Limits) -> Problem:
    limit = f"more than {limits.unpacked:g} GB"
    return Problem("zips that unpack to too much", limit, "the limit is data.limits.unpacked", outcome="fatal")


def _copy(
    entries: list[Entry], target: Path, opened: Mapping[Path, zipfile.ZipFile], allowance: Allowance
) -> list[Problem]:
    """Copy the first entry and compare the others with it; return what is wrong, in at most one problem."""
    entry = entries[0]
    try:
        if entry.member:
            with target.open("wb") as file:
                file.writelines(read_member(opened[entry.path], entry.member, allowance))
        else:
            shutil.copyfile(entry.path, target)
        differing = [other for other in entries[1:] if _content(other) != _content(entry)]
    except MemberError as error:
        target.unlink()
        kind, detail = error.args
        return [_problem(kind, str(entry), detail, target)]
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        with suppress(OSError):  # its name may be too long to be written, or to be unlinked
            target.unlink()
        return [_problem("file that cannot be copied", str(entry), str(error.strerror), target)]
    places = printable(" and ".join("/".join(twin.names) for twin in (entry, *differing)))
    return [_problem("file that is there twice, with other content", target.name, places, target)] if differing else []


def _problem(kind: str, name: str, detail: str, target: Path) -> Problem:
    """Return a problem that costs what `target` was to hold."""
    if target.name == METADATA:
        return Problem(kind, name, detail, outcome="fatal")
    return Problem(kind, name, detail, (target.stem,) if target.suffix == ".jpg" else ())


def _content(entry: Entry) -> tuple[int, int]:
    """Return size and CRC-32; a zip's member is not read for it."""
    if entry.member:
        return entry.member.file_size, entry.member.CRC
    content = entry.path.read_bytes()
    return len(content), zlib.crc32(content)
