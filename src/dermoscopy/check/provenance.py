"""Provenance of a run: library versions and the fingerprint of the dataset's content, with a cache of checksums."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dermoscopy.acquire.entries import Entry
from dermoscopy.acquire.params import Data, Weights
from dermoscopy.acquire.sources import expand, find_dataset
from dermoscopy.core.errors import DatasetError, UserError
from dermoscopy.core.files import atomic_write, sha256, sha256_all

# TensorFlow has one distribution for CPUs only, and another that supports GPUs.
DISTRIBUTIONS = {
    "tensorflow": ("tensorflow-cpu", "tensorflow"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "pillow": ("pillow",),
    "opencv": ("opencv-python-headless",),
    "scikit-learn": ("scikit-learn",),
}


def library_versions() -> dict[str, str]:
    """Return the installed version of each library that outputs depend on, without importing them.

    Raises:
        UserError: Libraries are not installed; the message names them.
    """
    versions = {name: _version(distributions) for name, distributions in DISTRIBUTIONS.items()}
    missing = [name for name, number in versions.items() if not number]
    if missing:
        raise UserError(f"Not installed: {', '.join(missing)}.\nInstall the project's environment with: make run")
    return versions


def _version(distributions: tuple[str, ...]) -> str:
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


# Bytes. Reading ten thousand files of this size takes about a second, so they are read in every run.
ALWAYS_READ = 16_384


def cached_sha256(paths: Sequence[Path], cache: Path) -> list[str]:
    """Return the SHA-256 of each file, in the order of the files.

    A file of more than `ALWAYS_READ` bytes is read only if the cache does not have its path with the same size,
    modification time, inode and change time. A copy, a restored backup or a renamed file may keep the first two, but
    not the last two. Where the system makes up new inodes, all files are read.

    Args:
        paths: Paths of the files.
        cache: JSON file of known checksums, updated if any is new. It may be missing, damaged or unwritable.

    Raises:
        OSError: A file cannot be read.
    """
    known = _read_cache(cache)
    stamps = {str(path.absolute()): _stamp(path) for path in paths}
    small = {path: sha256(Path(path)) for path, (size, *_) in stamps.items() if size <= ALWAYS_READ}
    changed = [path for path, stamp in stamps.items() if path not in small and known.get(path, [])[:-1] != stamp]
    for path, checksum in zip(changed, sha256_all(map(Path, changed)), strict=True):
        known[path] = [*stamps[path], checksum]
    if changed:
        with suppress(OSError):  # without a cache the files are read again
            _write_cache(known, cache)
    return [small.get(path) or known[path][-1] for path in (str(path.absolute()) for path in paths)]


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns]


def _write_cache(known: Mapping[str, list[Any]], cache: Path) -> None:
    with atomic_write(cache, shared=True) as temporary:
        temporary.write_text(json.dumps(known))


def _read_cache(cache: Path) -> dict[str, list[Any]]:
    try:
        known = json.loads(cache.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return {path: entry for path, entry in known.items() if _is_valid(entry)} if isinstance(known, dict) else {}


def _is_valid(entry: Any) -> bool:
    return isinstance(entry, list) and [type(value) for value in entry] == [int, int, int, int, str]


def fingerprint(
    data: Data,
    starting_weights: Mapping[str, str],
    cache: Path,
    absent: Collection[str] = (),
    record: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return checksums of the images, their table, the masks and the starting weights, without any path.

    Files in folders are identified by SHA-256; the table is read in every run, the others as `cached_sha256` needs.
    Zip members are identified by the CRC-32 and the size that the zip states, so that nothing is unpacked. The same
    content therefore has one fingerprint in folders and another in zips, and is acquired again when it moves from
    one to the other.

    Args:
        data: Block `data` of params.yaml.
        starting_weights: For each member that starts from weights, their key in `data.weights`. Other keys do not
            count.
        cache: Path of the cache of checksums.
        absent: Keys of the paths in params.yaml that do not exist, such as data.path; the others must exist.
        record: An earlier fingerprint, from which absent parts are taken.

    Returns:
        Always "source", and "weights": for each member that starts from weights "name", their key in
        `data.weights`, and either "sha256" or, for published ones, "imagenet" with the configured SHA-256 or None.
        For a directory also "metadata", the table's checksum; "images" and, if there are any, "masks", each with
        "count" and the "sha256" over sorted names and checksums; in "images" also "ids", the first and the last id;
        and "problems", the number of unusable files by kind, if any. For the download also "doi", and "files" with
        the published MD5 by name.

    Raises:
        DatasetError: A file cannot be read.
    """
    record = record or {}
    present = {member: name for member, name in starting_weights.items() if f"data.weights.{name}.source" not in absent}
    try:
        weights = _weights_fingerprint(data.weights, present, cache)
        if "data.path" in absent:
            dataset = {key: value for key, value in record.items() if key != "weights"}
        else:
            dataset = {"source": data.source, **_dataset_fingerprint(data, cache)}
    except OSError as error:
        raise DatasetError(
            "The source cannot be read", [f"{error.filename}: {error.strerror}"], "Make it readable, then run again."
        ) from None
    for member, name in starting_weights.items():
        recorded = record.get("weights", {}).get(member, {})
        if member not in present:
            weights[member] = recorded if recorded.get("name") == name else {"name": name}
    return {**dataset, "weights": weights}


