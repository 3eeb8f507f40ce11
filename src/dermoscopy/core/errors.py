"""Errors that a user can fix: a base class and one subclass for each kind."""

import errno
import os
import re
from collections.abc import Mapping, Sequence

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)  # no space on the disk, or the user's quota is used up
MAX_NAMES = 5  # names listed in a message; the others are counted


class UserError(Exception):
    """An error that a user can fix; a stage prints it without a traceback and exits with 2."""


class ProblemsError(UserError):
    """Several problems of one kind, all reported together.

    Args:
        headline: What is wrong, in one line without a final colon.
        problems: One line for each problem: where it is, the value received, what is expected.
        remedy: What to do, in one line.
    """

    def __init__(self, headline: str, problems: Sequence[str], remedy: str) -> None:
        lines = [f"{headline}:", *(f"  {problem}" for problem in problems), remedy]
        super().__init__("\n".join(lines))
        self.problems = list(problems)


def first_few(names: Sequence[str]) -> list[str]:
    """Return the first `MAX_NAMES` names, followed by the number of the others."""
    more = [f"and {len(names) - MAX_NAMES:,} more"] if len(names) > MAX_NAMES else []
    return [*names[:MAX_NAMES], *more]


class ParameterError(ProblemsError):
    """params.yaml contains an invalid value."""


class DatasetError(ProblemsError):
    """The dataset of images is not valid."""


class WeightsError(UserError):
    """Starting weights are missing, or are not the published ones."""


class LeakError(ProblemsError):
    """Data leakage: a lesion, a file's bytes or an augmented image is in more than one split."""


class TableError(UserError):
    """A table or file that one stage writes for another is missing or not valid."""


class TrainingError(UserError):
    """Training cannot continue with the given parameters."""


class DivergedError(TrainingError):
    """The loss is no longer finite; a lower learning rate or clipping can help."""


_DISK_FULL = "The disk is full: free some space. (.checkpoints also has the state of abandoned trainings and searches.)"
_READ_ONLY = "Mount it for writing, or clone the project to another disk."
_NOT_YOURS = (
    "It belongs to another user, or its mode forbids this. To take over all files of the project: "
    'sudo chown -R "$(id -u)" .'
)
_OPEN_FILES = "Raise the limit of this terminal: ulimit -n 4096"
_IN_THE_WAY = "A file is where a folder is expected, or the other way round. Move it away."
_DISK = "The disk or the network file system has a problem. Check it, or clone the project to another disk."

# What a user can do about an error of the operating system.
OS_REMEDIES: Mapping[int, str] = {
    **dict.fromkeys(DISK_FULL, _DISK_FULL),
    errno.EROFS: _READ_ONLY,
    **dict.fromkeys((errno.EACCES, errno.EPERM), _NOT_YOURS),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), _OPEN_FILES),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR, errno.EISDIR), _IN_THE_WAY),
    **dict.fromkeys((errno.EIO, errno.ESTALE), _DISK),
    errno.ENOLCK: "The file system has no locks. Clone the project to another disk.",
    errno.EFBIG: "The file system, or ulimit -f, allows no file of this size. Clone the project to another disk.",
    errno.ENAMETOOLONG: "Clone the project into a folder with a shorter path.",
    errno.ELOOP: "Symbolic links form a loop. Remove them.",
    errno.ENOMEM: "There is too little memory. End other programs.",
    errno.EAGAIN: "The system allows no more processes. End other programs, or raise: ulimit -u",
    errno.ENOENT: "Another program may have removed it.",
}


def os_error_message(error: OSError) -> str | None:
    """Return the message about an error of the operating system that a user can fix; None for any other error.

    Args:
        error: Error with the path and the number of the operating system. The number may also be in the text, as
            h5py writes it.
    """
    number = error.errno or 0
    if not number and (found := re.search(r"errno = (\d+)", str(error))):
        number = int(found[1])
    if number not in OS_REMEDIES:
        return None
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes | os.PathLike) else ""
    return f"{where}{os.strerror(number)}. {OS_REMEDIES[number]}\nThen run again."
