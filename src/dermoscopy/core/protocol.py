"""The audited protocol of the splits, data/audited: every later figure has it, with a warning if it leaks."""

from pathlib import Path

from dermoscopy.core.errors import TableError

VERDICTS = {"lesion": "clean", "image": "leaky", "paper": "leaky"}

# Key of metrics/audit.json under a leaky protocol: the proportion of test images whose lesion is also in train.
SHARED_LESIONS = "test_images_of_train_lesions"


def read_audited_protocol(path: Path) -> str:
    """Return the protocol that the splits were audited for.

    Args:
        path: data/audited. It has one line: the protocol, then `clean` or `leaky`.

    Raises:
        TableError: The file is missing or has another line.
    """
    try:
        line = path.read_text().strip()
    except FileNotFoundError:
        raise TableError(f"{path} is missing: run `dvc repro`.") from None
    lines = {f"{protocol} {verdict}": protocol for protocol, verdict in VERDICTS.items()}
    if line not in lines:
        known = ", ".join(map(repr, lines))
        raise TableError(f"{path}: expected a protocol and its verdict, one of {known}; received {line!r}.")
    return lines[line]


def read_protocol_title(path: Path) -> str:
    """Return the audited protocol as figures and titles show it (`protocol_title`).

    Args:
        path: data/audited.

    Raises:
        TableError: The file is missing or has another line.
    """
    return protocol_title(read_audited_protocol(path))


def is_leaky(protocol: str) -> bool:
    """Return whether a protocol lets splits share lesions."""
    return VERDICTS[protocol] == "leaky"


def title_suffix(protocol: str) -> str:
    """Return the suffix of a title: " (leaky protocol)" if the protocol leaks, else an empty string."""
    return " (leaky protocol)" if is_leaky(protocol) else ""


def protocol_title(protocol: str) -> str:
    """Return a protocol as figures and titles show it: "lesion", or with a warning "image (leaky protocol)"."""
    return protocol + title_suffix(protocol)


def leak_warning(protocol: str) -> str:
    """Return the warning below the title of a figure if the protocol leaks, else an empty string."""
    return "leaky protocol: splits share lesions" if is_leaky(protocol) else ""
