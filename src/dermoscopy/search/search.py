"""Run all trials of a search, rung by rung, and write its tables."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from dermoscopy.core.files import exclusive_lock
from dermoscopy.core.fingerprint import code_digest
from dermoscopy.core.interrupt import next_run
from dermoscopy.core.progress import progress
from dermoscopy.networks.data import read_examples, require_both_labels
from dermoscopy.networks.params import Monitor, Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.search import trial
from dermoscopy.search.images import shared_images
from dermoscopy.search.params import Search
from dermoscopy.search.results import (
    TrialResult,
    coordinates,
    importance,
    leaderboard,
    promotion,
    trial_rows,
    write_promotion,
)
from dermoscopy.search.space import Trial, plan_trials, rungs
from dermoscopy.search.tables import COORDINATES, IMPORTANCE, LEADERBOARD, TRIALS
from dermoscopy.search.trial import Conditions, Record, Task
from dermoscopy.search.workers import run_tasks
from dermoscopy.train.settings import TrainSettings

logger = logging.getLogger(__name__)


def run_trials(trials: Sequence[Trial], search: Search, conditions: Conditions) -> list[TrialResult]:
    """Train trials and return the result of each of them at each rung.

    Trials that an earlier search has recorded are not trained again.

    Args:
        trials: Trials to train.
        search: Parameters of the search stage.
        conditions: Settings shared by all trials.

    Raises:
        TrainingError: A trial cannot be trained.
    """
    monitor = conditions.settings.training.monitor
    trial_results: list[TrialResult] = []
    tasks = []
    for rung in rungs(len(trials), search.epochs, search.halving):
        tasks = [Task(trial, rung.epochs, conditions) for trial in _best(trials, trial_results, rung.trials, monitor)]
        records = {task.trial.number: record for task in tasks if (record := task.finished())}
        if records:
            logger.info("search: %d of %d trials are on disk from an earlier run.", len(records), len(tasks))
        remaining = [task for task in tasks if task.trial.number not in records]
        title = f"search, {rung.epochs} epoch{'s' * (rung.epochs > 1)}"
        with (
            progress(title, len(tasks), done=len(records)) as advance,
            next_run(partial(_kept, records)),
        ):
            for number, record in run_tasks(remaining, search.jobs, search.scheduler) if remaining else ():
                records[number] = record
                advance(1)
        trial_results = [
            *trial_results,
            *(TrialResult(task.trial, rung.epochs, records[task.trial.number]) for task in tasks),
        ]
    for result in trial_results:
        # Checkpoints of paused trials stay: with more trials, more of them may be promoted.
        if result.record.ended:
            Task(result.trial, search.epochs, conditions).checkpoint.remove()
    return trial_results


def _kept(records: Mapping[int, Record]) -> str:
    return f"The next run keeps the {len(records)} finished trials."


def _best(trials: Sequence[Trial], trial_results: Sequence[TrialResult], count: int, monitor: Monitor) -> list[Trial]:
    if not trial_results:
        return list(trials)
    numbers = set(leaderboard(trial_rows(trial_results, monitor, ""), monitor)["trial"].head(count))
    return [trial for trial in trials if trial.number in numbers]


def run_search(
    train: pd.DataFrame,
    val: pd.DataFrame,
    search: Search,
    settings: TrainSettings,
    checkpoints: Path,
) -> list[TrialResult]:
    """Train small CNNs sampled from a space; trials recorded by an earlier search are not trained again.

    Args:
        train: Rows of the train split, original and augmented images.
        val: Rows of the val split, on which trials are scored.
        search: Parameters of the search stage.
        settings: Settings shared by all trainings. A trial always has one thread and one device. Precision "auto"
            is resolved on this machine.
        checkpoints: Folder of all checkpoints; trials are recorded in its subfolder `search`.

    Returns:
        The result of each trial at each rung.

    Raises:
        ParameterError: The space has fewer configurations than trials.
        TrainingError: A split lacks a label, or a trial cannot be trained.
    """
    tried, runtime = plan_trials(search, settings.seed), settings.runtime
    folder = checkpoints.resolve() / "search"
    with exclusive_lock(checkpoints / "search.lock", "searches"):
        train_examples, val_examples = (
            read_examples(rows, search.image_size, runtime.threads, memory=runtime.memory, folder=folder)
            for rows in (train, val)
        )
        require_both_labels(train_examples, "train")
        require_both_labels(val_examples, "val")
        with shared_images(train_examples, val_examples, folder) as images:
            conditions = Conditions(
                images=images,
                records=folder,
                settings=replace(settings, runtime=_trial_runtime(runtime)),
                code=code_digest(trial.__name__),
            )
            return run_trials(tried, search, conditions)


def _trial_runtime(runtime: Runtime) -> Runtime:
    single = runtime.model_copy(update={"threads": 1, "devices": 1})
    if single.precision == "auto":
        return single.model_copy(update={"precision": configure(single).precision})
    return single


def write_search(
    trial_results: list[TrialResult], search: Search, settings: TrainSettings, folder: Path
) -> pd.DataFrame:
    """Write the tables of a search and the promoted members; return the leaderboard.

    Args:
        trial_results: Result of each trial at each rung.
        search: Parameters of the search stage.
        settings: Settings shared by all trainings.
        folder: Output folder, data/search.
    """
    monitor, protocol = settings.training.monitor, settings.protocol
    rows = trial_rows(trial_results, monitor, protocol)
    ranked = leaderboard(rows, monitor)
    first_rung = rows[rows["epochs"] == rows["epochs"].min()]  # the only rung with all trials
    TRIALS.write(rows, folder / "trials.csv")
    LEADERBOARD.write(ranked, folder / "leaderboard.csv")
    IMPORTANCE.write(importance(first_rung).assign(protocol=protocol), folder / "importance.csv")
    COORDINATES.write(coordinates(ranked, monitor), folder / "coordinates.csv")
    write_promotion(promotion(ranked, search.promote), folder / "best.yaml")
    return ranked
