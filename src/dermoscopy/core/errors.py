"""Errors that a user can fix: a base class and one subclass for each kind."""

import errno
from collections.abc import Sequence

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
