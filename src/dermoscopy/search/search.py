"""A search, from the tables of train and val to all that it leaves.

The search: trials, rung by rung, and what they leave.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from dermoscopy.core.files import alone
from dermoscopy.core.fingerprint import code_digest
from dermoscopy.core.progress import progress
from dermoscopy.networks.data import read_examples, require_both_labels
from dermoscopy.networks.params import Monitor, Runtime, Training
from dermoscopy.networks.runtime import configure
from dermoscopy.search import trial
from dermoscopy.search.images import shared
from dermoscopy.search.params import Search
from dermoscopy.search.results import Standing, coordinates, importance, promotion, ranked, table, write_promotion
from dermoscopy.search.space import Trial, rungs, trials
from dermoscopy.search.tables import COORDINATES, IMPORTANCE, LEADERBOARD, TRIALS
from dermoscopy.search.trial import Conditions, Task
from dermoscopy.search.workers import results

logger = logging.getLogger(__name__)


def race(trials: Sequence[Trial], search: Search, conditions: Conditions) -> list[Standing]:
    """Train trials and return how each of them stood at each rung.

    What an earlier search has on disk is not trained again.

    Args:
        trials: Which.
        search: Epochs, halving, and who does them.
        conditions: What they share.

    Raises:
        TrainingError: A trial cannot go on.
    """
    monitor = conditions.training.monitor
    standings: list[Standing] = []
    tasks = []
    for rung in rungs(len(trials), search.epochs, search.halving):
        tasks = [Task(trial, rung.epochs, conditions) for trial in _best(trials, standings, rung.trials, monitor)]
        records = {task.trial.number: record for task in tasks if (record := task.finished())}
        if records:
            logger.info("search: %d of %d trials are on disk from an earlier run.", len(records), len(tasks))
        left = [task for task in tasks if task.trial.number not in records]
        title = f"search, {rung.epochs} epoch{'s' * (rung.epochs > 1)}"
        with progress(title, len(tasks), done=len(records)) as advance:
            for number, record in results(left, search.jobs, search.scheduler) if left else ():
                records[number] = record
                advance(1)
        standings = [*standings, *(Standing(task.trial, rung.epochs, records[task.trial.number]) for task in tasks)]
    for standing in standings:
        # A paused one stays: with more trials it may be among the best.
        if standing.record.over:
            Task(standing.trial, search.epochs, conditions).checkpoint.remove()
    return standings


def _best(trials: Sequence[Trial], standings: Sequence[Standing], count: int, monitor: Monitor) -> list[Trial]:
    if not standings:
        return list(trials)
    numbers = set(ranked(table(standings, monitor, ""), monitor)["trial"].head(count))
    return [trial for trial in trials if trial.number in numbers]


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
    standings: list[Standing], monitor: Monitor, protocol: str, members: Sequence[str], folder: Path
) -> pd.DataFrame:
    """Write what a search leaves and return the leaderboard.

    Args:
        standings: How each trial stood at each rung.
        monitor: What scores.
        protocol: How the parts were drawn, as `evaluation.protocol.shown` tells it.
        members: Those that the best may replace.
        folder: data/search.
    """
    rows = table(standings, monitor, protocol)
    board = ranked(rows, monitor)
    first = rows[rows["epochs"] == rows["epochs"].min()]  # all trials
    TRIALS.write(rows, folder / "trials.csv")
    LEADERBOARD.write(board, folder / "leaderboard.csv")
    IMPORTANCE.write(importance(first).assign(protocol=protocol), folder / "importance.csv")
    COORDINATES.write(coordinates(board, monitor), folder / "coordinates.csv")
    write_promotion(promotion(board, members), folder / "best.yaml")
    return board
