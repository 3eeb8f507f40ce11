"""The audit's line, which every later figure carries: how parts were drawn, and whether they leak."""

from pathlib import Path

from dermoscopy.errors import TableError


def read_protocol(path: Path) -> str:
    """Return the protocol as figures and titles show it.

    Args:
        path: data/audited, one line: the protocol, then `clean` or `leaky`.

    Returns:
        The protocol alone where it is clean ("lesion"), else with its warning
        ("image (leaky protocol)").

    Raises:
        TableError: The file is missing or holds another line.
    """
    try:
        words = path.read_text().split()
    except FileNotFoundError:
        raise TableError(f"{path} is not here: run `dvc repro`.") from None
    if len(words) != 2 or words[1] not in ("clean", "leaky"):
        raise TableError(f"{path} must say a protocol and clean or leaky; received {' '.join(words)!r}.")
    protocol, verdict = words
    return protocol if verdict == "clean" else f"{protocol} (leaky protocol)"
