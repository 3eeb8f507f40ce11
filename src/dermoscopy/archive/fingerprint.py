"""What the source holds, by content: the same photographs elsewhere have the same fingerprint."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dermoscopy.archive.contents import find
from dermoscopy.archive.entries import Entry
from dermoscopy.archive.paths import expand
from dermoscopy.archive.remembered import remembered_sha256
from dermoscopy.errors import ArchiveError
from dermoscopy.params.data import Data, Weights


def fingerprint(data: Data, memory: Path) -> dict[str, Any]:
    """Return what the photographs, their table, the masks and the starting weights hash to; no path is among it.

    A file of a folder is hashed; a zip's member is known by the CRC-32 and the size its zip states,
    so that nothing is unpacked. The same content therefore has one fingerprint in folders and
    another in zips, and goes through acquisition again when it changes from one to the other.

    Args:
        data: Where they come from; they have to be there.
        memory: Where hashes are remembered by path, size and time.

    Returns:
        "source"; for a directory "metadata", the table's checksum, "images" and, if there are any,
        "masks": their "count" and the "sha256" over published name and checksum of each in order;
        "problems", how many of each kind cannot be taken, if any; for the download "doi" and
        "files", name to md5 as published; "weights", name to sha256, or to "imagenet" and the
        sha256 that is asked of it, if any.

    Raises:
        ArchiveError: A file cannot be read.
    """
    try:
        return {"source": data.source, **_archive(data, memory), "weights": _weights(data.weights, memory)}
    except OSError as error:
        raise ArchiveError(
            "The source cannot be read", [f"{error.filename}: {error.strerror}"], "Make it readable, then run again."
        ) from None


def _archive(data: Data, memory: Path) -> dict[str, Any]:
    if data.source == "download":
        from dermoscopy.archive.download import FILES, PAGE

        return {"doi": PAGE, "files": {file.name: file.md5 for file in FILES}}
    if data.source != "directory" or data.path is None:
        return {}
    contents = find(expand(data.path))
    groups = {"metadata": contents.table, **contents.photographs, **contents.masks}
    checksums = _checksums([entry for entries in groups.values() for entry in entries], memory)

    def digest(named: Mapping[str, list[Entry]]) -> dict[str, Any]:
        # A set: what stands twice with the same content counts once.
        lines = sorted({f"{name} {checksums[entry]}\n" for name, entries in named.items() for entry in entries})
        return {"count": len(named), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}

    found: dict[str, Any] = {
        "metadata": ", ".join(sorted({checksums[entry] for entry in contents.table})),
        "images": digest(contents.photographs),
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


def _weights(weights: Mapping[str, Weights], memory: Path) -> dict[str, str]:
    files = {
        name: expand(entry.source)
        for name, entry in sorted(weights.items())
        if entry.source not in ("none", "imagenet")
    }
    hashes = dict(zip(files, remembered_sha256(list(files.values()), memory), strict=True))
    asked = {name: f"imagenet {entry.sha256 or ''}".rstrip() for name, entry in weights.items()}
    return {name: hashes.get(name, asked[name]) for name, entry in sorted(weights.items()) if entry.source != "none"}
