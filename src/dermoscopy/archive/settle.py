"""Whether an archive is refused for its problems, or its sound part goes on."""

import logging
from collections.abc import Sequence

import pandas as pd

from dermoscopy.archive.problems import Problem, left_out, summarize
from dermoscopy.errors import ArchiveError
from dermoscopy.params.data import Data
from dermoscopy.tables.problems import PROBLEMS

logger = logging.getLogger(__name__)

REMEDIES = {
    "directory": "Mend the archive or set data.path to a sound one",
    "download": "The files are those that were published: look whether data.limits lets them pass",
    "simulated": "Look whether data.limits lets photographs of simulate.width and simulate.height pass",
}


def settle(problems: Sequence[Problem], data: Data) -> pd.DataFrame:
    """Refuse an archive, or go on with its sound part; a log line a kind tells what that leaves out.

    Args:
        problems: In the order in which their kinds are to be told.
        data: Where the archive comes from, and whether anything wrong refuses it, or only what is fatal.

    Returns:
        Columns of `tables.problems`: a row for each photograph a problem concerns, one row where it concerns
        none. What is kept of a photograph that is left out for another reason is not told.

    Raises:
        ArchiveError: It is refused, for all of its problems.
    """
    wrong = [problem for problem in problems if problem.outcome != "kept"]
    fatal = any(problem.outcome == "fatal" for problem in wrong)
    if fatal or (data.strict and wrong):
        name = data.path if data.source == "directory" else data.source
        sound_part = "" if fatal else ", or go on with the sound part: -S data.strict=false"
        raise ArchiveError(
            f"The archive {name} cannot be used",
            summarize(wrong),
            f"{REMEDIES[data.source]}{sound_part}. Nothing in data/ was changed but source.json.",
        )

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
