"""What a user can get wrong: one base class, one small class a kind."""

import errno
from collections.abc import Sequence

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk is, or the share of it that its user may fill
MAX_NAMES = 5  # of many; a message counts the others


class UserError(Exception):
    """A mistake a user can mend; a stage prints it without a traceback and exits with 2."""


class ProblemsError(UserError):
    """Several problems of one kind, all told at once.

    Args:
        headline: What is wrong, in one line without its final colon.
        problems: One line a problem: where, the value received, what would do.
        remedy: What to do, in one line.
    """

    def __init__(self, headline: str, problems: Sequence[str], remedy: str) -> None:
        lines = [f"{headline}:", *(f"  {problem}" for problem in problems), remedy]
        super().__init__("\n".join(lines))
        self.problems = list(problems)


def first_few(names: Sequence[str]) -> list[str]:
    """Return the first few names, and how many more there are."""
    more = [f"and {len(names) - MAX_NAMES:,} more"] if len(names) > MAX_NAMES else []
    return [*names[:MAX_NAMES], *more]


class ParameterError(ProblemsError):
    """params.yaml holds a value that no stage can use."""


class DatasetError(ProblemsError):
    """The dataset of images cannot be used as it was given."""


class WeightsError(UserError):
    """Starting weights are missing, or are not the ones that were named."""


class LeakError(ProblemsError):
    """The same lesion, bytes or copy stands in more than one split."""


class TableError(UserError):
    """A table between two stages is not what the pipeline writes."""


class TrainingError(UserError):
    """Training cannot go on with the parameters it was given."""


class DivergedError(TrainingError):
    """A loss is no longer finite: another learning rate or clipping would do."""
