"""Check that `data.path` contains the dataset, and that no file of the user is where the pipeline writes."""

import os
from pathlib import Path

from dermoscopy.acquire.download import PAGE
from dermoscopy.acquire.entries import TABLES, check_path, is_dataset_name, list_entries
from dermoscopy.acquire.params import Data
from dermoscopy.acquire.sources import expand, find_dataset, why_absent
from dermoscopy.acquire.tables import read_header
from dermoscopy.acquire.zips import list_members
from dermoscopy.core.pipeline import PIPELINE, output_paths
from dermoscopy.core.suggestions import nearest_word, question
from dermoscopy.ham10000.metadata import COLUMNS, IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import printable, summarize

EXPECTED = (METADATA, *IMAGE_FOLDERS)
SHOWN = 6  # names found, in a message
TABLE_ENDINGS = (".csv", ".tab", ".tsv", ".txt")
MAX_TABLES = 20  # whose headers are read
ISIC_EXPORT = "an export of the ISIC archive, which lacks the dx and the lesions of HAM10000"
CHALLENGE_LABELS = (
    "a table of diagnoses of an ISIC challenge, which lacks lesion_id, dx_type, age, sex and localization"
)
CHALLENGE_LESIONS = "a table of lesions of an ISIC challenge, which lacks dx, age, sex and localization"


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
    unusable = "".join(f" {line}." for line in summarize(contents.problems))
    tables = _other_tables(path) if METADATA in contents.missing else ""
    hints = _not_searched(path) + _suggested_renames(contents.missing, found) + _dataset_nearby(path)
    missing = ", ".join(contents.missing)
    return [printable(f"{key}{missing} missing; found {_first_names(found)}.{unusable}{tables}{hints}")]


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


def _other_tables(path: Path) -> str:
    """Return what the tables under other names are: HAM10000's own, or others that cannot replace it."""
    entries = [entry for entry in list_entries(path, []) if entry.names[-1].lower().endswith(TABLE_ENDINGS)]
    headers = {entry.names[-1]: read_header(entry) for entry in entries[:MAX_TABLES]}
    if own := [name for name, columns in headers.items() if columns.issuperset(COLUMNS)]:
        return "".join(f" If {name} is {METADATA}, rename it." for name in own)
    known = {name: kind for name, columns in headers.items() if (kind := _kind_of_table(columns))}
    sentences = [f" {name} is {kind}." for name, kind in known.items()]
    if {CHALLENGE_LABELS, CHALLENGE_LESIONS} <= set(known.values()):
        sentences.append(" Together they still lack age, sex and localization.")
    return "".join(sentences) + (f" Get {METADATA} from {PAGE}." if known else "")


def _kind_of_table(columns: set[str]) -> str | None:
    if "isic_id" in columns:
        return ISIC_EXPORT
    if columns.issuperset(("image", "mel", "nv", "bcc")):
        return CHALLENGE_LABELS
    if "lesion_id" in columns and columns.intersection(("diagnosis_confirm_type", "dx_type")):
        return CHALLENGE_LESIONS
    return None


def _not_searched(path: Path) -> str:
    """Return a sentence about the outputs of the pipeline in a folder, in which a user may have put the images."""
    folder = os.path.realpath(path)
    outputs = [output for output in output_paths() if output.is_dir()] if PIPELINE.is_file() else []
    inside = [str(output) for output in outputs if os.path.realpath(output.parent) == folder]
    return f" Not searched, because DVC deletes what is in it: {', '.join(inside)}." if inside else ""


def _suggested_renames(missing: list[str], found: list[str]) -> str:
    """Return a sentence for each missing image folder that a found name resembles."""
    unknown = [name for name in found if not is_dataset_name(name) and not name.lower().endswith(TABLE_ENDINGS)]
    sentences = ""
    for name in missing:
        nearest = nearest_word(name, unknown) if name in IMAGE_FOLDERS else None
        if nearest:
            unknown.remove(nearest)
            sentences += f" If {nearest} is {name}, rename it."
    return sentences


def _similar_sibling(path: Path) -> str:
    """Return a question with the folder or zip next to a missing path that has a similar name and a dataset."""
    siblings = {sibling.name: sibling for sibling in _children(path.parent)}
    while nearest := nearest_word(path.name, siblings):
        sibling = siblings.pop(nearest)
        if _has_dataset(sibling):
            return question(sibling)
    return ""


def _dataset_nearby(path: Path) -> str:
    """Return a question with the parent or child folder that contains the dataset."""
    for folder in (path.absolute().parent, *_children(path)):
        if check_path(folder.is_dir) and _has_dataset(folder):
            return question(folder)
    return ""


def _has_dataset(path: Path) -> bool:
    """Return whether a folder or zip contains the dataset, and is not one that the pipeline wrote."""
    outputs = {os.path.realpath(output) for output in output_paths()} if PIPELINE.is_file() else set()
    if os.path.realpath(path) in outputs:
        return False
    if check_path(path.is_dir):  # a cheap test first: there may be many folders
        names = [child.name.lower() for child in _children(path)]
        if not any(name in TABLES or name.endswith(".zip") for name in names):
            return False
    elif path.suffix.lower() != ".zip":
        return False
    return find_dataset(path).complete


def _children(folder: Path) -> list[Path]:
    """Return the entries of a folder, sorted, without hidden ones; none if it is no folder or cannot be read."""
    try:
        return sorted(child for child in folder.iterdir() if not child.name.startswith("."))
    except OSError:
        return []
