"""The search: trials, rung by rung, and what they leave."""

import logging
from collections.abc import Sequence

from dermoscopy.params.search import Search
from dermoscopy.params.training import Monitor
from dermoscopy.progress import progress
from dermoscopy.search.halving import rungs
from dermoscopy.search.leaderboard import Standing, ranked, table
from dermoscopy.search.space import Trial
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
