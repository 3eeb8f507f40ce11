"""Find the images outside the published folders: all in one folder, or distributed over several."""

import os
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from dermoscopy.acquire.entries import MASK, Entry, Located, list_entries, published_folder
from dermoscopy.core.errors import first_few
from dermoscopy.core.pipeline import PIPELINE, output_paths
from dermoscopy.ham10000.problems import Problem, printable

JPEG = ("jpg", "jpeg")
OTHER_FORMATS = ("bmp", "gif", "heic", "heif", "jp2", "png", "tif", "tiff", "webp")


def images_elsewhere(source: Path, ids: Collection[str], problems: list[Located]) -> list[tuple[str, list[Entry]]]:
    """Find the images in the source itself, in any folder in it, or in its zips.

    Folders without an image of the table do not count, nor do zips if a folder has images. Several folders may have
    different images. The outputs of the pipeline and hidden folders are not searched.

    Args:
        source: Folder or zip.
        ids: image_ids of the table; if it is empty or no image has one of them, all images count.
        problems: List to which problems are appended: files of another format, and images of one id in several folders.

    Returns:
        Names such as ISIC_0024306.jpg with their entries.
    """
    outputs = {os.path.realpath(path) for path in output_paths()} if PIPELINE.is_file() else set()

    def is_no_output(folder: Path) -> bool:
        return os.path.realpath(folder) not in outputs

    entries = list_entries(source, [], is_no_output)
    images = [entry for entry in entries if _ending(entry) in (*JPEG, *OTHER_FORMATS) and not _is_mask(entry)]
    in_folders = [entry for entry in images if entry.member is None]
    by_folder = _by_folder(in_folders, ids) or _by_folder(images, ids)

    found: dict[str, list[Entry]] = defaultdict(list)
    for members in by_folder.values():
        shared = sorted(found.keys() & {_stem(entry) for entry in members})
        if shared:
            kind, detail = "images in several folders", ", ".join(first_few(shared))
            folders = ", ".join(other or source.name for other in by_folder)
            problems.append((source, Problem(kind, printable(folders), f"leave one; twice: {detail}", outcome="fatal")))
            break
        for entry in members:
            if _ending(entry) in JPEG:
                found[_stem(entry)].append(entry)
            else:
                problems.append((entry.path, Problem("file that is not a .jpg", str(entry))))
    return [(f"{stem}.jpg", entries) for stem, entries in found.items()]


def _by_folder(images: list[Entry], ids: Collection[str]) -> dict[str, list[Entry]]:
    """Return images by the name of their folder: of the folders with an image of the table, or else of all."""
    by_folder: dict[str, list[Entry]] = defaultdict(list)
    for entry in images:
        by_folder[entry.names[-2].lower() if len(entry.names) > 1 else ""].append(entry)
    of_table = {name: found for name, found in by_folder.items() if any(_stem(entry) in ids for entry in found)}
    return of_table or by_folder


def _is_mask(entry: Entry) -> bool:
    return published_folder(list(entry.names[:-1])) == MASK or entry.names[-1].lower().endswith(MASK)


def _stem(entry: Entry) -> str:
    return entry.names[-1].rpartition(".")[0]


def _ending(entry: Entry) -> str:
    return entry.names[-1].rpartition(".")[2].lower()
