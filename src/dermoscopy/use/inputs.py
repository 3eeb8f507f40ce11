"""Find the images to predict: in files, folders, patterns and zips, and in arrays. Nothing is decoded here.

A problem is a row with a reason, never an error, so that one wrong path does not stop the others.
"""

import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dermoscopy.acquire.entries import check_path
from dermoscopy.acquire.zips import MemberError, list_members

Images = str | Path | NDArray[Any] | Iterable[str | Path | NDArray[Any]]

ENDINGS = (".jpg", ".jpeg", ".png")  # of the files that are read in a folder or zip, in any case
FOLDER = "folder with the name of an image"
WITHOUT_IMAGES = f"without a file that ends with {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"


class Found(NamedTuple):
    """An image to predict, or a path at which there is none.

    Attributes:
        name: Path of the file, with `: ` and the path in the zip for a member of a zip; or `array` and its position.
        path: File, or the zip that contains the image.
        member: Entry of the zip.
        array: Image in memory.
        problem: Reason for which there is no image; otherwise empty.
    """

    name: str
    path: Path | None = None
    member: zipfile.ZipInfo | None = None
    array: NDArray[Any] | None = None
    problem: str = ""


def find_images(images: Images) -> Iterator[Found]:
    """Yield the images at paths, in the order of the paths; those in a folder or zip are sorted by name.

    Symbolic links are followed where a path names them. In a folder, links out of the folder are not.

    Args:
        images: Path of a file, folder or zip, pattern with `*`, `?` or `[`, or image, RGB or grey values from 0 to 255
            of type uint8, shape (height, width, 3) or (height, width); or several of them.
    """
    if isinstance(images, str | Path) or (isinstance(images, np.ndarray) and images.ndim <= 3):
        images = [images]
    for position, image in enumerate(images):
        if isinstance(image, str | Path):
            yield from _at_path(str(image))
        else:
            yield Found(f"array {position}", array=np.asarray(image))


def _at_path(text: str) -> Iterator[Found]:
    if any(character in text for character in "*?[") and not os.path.lexists(text):
        paths = _matches(text)
        if not paths:
            yield Found(text, problem="pattern that no file matches")
        for path in paths:
            yield from _in_path(path)
    else:
        yield from _in_path(text)


def _matches(pattern: str) -> list[str]:
    """Return the sorted paths that match a pattern.

    Hidden ones are left out. `**` follows no links, unlike that of glob.glob, which takes for ever in a loop of links.
    With it, folders are left out, since the pattern matches what is in them.
    """
    parts = Path(pattern).parts
    first = next(index for index, part in enumerate(parts) if any(character in part for character in "*?["))
    try:
        paths = [
            path
            for path in Path(*parts[:first]).glob(str(Path(*parts[first:])))
            if not any(map(_is_hidden, path.parts[first:])) and ("**" not in parts or not check_path(path.is_dir))
        ]
    except (OSError, ValueError):  # an invalid pattern matches nothing
        return []
    return sorted(map(str, paths))


def _in_path(text: str) -> Iterator[Found]:
    path = Path(text)
    try:
        mode = os.stat(text).st_mode  # noqa: PTH116 an empty text is no path, but Path("") is the working directory
    except OSError as error:
        yield Found(text, problem=error.strerror or type(error).__name__)
    except ValueError as error:
        yield Found(text, problem=str(error))
    else:
        if stat.S_ISDIR(mode):
            yield from _in_folder(path)
        elif path.suffix.lower() == ".zip" and stat.S_ISREG(mode):
            yield from _in_zip(path)
        else:
            yield Found(text, path)


def _in_folder(folder: Path) -> Iterator[Found]:
    if _has_ending(folder.name):
        yield Found(str(folder), problem=FOLDER)
        return
    root, empty = os.path.realpath(folder), True
    waiting = [folder]  # no recursion, which very deep folders would end
    while waiting:
        path = waiting.pop()
        found, folders = [], []
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        except OSError as error:
            found.append(Found(str(path), problem=f"folder that cannot be read: {error.strerror}"))
            entries = []
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False) and not _has_ending(entry.name):
                folders.append(Path(entry.path))
            elif problem := _problem_in_folder(entry, root):
                found.append(Found(entry.path, problem=problem))
            elif _has_ending(entry.name):
                found.append(Found(entry.path, Path(entry.path)))
        waiting += reversed(folders)
        empty = empty and not found
        yield from found
    if empty:
        yield Found(str(folder), problem=f"folder {WITHOUT_IMAGES}")


def _problem_in_folder(entry: "os.DirEntry[str]", root: str) -> str:
    """Return why a file of a folder is not read, or an empty text; what has no name of an image is passed over.

    Args:
        entry: File, link, or folder with the name of an image.
        root: Real path of the folder that is searched.
    """
    image = _has_ending(entry.name)
    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(root):
            return "symbolic link out of the folder" if image or check_path(target.is_dir) else ""
    if image:
        return FOLDER if check_path(entry.is_dir) else ""
    return "zip in a folder, which is not opened: give its path" if entry.name.lower().endswith(".zip") else ""


def _in_zip(path: Path) -> Iterator[Found]:
    try:
        members = list_members(path)
    except MemberError as error:
        yield Found(str(path), problem=": ".join(error.args))
        return
    empty = True
    for names, member in members:
        name = f"{path}: {member.filename}"
        if names is None:
            found = Found(name, problem="path that leads outside the zip")
        elif not names or any(map(_is_hidden, names)):
            continue
        elif names[-1].lower().endswith(".zip"):
            found = Found(name, problem="zip in a zip, which is not opened: unpack it first")
        elif _has_ending(names[-1]):
            found = Found(name, path, member)
        else:
            continue
        empty = False
        yield found
    if empty:
        yield Found(str(path), problem=f"zip {WITHOUT_IMAGES}")


def _has_ending(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