def _dataset_fingerprint(data: Data, cache: Path) -> dict[str, Any]:
    if data.source == "download":
        from dermoscopy.acquire.download import FILES, PAGE

        return {"doi": PAGE, "files": {file.name: file.md5 for file in FILES}}
    if data.source != "directory" or data.path is None:
        return {}
    contents = find_dataset(expand(data.path))
    files = [entry for entries in (*contents.images.values(), *contents.masks.values()) for entry in entries]
    checksums = _checksums(files, cache) | _checksums(contents.table, None)

    def count_and_checksum(named: Mapping[str, list[Entry]]) -> dict[str, Any]:
        # A set: entries of one name and equal content count once.
        lines = sorted({f"{name} {checksums[entry]}\n" for name, entries in named.items() for entry in entries})
        return {"count": len(named), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}

    ids = sorted(Path(name).stem for name in contents.images)
    found: dict[str, Any] = {
        "metadata": ", ".join(sorted({checksums[entry] for entry in contents.table})),
        "images": {**count_and_checksum(contents.images), "ids": f"{ids[0]} to {ids[-1]}" if ids else ""},
    }
    if contents.masks:
        found["masks"] = count_and_checksum(contents.masks)
    if contents.problems:
        found["problems"] = dict(Counter(problem.kind for problem in contents.problems))
    return found


def _checksums(entries: list[Entry], cache: Path | None) -> dict[Entry, str]:
    """Return the checksum of each entry; without a cache, all files are read."""
    files = [entry for entry in entries if entry.member is None]
    paths = [entry.path for entry in files]
    hashes = cached_sha256(paths, cache) if cache else sha256_all(paths)
    stated = {entry: f"{entry.member.CRC:08x} {entry.member.file_size}" for entry in entries if entry.member}
    return {**dict(zip(files, hashes, strict=True)), **stated}


def _weights_fingerprint(
    weights: Mapping[str, Weights], starting_weights: Mapping[str, str], cache: Path
) -> dict[str, dict[str, Any]]:
    used = {name: weights[name] for name in starting_weights.values()}
    files = {name: expand(entry.source) for name, entry in used.items() if entry.source != "imagenet"}
    hashes = dict(zip(files, cached_sha256(list(files.values()), cache), strict=True))
    return {
        member: {"name": name} | ({"sha256": hashes[name]} if name in hashes else {"imagenet": used[name].sha256})
        for member, name in starting_weights.items()
    }
