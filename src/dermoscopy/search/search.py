"""A search, from the tables of train and val to all that it leaves.

The search: trials, rung by rung, and what they leave.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from dermoscopy.core.files import exclusive_lock
from dermoscopy.core.fingerprint import code_digest
from dermoscopy.core.progress import progress
from dermoscopy.networks.data import read_examples, require_both_labels
from dermoscopy.networks.params import Monitor, Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.search import trial
from dermoscopy.search.images import shared
from dermoscopy.search.params import Search
from dermoscopy.search.results import TrialResult, coordinates, importance, promotion, ranked, table, write_promotion
from dermoscopy.search.space import Trial, rungs, trials
from dermoscopy.search.tables import COORDINATES, IMPORTANCE, LEADERBOARD, TRIALS
from dermoscopy.search.trial import Conditions, Task
from dermoscopy.search.workers import results
from dermoscopy.train.settings import TrainSettings

logger = logging.getLogger(__name__)


def race(trials: Sequence[Trial], search: Search, conditions: Conditions) -> list[TrialResult]:
    """Train trials and return how each of them stood at each rung.

    What an earlier search has on disk is not trained again.

    Args:
        trials: Which.
        search: Epochs, halving, and who does them.
        conditions: What they share.

    Raises:
        TrainingError: A trial cannot go on.
    """
    monitor = conditions.settings.training.monitor
    trial_results: list[TrialResult] = []
    tasks = []
    for rung in rungs(len(trials), search.epochs, search.halving):
        tasks = [Task(trial, rung.epochs, conditions) for trial in _best(trials, trial_results, rung.trials, monitor)]
        records = {task.trial.number: record for task in tasks if (record := task.finished())}
        if records:
            logger.info("search: %d of %d trials are on disk from an earlier run.", len(records), len(tasks))
        left = [task for task in tasks if task.trial.number not in records]
        title = f"search, {rung.epochs} epoch{'s' * (rung.epochs > 1)}"
        with progress(title, len(tasks), done=len(records)) as advance:
            for number, record in results(left, search.jobs, search.scheduler) if left else ():
                records[number] = record
                advance(1)
        trial_results = [
            *trial_results,
            *(TrialResult(task.trial, rung.epochs, records[task.trial.number]) for task in tasks),
        ]
    for standing in trial_results:
        # A paused one stays: with more trials it may be among the best.
        if standing.record.over:
            Task(standing.trial, search.epochs, conditions).checkpoint.remove()
    return trial_results


def _best(trials: Sequence[Trial], trial_results: Sequence[TrialResult], count: int, monitor: Monitor) -> list[Trial]:
    if not trial_results:
        return list(trials)
    numbers = set(ranked(table(trial_results, monitor, ""), monitor)["trial"].head(count))
    return [trial for trial in trials if trial.number in numbers]


def run_search(
    train: pd.DataFrame,
    val: pd.DataFrame,
    search: Search,
    settings: TrainSettings,
    checkpoints: Path,
) -> list[TrialResult]:
    """Try configurations of a small network; what has been tried before is not tried again.

    Args:
        train: Rows of the train split, originals and copies.
        val: Rows of the val split, which scores.
        search: What is tried.
        settings: What all trainings share; a trial always has one thread and one device, and the precision that
            this machine does well where it is "auto".
        checkpoints: Folder of what a killed run goes on from; finished trials are kept in its `search`.

    Returns:
        How each trial stood at each rung.

    Raises:
        ParameterError: The space holds fewer configurations than are to be tried.
        TrainingError: A split lacks a label, or a trial cannot go on.
    """
    tried, runtime = trials(search, settings.seed), settings.runtime
    folder = checkpoints.resolve() / "search"
    with exclusive_lock(checkpoints / "search.lock", "searches"):
        fitted, held_out = (
            read_examples(rows, search.image_size, runtime.threads, memory=runtime.memory, folder=folder)
            for rows in (train, val)
        )
        require_both_labels(fitted, "train")
        require_both_labels(held_out, "val")
        with shared(fitted, held_out, folder) as images:
            conditions = Conditions(
                images=images,
                records=folder,
                settings=replace(settings, runtime=_of_a_trial(runtime)),
                code=code_digest(trial.__name__),
            )
            return race(tried, search, conditions)


def _of_a_trial(runtime: Runtime) -> Runtime:
    alone = runtime.model_copy(update={"threads": 1, "devices": 1})
    if alone.precision == "auto":
        return alone.model_copy(update={"precision": configure(alone).precision})
    return alone


def write_search(
    trial_results: list[TrialResult], search: Search, settings: TrainSettings, folder: Path
) -> pd.DataFrame:
    """Write what a search leaves and return the leaderboard.

    Args:
        trial_results: How each trial stood at each rung.
        search: What was searched, and the members that the best may replace.
        settings: What all trainings share.
        folder: data/search.
    """
    monitor, protocol = settings.training.monitor, settings.protocol
    rows = table(trial_results, monitor, protocol)
    board = ranked(rows, monitor)
    first = rows[rows["epochs"] == rows["epochs"].min()]  # all trials
    TRIALS.write(rows, folder / "trials.csv")
    LEADERBOARD.write(board, folder / "leaderboard.csv")
    IMPORTANCE.write(importance(first).assign(protocol=protocol), folder / "importance.csv")
    COORDINATES.write(coordinates(board, monitor), folder / "coordinates.csv")
    write_promotion(promotion(board, search.promote), folder / "best.yaml")
    return board
