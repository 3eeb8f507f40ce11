"""What files hash to, remembered from run to run."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from dermoscopy.archive.hashes import sha256


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
    with ThreadPoolExecutor() as pool:
        for path, digest in zip(changed, pool.map(sha256, map(Path, changed)), strict=True):
            known[path] = [*current[path], digest]
    if changed:
        with suppress(OSError):  # what cannot be remembered is read again
            _remember(known, memory)
    return [known[str(path.absolute())][2] for path in paths]


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _remember(known: Mapping[str, list[Any]], memory: Path) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    beside = memory.with_name(f".{memory.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(known))
        beside.replace(memory)
    finally:
        beside.unlink(missing_ok=True)


def _recall(memory: Path) -> dict[str, list[Any]]:
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return {path: entry for path, entry in known.items() if _is_entry(entry)} if isinstance(known, dict) else {}


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, list) and [type(value) for value in entry] == [int, int, str]
