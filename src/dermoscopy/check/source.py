"""Check that `data.path` contains the dataset, and that no file of the user is where the pipeline writes."""

import os
from pathlib import Path

from dermoscopy.acquire.params import Data
from dermoscopy.acquire.sources import check_path, expand, find_dataset, is_dataset_name, why_absent
from dermoscopy.acquire.zips import list_members
from dermoscopy.core.members import PIPELINE, output_paths
from dermoscopy.core.suggestions import nearest_word, question
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import printable, summarize

EXPECTED = (METADATA, *IMAGE_FOLDERS)
SHOWN = 6  # names found, in a message


def location_problems(data: Data) -> list[str]:
    """Return one line for each path in `data` that is inside an output of the pipeline, after links are resolved.

    DVC deletes outputs before it writes them, and with them all files that a user put there.

    Args:
        data: Block `data` of params.yaml.
    """
    paths = {f"data.weights.{name}.source": entry.source for name, entry in data.weights.items()}
    paths = {key: text for key, text in paths.items() if text not in ("none", "imagenet")}
    if data.source == "directory" and data.path is not None:
        paths["data.path"] = data.path
    if not paths or not PIPELINE.is_file():
        return []
    outputs = {Path(os.path.realpath(path)): path for path in output_paths()}
    problems = []
    for key, text in paths.items():
        path = Path(os.path.realpath(expand(text)))
        output = next((outputs[folder] for folder in (path, *path.parents) if folder in outputs), None)
        if output:
            problems.append(
                printable(
                    f"{key}: received {text!r}; it is in {output}, which the pipeline writes and DVC deletes. "
                    "Move it to a folder of yours, such as data/raw."
                )
            )
    return problems


def source_problems(data: Data) -> list[str]:
    """Return the problem of `data.path`, if the source is a folder or zips and there is one.

    Only names and the directories of zips are read.

    Args:
        data: Block `data` of params.yaml.
    """
    if data.source != "directory":
        return []
    if data.path is None:
        return [
            "data.path: received null; data.source directory needs the folder that contains "
            f"{', '.join(EXPECTED)}, or their zips. Set it with: make run DATA=path"
        ]
    key = f"data.path: received {data.path!r}; "
    path = expand(data.path)
    if reason := why_absent(path):
        return [printable(f"{key}expected a folder or a zip, and this {reason}.{_similar_sibling(path)}")]
    contents = find_dataset(path)
    partly_usable = not data.strict and METADATA not in contents.missing and contents.images
    if contents.complete or (partly_usable and not contents.fatal):
        return []
    if contents.fatal:
        return [printable(f"{key}{'; '.join(summarize(contents.fatal))}.{_dataset_nearby(path)}")]
    found = _names_found(path)
    renames, nearby = _suggested_renames(contents.missing, found), _dataset_nearby(path)
    missing = ", ".join(contents.missing)
    return [printable(f"{key}{missing} missing; found {_first_names(found)}.{renames}{nearby}")]


def _names_found(path: Path) -> list[str]:
    """Return the names at the top of a folder or zip, without hidden ones, sorted."""
    if path.is_dir():
        names = {child.name for child in _children(path)}
    else:
        names = {parts[0] for parts, _ in list_members(path) if parts}
    return sorted(name for name in names if not name.startswith("."))


def _first_names(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}" if names else "nothing"


def _suggested_renames(missing: list[str], found: list[str]) -> str:
    """Return a sentence for each missing name that a found one resembles."""
    unknown = [name for name in found if not is_dataset_name(name)]
    sentences = ""
    for name in missing:
        nearest = nearest_word(name, unknown)
        if nearest:
            unknown.remove(nearest)
            sentences += f" If {nearest} is {name}, rename it."
    return sentences


def _similar_sibling(path: Path) -> str:
    """Return a question with the folder or zip next to a missing path that has a similar name."""
    names = (
        sibling.name
        for sibling in _children(path.parent)
        if sibling.suffix.lower() == ".zip" or check_path(sibling.is_dir)
    )
    nearest = nearest_word(path.name, names)
    return question(nearest and path.parent / nearest)


def _dataset_nearby(path: Path) -> str:
    """Return a question with the parent or child folder that contains the dataset."""
    for folder in (path.absolute().parent, *_children(path)):
        if check_path(folder.is_dir) and find_dataset(folder).complete:
            return question(folder)
    return ""


def _children(folder: Path) -> list[Path]:
    """Return the entries of a folder, sorted; none if it is no folder or cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
