"""Bring the archive and the starting weights in, sound or not at all."""

import logging
from pathlib import Path

import pandas as pd

from dermoscopy.archive.directory import copy_archive
from dermoscopy.archive.folders import replacing
from dermoscopy.archive.problems import refuse
from dermoscopy.archive.simulate.archive import simulate
from dermoscopy.archive.verify import verify
from dermoscopy.archive.weights import copy_weights
from dermoscopy.params.data import Data
from dermoscopy.params.simulate import Simulate
from dermoscopy.tables.problems import PROBLEMS
from dermoscopy.tables.truth import SCORES

logger = logging.getLogger(__name__)


def acquire(data: Data, simulation: Simulate, folder: Path) -> None:
    """Write raw/, truth/, weights/ and problems.csv, once all of it is found sound.

    Args:
        data: Where the photographs and the weights come from.
        simulation: The embedded archive, where that is the source.
        folder: Where the four belong; untouched if anything is wrong.

    Raises:
        ArchiveError: Of the archive, all problems at once.
        WeightsError: Of the starting weights, all problems at once.
    """
    with replacing(folder) as beside:
        copy_weights(data.weights, beside / "weights")
        raw, truth = beside / "raw", beside / "truth"
        if data.source == "simulated":
            simulate(simulation, raw, truth)
        else:
            copy_archive(data.path, raw)
            SCORES.write(pd.DataFrame(columns=list(SCORES.columns)), truth / "scores.csv")
            (truth / "masks").mkdir()
        refuse(verify(raw), data.path if data.source == "directory" and data.path else data.source)
        PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), beside / "problems.csv")
    logger.info("The archive is sound.")
