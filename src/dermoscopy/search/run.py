"""A search, from the tables of train and val to all that it leaves."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dermoscopy.code import code_digest
from dermoscopy.networks.runtime import configure
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.search import Search
from dermoscopy.params.training import Monitor, Training
from dermoscopy.search import trial
from dermoscopy.search.coordinates import coordinates
from dermoscopy.search.importance import importance
from dermoscopy.search.leaderboard import Standing, ranked, table
from dermoscopy.search.photographs import shared
from dermoscopy.search.promotion import promotion, write_promotion
from dermoscopy.search.race import race
from dermoscopy.search.space import trials
from dermoscopy.search.trial import Conditions
from dermoscopy.tables.search import COORDINATES, IMPORTANCE, LEADERBOARD, TRIALS
from dermoscopy.training.examples import read_examples, require_both_labels
from dermoscopy.training.lock import alone

logger = logging.getLogger(__name__)


def run_search(
    train: pd.DataFrame,
    val: pd.DataFrame,
    search: Search,
    *,
    training: Training,
    runtime: Runtime,
    seed: int,
    versions: Mapping[str, str],
    checkpoints: Path,
) -> list[Standing]:
    """Try configurations of a small network; what has been tried before is not tried again.

    Args:
        train: Rows of the train part, originals and copies.
        val: Rows of the val part, which scores.
        search: What is tried.
        training: What all members share.
        runtime: How the machine is used; a trial always has one thread and one device, and the precision that
            this machine does well where it is "auto".
        seed: The top-level one.
        versions: Of the libraries.
        checkpoints: Folder of what a killed run goes on from; finished trials are kept in its `search`.

    Returns:
        How each trial stood at each rung.

    Raises:
        ParameterError: The space holds fewer configurations than are to be tried.
        TrainingError: A part lacks a label, or a trial cannot go on.
    """
    tried = trials(search, seed)
    folder = checkpoints.resolve() / "search"
    with alone(checkpoints / "search.lock", "searches"):
        fitted, held_out = (
            read_examples(rows, search.image_size, runtime.threads, memory=runtime.memory, folder=folder)
            for rows in (train, val)
        )
        require_both_labels(fitted, "train")
        require_both_labels(held_out, "val")
        with shared(fitted, held_out, folder) as photographs:
            conditions = Conditions(
                photographs=photographs,
                records=folder,
                training=training,
                runtime=_of_a_trial(runtime),
                seed=seed,
                versions=versions,
                code=code_digest(trial.__name__),
            )
            return race(tried, search, conditions)


def _of_a_trial(runtime: Runtime) -> Runtime:
    alone = runtime.model_copy(update={"threads": 1, "devices": 1})
    if alone.precision == "auto":
        return alone.model_copy(update={"precision": configure(alone).precision})
    return alone


def write_search(
    standings: list[Standing], monitor: Monitor, protocol: str, sides: Mapping[str, int], search: Search, folder: Path
) -> pd.DataFrame:
    """Write what a search leaves and return the leaderboard.

    Args:
        standings: How each trial stood at each rung.
        monitor: What scores.
        protocol: How the parts were drawn, as `evaluation.protocol.shown` tells it.
        sides: Members that the best may replace, and the size of the photographs each is fed, in pixels.
        search: What was searched.
        folder: data/search.
    """
    rows = table(standings, monitor, protocol)
    board = ranked(rows, monitor)
    first = rows[rows["epochs"] == rows["epochs"].min()]  # all trials
    TRIALS.write(rows, folder / "trials.csv")
    LEADERBOARD.write(board, folder / "leaderboard.csv")
    IMPORTANCE.write(importance(first).assign(protocol=protocol), folder / "importance.csv")
    COORDINATES.write(coordinates(board, monitor), folder / "coordinates.csv")
    write_promotion(promotion(board, sides, search), folder / "best.yaml")
    return board
