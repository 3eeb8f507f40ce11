"""Bring the dataset and the starting weights in, sound or not at all.

Whether an dataset is refused for its problems, or its sound part goes on.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from dermoscopy.acquire.copy import copy_dataset
from dermoscopy.acquire.download import download
from dermoscopy.acquire.params import Data
from dermoscopy.acquire.sources import absence, expand
from dermoscopy.acquire.verify import drop_masks, verify
from dermoscopy.acquire.weights import copy_weights
from dermoscopy.core.errors import DatasetError, UserError
from dermoscopy.core.files import replace_entries
from dermoscopy.core.tables import LATENT_SCORES
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA, list_images
from dermoscopy.ham10000.problems import PROBLEMS, Problem, left_out_images, summarize
from dermoscopy.simulate.dataset import simulate
from dermoscopy.simulate.params import Simulate

logger = logging.getLogger(__name__)

REMEDIES = {
    "directory": "Mend the dataset or set data.path to a sound one",
    "download": "The files are those that were published: look whether data.limits lets them pass",
    "simulated": "Look whether data.limits lets images of simulate.width and simulate.height pass",
}


def settle(problems: Sequence[Problem], data: Data) -> pd.DataFrame:
    """Refuse an dataset, or go on with its sound part; a log line a kind tells what that leaves out.

    Args:
        problems: In the order in which their kinds are to be told.
        data: Where the dataset comes from, and whether anything wrong refuses it, or only what is fatal.

    Returns:
        Columns of `tables.problems`: a row for each image a problem concerns, one row where it concerns
        none. What is kept of a image that is left out for another reason is not told.

    Raises:
        DatasetError: It is refused, for all of its problems.
    """
    wrong = [problem for problem in problems if problem.outcome != "kept"]
    fatal = any(problem.outcome == "fatal" for problem in wrong)
    if fatal or (data.strict and wrong):
        name = data.path if data.source == "directory" else data.source
        sound_part = "" if fatal else ", or go on with the sound part: -S data.strict=false"
        raise DatasetError(
            f"The dataset {name} cannot be used",
            summarize(wrong),
            f"{REMEDIES[data.source]}{sound_part}. Nothing in data/ was changed but source.json.",
        )

    out = left_out_images(wrong)
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


def acquire(
    data: Data,
    simulation: Simulate,
    folder: Path,
    downloads: Path,
    *,
    members: Sequence[str],
    starting: Mapping[str, str],
) -> None:
    """Write raw/, truth/, weights/ and problems.csv, once all of it is verified.

    Args:
        data: Where the images and the weights come from, and how much may be wrong with them.
        simulation: The embedded dataset, where that is the source.
        folder: Where the four belong; untouched if they are refused.
        downloads: Where what is downloaded is kept from run to run.
        members: All of them; each has a folder in weights/.
        starting: Those that start from weights, each to its key of `data.weights`.

    Raises:
        DatasetError: Of the dataset, all problems at once.
        WeightsError: Of the starting weights, likewise.
        UserError: Of both.
    """
    with replace_entries(folder) as beside:
        refused: list[UserError] = []
        try:
            copy_weights(members, starting, data.weights, beside / "weights")
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
        problems += copy_dataset(source, raw, truth / "masks", data.limits)
        LATENT_SCORES.write(pd.DataFrame(columns=list(LATENT_SCORES.columns)), truth / "scores.csv")
    if all(problem.outcome != "fatal" for problem in problems):
        problems += verify(raw, data.limits)
        problems += drop_masks(truth / "masks", data.limits.pixels)
    table = settle(problems, data)
    PROBLEMS.write(table, folder / "problems.csv")
    out = set(table.loc[table["outcome"] == "left out", "image_id"])
    there = [path.stem for path in list_images(raw)]
    logger.info("Verified: %s of %s images are sound.", f"{len(set(there) - out):,}", f"{len(there):,}")


def _existing(path: str | None) -> Path:
    source = None if path is None else expand(path)
    absent = source and absence(source)
    if source is None or absent:
        raise DatasetError(
            "There is no dataset",
            [f"data.path: {path} {absent}" if absent else "data.path: null"],
            f"Set data.path to the folder that holds {', '.join(IMAGE_FOLDERS)} and {METADATA}, or their zips.",
        )
    return source
