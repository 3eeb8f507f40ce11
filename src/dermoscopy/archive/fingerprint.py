"""What the source holds, by content: the same photographs elsewhere have the same fingerprint."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dermoscopy.archive.layout import METADATA, photographs
from dermoscopy.archive.remembered import remembered_sha256
from dermoscopy.errors import ArchiveError
from dermoscopy.params.data import Data, Weights


def fingerprint(data: Data, memory: Path) -> dict[str, Any]:
    """Return hashes of the photographs, their table and the starting weights; no path is among them.

    Args:
        data: Where they come from; they have to be there.
        memory: Where hashes are remembered by path, size and time.

    Returns:
        "source"; for a folder "metadata", a sha256, and "images", their "count" and the "sha256"
        over folder, name and sha256 of each in order; "weights", name to sha256, or to "imagenet".

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
    if data.source != "directory" or data.path is None:
        return {}
    folder = Path(data.path).expanduser()
    images = photographs(folder)
    table, *hashes = remembered_sha256([folder / METADATA, *images], memory)
    return {"metadata": table, "images": {"count": len(images), "sha256": _digest(images, hashes)}}


def _digest(files: Sequence[Path], hashes: Sequence[str]) -> str:
    lines = (f"{path.parent.name}/{path.name} {digest}\n" for path, digest in zip(files, hashes, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _weights(weights: Mapping[str, Weights], memory: Path) -> dict[str, str]:
    files = {
        name: Path(entry.source).expanduser()
        for name, entry in sorted(weights.items())
        if entry.source not in ("none", "imagenet")
    }
    hashes = dict(zip(files, remembered_sha256(list(files.values()), memory), strict=True))
    return {name: hashes.get(name, "imagenet") for name, entry in sorted(weights.items()) if entry.source != "none"}
