"""The audit's line, which every later figure carries: how parts were drawn, and whether they leak."""

from pathlib import Path

from dermoscopy.errors import TableError

VERDICTS = {"lesion": "clean", "image": "leaky", "paper": "leaky"}

# Key of metrics/audit.json under a leaky protocol: the share of test's photographs whose lesion is also in train.
KNOWN = "test_photographs_of_train_lesions"


def read_audited(path: Path) -> str:
    """Return the protocol that the parts were audited by.

    Args:
        path: data/audited, one line: the protocol, then `clean` or `leaky`.

    Raises:
        TableError: The file is missing or holds another line.
    """
    try:
        line = path.read_text().strip()
    except FileNotFoundError:
        raise TableError(f"{path} is not here: run `dvc repro`.") from None
    lines = {f"{protocol} {verdict}": protocol for protocol, verdict in VERDICTS.items()}
    if line not in lines:
        known = ", ".join(map(repr, lines))
        raise TableError(f"{path} must say a protocol and clean or leaky ({known}); received {line!r}.")
    return lines[line]


def read_protocol(path: Path) -> str:
    """Return the protocol as figures and titles show it.

    Args:
        path: data/audited.

    Returns:
        The protocol alone where it is clean ("lesion"), else with its warning
        ("image (leaky protocol)").

    Raises:
        TableError: The file is missing or holds another line.
    """
    return shown(read_audited(path))


def shown(protocol: str) -> str:
    """Return a protocol as figures and titles show it, with a warning where it leaks."""
    return protocol if VERDICTS[protocol] == "clean" else f"{protocol} (leaky protocol)"


def warning(protocol: str) -> str:
    """Return what a picture says below its title where parts leak, and nothing where they do not."""
    return "" if VERDICTS[protocol] == "clean" else "leaky protocol: parts share lesions"
