"""What a file hashes to."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def sha256(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_all(paths: Iterable[Path]) -> list[str]:
    """Return the sha256 of each file, in the order of the files; several are read at once."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(sha256, paths))
