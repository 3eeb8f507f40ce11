"""Whether an archive is refused for its problems, or its sound part goes on."""

import logging
from collections.abc import Sequence

import pandas as pd

from dermoscopy.archive.problems import Problem, left_out, summarize
from dermoscopy.errors import ArchiveError
from dermoscopy.tables.problems import PROBLEMS

logger = logging.getLogger(__name__)


def settle(problems: Sequence[Problem], archive: str, strict: bool) -> pd.DataFrame:
    """Refuse an archive, or go on with its sound part; a log line a kind tells what that leaves out.

    Args:
        problems: In the order in which their kinds are to be told.
        archive: How the user calls the archive: its path, "simulated" or "download".
        strict: Whether anything wrong refuses it, or only what is fatal.

    Returns:
        Columns of `tables.problems`: a row for each photograph a problem concerns, one row where it concerns
        none. What is kept of a photograph that is left out for another reason is not told.

    Raises:
        ArchiveError: It is refused, for all of its problems.
    """
    wrong = [problem for problem in problems if problem.outcome != "kept"]
    fatal = any(problem.outcome == "fatal" for problem in wrong)
    if fatal or (strict and wrong):
        remedy = "Mend the archive or set data.path to a sound one{}. Nothing of data/ was changed."
        sound_part = "" if fatal else ", or go on with the sound part: -S data.strict=false"
        raise ArchiveError(f"The archive {archive} cannot be used", summarize(wrong), remedy.format(sound_part))

    out = left_out(wrong)
    kept = [problem for problem in problems if problem.outcome == "kept" and out.isdisjoint(problem.images)]
    for line in summarize(wrong):
        logger.warning("Left out: %s", line)
    for line in summarize(kept):
        logger.info("Kept: %s", line)
    rows = [
        (kind, name, image_id, detail, outcome)
        for kind, name, detail, images, outcome in [*wrong, *kept]
        for image_id in images or [""]
    ]
    return pd.DataFrame(rows, columns=list(PROBLEMS.columns))
