"""Paths as a user gives them: whatever they are, asking about them raises nothing."""

from collections.abc import Callable
from pathlib import Path


def expand(text: str) -> Path:
    """Return the path that is meant; the ~ of somebody unknown stays, and nothing is there."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def absence(path: Path) -> str | None:
    """Return in a few words why nothing is found at a path, or None if something is."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "is not there"
    except (OSError, ValueError) as error:
        return f"cannot be reached ({getattr(error, 'strerror', None) or error})"
    return None


def holds(question: Callable[[], bool]) -> bool:
    """Return the answer to a question such as path.is_dir; no, where the system refuses one."""
    try:
        return question()
    except OSError:
        return False
