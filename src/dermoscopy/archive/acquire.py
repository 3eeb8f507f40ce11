"""Bring the archive and the starting weights in, sound or not at all."""

import logging
from pathlib import Path

import pandas as pd

from dermoscopy.archive.directory import copy_archive
from dermoscopy.archive.download import download
from dermoscopy.archive.folders import replacing
from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA, photographs
from dermoscopy.archive.paths import absence, expand
from dermoscopy.archive.problems import Problem
from dermoscopy.archive.settle import settle
from dermoscopy.archive.simulate.archive import simulate
from dermoscopy.archive.verify import drop_masks, verify
from dermoscopy.archive.weights import copy_weights
from dermoscopy.errors import ArchiveError, UserError
from dermoscopy.params.data import Data
from dermoscopy.params.simulate import Simulate
from dermoscopy.tables.problems import PROBLEMS
from dermoscopy.tables.truth import SCORES

logger = logging.getLogger(__name__)


def acquire(data: Data, simulation: Simulate, folder: Path, downloads: Path) -> None:
    """Write raw/, truth/, weights/ and problems.csv, once all of it is verified.

    Args:
        data: Where the photographs and the weights come from, and how much may be wrong with them.
        simulation: The embedded archive, where that is the source.
        folder: Where the four belong; untouched if they are refused.
        downloads: Where what is downloaded is kept from run to run.

    Raises:
        ArchiveError: Of the archive, all problems at once.
        WeightsError: Of the starting weights, likewise.
        UserError: Of both.
    """
    with replacing(folder) as beside:
        refused: list[UserError] = []
        try:
            copy_weights(data.weights, beside / "weights")
        except UserError as error:
            refused.append(error)
        try:
            _bring(data, simulation, beside, downloads)
        except UserError as error:
            refused.append(error)
        if len(refused) > 1:
            raise UserError("\n\n".join(map(str, refused)))
        if refused:
            raise refused[0]


def _bring(data: Data, simulation: Simulate, folder: Path, downloads: Path) -> None:
    """Write raw/, truth/ and problems.csv."""
    raw, truth = folder / "raw", folder / "truth"
    problems: list[Problem] = []
    if data.source == "simulated":
        simulate(simulation, raw, truth)
    else:
        source = download(downloads) if data.source == "download" else _existing(data.path)
        problems += copy_archive(source, raw, truth / "masks", data.limits)
        SCORES.write(pd.DataFrame(columns=list(SCORES.columns)), truth / "scores.csv")
    if all(problem.outcome != "fatal" for problem in problems):
        problems += verify(raw, data.limits)
        problems += drop_masks(truth / "masks", data.limits.pixels)
    table = settle(problems, data)
    PROBLEMS.write(table, folder / "problems.csv")
    out = set(table.loc[table["outcome"] == "left out", "image_id"])
    there = [path.stem for path in photographs(raw)]
    logger.info("Verified: %s of %s photographs are sound.", f"{len(set(there) - out):,}", f"{len(there):,}")


def _existing(path: str | None) -> Path:
    source = None if path is None else expand(path)
    absent = source and absence(source)
    if source is None or absent:
        raise ArchiveError(
            "There is no archive",
            [f"data.path: {path} {absent}" if absent else "data.path: null"],
            f"Set data.path to the folder that holds {', '.join(IMAGE_FOLDERS)} and {METADATA}, or their zips.",
        )
    return source
