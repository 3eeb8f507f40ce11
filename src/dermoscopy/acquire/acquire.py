"""Acquire the dataset and the starting weights, verify them, and write them to data/acquired/."""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from dermoscopy.acquire.copy import copy_dataset
from dermoscopy.acquire.download import download
from dermoscopy.acquire.params import Data
from dermoscopy.acquire.sources import expand, why_absent
from dermoscopy.acquire.verify import drop_masks, verify
from dermoscopy.acquire.weights import copy_weights
from dermoscopy.core.errors import DatasetError, UserError
from dermoscopy.core.files import new_folder
from dermoscopy.core.tables import LATENT_SCORES
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA, list_images
from dermoscopy.ham10000.problems import PROBLEMS, Problem, left_out_images, summarize
from dermoscopy.simulate.dataset import simulate
from dermoscopy.simulate.params import Simulate

logger = logging.getLogger(__name__)

REMEDIES = {
    "directory": "Fix the dataset, or set data.path to a valid one",
    "download": "The files are the published ones: check that data.limits accepts them",
    "simulated": "Check that data.limits accepts images of simulate.width x simulate.height pixels",
}


def report_problems(problems: Sequence[Problem], data: Data) -> pd.DataFrame:
    """Refuse the dataset, or log the problems and return them as a table.

    Args:
        problems: Problems of the dataset, in the order in which their kinds are reported.
        data: Block `data` of params.yaml. If `strict` is set, any problem refuses the dataset; otherwise only a
            fatal problem does.

    Returns:
        Table `ham10000.problems.PROBLEMS`: one row for each image of a problem, or a single row for a problem
        without images. Images that are left out have no row with outcome "kept".

    Raises:
        DatasetError: The dataset is refused; the message lists all its problems.
    """
    rejected = [problem for problem in problems if problem.outcome != "kept"]
    fatal = any(problem.outcome == "fatal" for problem in rejected)
    if fatal or (data.strict and rejected):
        name = data.path if data.source == "directory" else data.source
        alternative = "" if fatal else ", or continue with its valid images: -S data.strict=false"
        raise DatasetError(
            f"The dataset {name} cannot be used",
            summarize(rejected),
            f"{REMEDIES[data.source]}{alternative}. Nothing in data/ was changed but source.json.",
        )

    excluded = left_out_images(rejected)
    kept = [problem for problem in problems if problem.outcome == "kept" and excluded.isdisjoint(problem.images)]
    reported = [*rejected, *kept]
    for heading, level, outcome in (
        ("Left out", logging.WARNING, "left out"),
        ("Made unknown", logging.WARNING, "unknown"),
        ("Kept", logging.INFO, "kept"),
    ):
        for line in summarize([problem for problem in reported if problem.outcome == outcome]):
            logger.log(level, "%s: %s", heading, line)
    rows = [
        (kind, name, image_id, detail, "left out" if outcome == "left out" else "kept")
        for kind, name, detail, images, outcome in reported
        for image_id in images or [""]
        if outcome != "unknown" or image_id not in excluded
    ]
    return pd.DataFrame(rows, columns=list(PROBLEMS.columns))


def acquire(
    data: Data,
    simulation: Simulate,
    folder: Path,
    downloads: Path,
    *,
    members: Sequence[str],
    starting_weights: Mapping[str, str],
) -> None:
    """Write dataset/, truth/, weights/ and problems.csv after all of them are verified.

    Args:
        data: Block `data` of params.yaml: source of the images and of the weights, and the limits.
        simulation: Block `simulate` of params.yaml; used only if the source is "simulated".
        folder: Folder that receives the four; unchanged if anything is refused.
        downloads: Folder that keeps downloaded files between runs.
        members: Names of all members; each gets a folder in weights/.
        starting_weights: For each member that starts from weights, their key in `data.weights`.

    Raises:
        DatasetError: The dataset is refused; the message lists all its problems.
        WeightsError: Starting weights are refused; the message lists all their problems.
        UserError: Both are refused.
    """
    with replace_entries(folder) as temporary:
        errors: list[UserError] = []
        try:
            copy_weights(members, starting_weights, data.weights, temporary / "weights")
        except UserError as error:
            errors.append(error)
        try:
            _acquire_dataset(data, simulation, temporary, downloads)
        except UserError as error:
            errors.append(error)
        if len(errors) > 1:
            raise UserError("\n\n".join(map(str, errors)))
        if errors:
            raise errors[0]


@contextmanager
def replace_entries(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder whose entries move into `folder` when the block succeeds.

    Each entry replaces the entry of the same name; other entries stay. If the block raises, the folder is
    unchanged.

    Args:
        folder: Destination of the entries; it is created if missing.
    """
    temporary = new_folder(folder / ".acquire")
    replaced = temporary / ".replaced"
    try:
        yield temporary
        entries = sorted(temporary.iterdir())
        replaced.mkdir()
        for entry in entries:
            final = folder / entry.name
            if final.exists():
                final.rename(replaced / entry.name)
            entry.rename(final)
    finally:
        shutil.rmtree(temporary)


def _acquire_dataset(data: Data, simulation: Simulate, folder: Path, downloads: Path) -> None:
    """Write dataset/, truth/ and problems.csv into a folder."""
    dataset, truth = folder / "dataset", folder / "truth"
    problems: list[Problem] = []
    if data.source == "simulated":
        simulate(simulation, dataset, truth)
    else:
        source = download(downloads) if data.source == "download" else _existing_source(data.path)
        problems += copy_dataset(source, dataset, truth / "masks", data.limits)
        LATENT_SCORES.write(pd.DataFrame(columns=list(LATENT_SCORES.columns)), truth / "scores.csv")
    if all(problem.outcome != "fatal" for problem in problems):
        problems += verify(dataset, data.limits)
        problems += drop_masks(truth / "masks", data.limits.pixels)
    table = report_problems(problems, data)
    PROBLEMS.write(table, folder / "problems.csv")
    excluded = set(table.loc[table["outcome"] == "left out", "image_id"])
    image_ids = [path.stem for path in list_images(dataset)]
    logger.info("Verified: %s of %s images are valid.", f"{len(set(image_ids) - excluded):,}", f"{len(image_ids):,}")


def _existing_source(path: str | None) -> Path:
    source = None if path is None else expand(path)
    reason = source and why_absent(source)
    if source is None or reason:
        raise DatasetError(
            "There is no dataset",
            [f"data.path: {path} {reason}" if reason else "data.path: null"],
            f"Set data.path to the folder that contains {', '.join(IMAGE_FOLDERS)} and {METADATA}, or their zips.",
        )
    return source
