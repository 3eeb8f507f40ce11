"""The versions that outputs depend on.

What the source holds, by content: the same images elsewhere have the same fingerprint.

What files hash to, remembered from run to run.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dermoscopy.acquire.params import Data, Weights
from dermoscopy.acquire.sources import Entry, expand, find
from dermoscopy.core.errors import DatasetError, UserError
from dermoscopy.core.files import atomic_write, sha256_all

# TensorFlow is one distribution for processors alone and another for graphics cards as well.
DISTRIBUTIONS = {
    "tensorflow": ("tensorflow-cpu", "tensorflow"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "pillow": ("pillow",),
    "scikit-learn": ("scikit-learn",),
}


def versions() -> dict[str, str]:
    """Return each library's installed version, without importing any of them.

    Raises:
        UserError: One is not installed.
    """
    found = {name: _version(names) for name, names in DISTRIBUTIONS.items()}
    absent = [name for name, number in found.items() if not number]
    if absent:
        raise UserError(f"Not installed: {', '.join(absent)}.\nInstall the project's environment with: make run")
    return found


def _version(distributions: tuple[str, ...]) -> str:
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def remembered_sha256(paths: Sequence[Path], memory: Path) -> list[str]:
    """Return the sha256 of each file, in the order of the files.

    A file whose path, size and time of change are remembered is not read; the others are, several at once.

    Args:
        paths: Files.
        memory: A JSON file that is read, and written if it learns something; it may be missing, spoilt
            or out of reach.

    Raises:
        OSError: A file cannot be read.
    """
    known = _recall(memory)
    current = {str(path.absolute()): _stamp(path) for path in paths}
    changed = [path for path, stamp in current.items() if known.get(path, [])[:2] != stamp]
    for path, digest in zip(changed, sha256_all(map(Path, changed)), strict=True):
        known[path] = [*current[path], digest]
    if changed:
        with suppress(OSError):  # what cannot be remembered is read again
            _remember(known, memory)
    return [known[str(path.absolute())][2] for path in paths]


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _remember(known: Mapping[str, list[Any]], memory: Path) -> None:
    with atomic_write(memory, shared=True) as beside:
        beside.write_text(json.dumps(known))


def _recall(memory: Path) -> dict[str, list[Any]]:
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return {path: entry for path, entry in known.items() if _is_entry(entry)} if isinstance(known, dict) else {}


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, list) and [type(value) for value in entry] == [int, int, str]


def fingerprint(data: Data, starting: Mapping[str, str], memory: Path) -> dict[str, Any]:
    """Return what the images, their table, the masks and the starting weights hash to; no path is among it.

    A file of a folder is hashed; a zip's member is known by the CRC-32 and the size its zip states,
    so that nothing is unpacked. The same content therefore has one fingerprint in folders and
    another in zips, and goes through acquisition again when it changes from one to the other.

    Args:
        data: Where they come from; they have to be there.
        starting: Members that start from weights, each to the key of `data.weights`; other entries do not count.
        memory: Where hashes are remembered by path, size and time.

    Returns:
        "source"; for a directory "metadata", the table's checksum, "images" and, if there are any,
        "masks": their "count" and the "sha256" over published name and checksum of each in order;
        "problems", how many of each kind cannot be taken, if any; for the download "doi" and
        "files", name to md5 as published; "weights", for each member that starts from any: "name", their key
        in `data.weights`, and "sha256", or for published ones "imagenet", the sha256 that is asked of them or null.

    Raises:
        DatasetError: A file cannot be read.
    """
    try:
        return {"source": data.source, **_archive(data, memory), "weights": _weights(data.weights, starting, memory)}
    except OSError as error:
        raise DatasetError(
            "The source cannot be read", [f"{error.filename}: {error.strerror}"], "Make it readable, then run again."
        ) from None


def _archive(data: Data, memory: Path) -> dict[str, Any]:
    if data.source == "download":
        from dermoscopy.acquire.download import FILES, PAGE

        return {"doi": PAGE, "files": {file.name: file.md5 for file in FILES}}
    if data.source != "directory" or data.path is None:
        return {}
    contents = find(expand(data.path))
    groups = {"metadata": contents.table, **contents.images, **contents.masks}
    checksums = _checksums([entry for entries in groups.values() for entry in entries], memory)

    def digest(named: Mapping[str, list[Entry]]) -> dict[str, Any]:
        # A set: what stands twice with the same content counts once.
        lines = sorted({f"{name} {checksums[entry]}\n" for name, entries in named.items() for entry in entries})
        return {"count": len(named), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}

    found: dict[str, Any] = {
        "metadata": ", ".join(sorted({checksums[entry] for entry in contents.table})),
        "images": digest(contents.images),
    }
    if contents.masks:
        found["masks"] = digest(contents.masks)
    if contents.problems:
        found["problems"] = dict(Counter(problem.kind for problem in contents.problems))
    return found


def _checksums(entries: list[Entry], memory: Path) -> dict[Entry, str]:
    files = [entry for entry in entries if entry.member is None]
    hashes = remembered_sha256([entry.path for entry in files], memory)
    stated = {entry: f"{entry.member.CRC:08x} {entry.member.file_size}" for entry in entries if entry.member}
    return {**dict(zip(files, hashes, strict=True)), **stated}


def _weights(weights: Mapping[str, Weights], starting: Mapping[str, str], memory: Path) -> dict[str, dict[str, Any]]:
    used = {name: weights[name] for name in starting.values()}
    files = {name: expand(entry.source) for name, entry in used.items() if entry.source != "imagenet"}
    hashes = dict(zip(files, remembered_sha256(list(files.values()), memory), strict=True))
    return {
        member: {"name": name} | ({"sha256": hashes[name]} if name in hashes else {"imagenet": used[name].sha256})
        for member, name in starting.items()
    }
