"""All trials of a search in this process: successive halving, recorded trials, output files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dermoscopy.search import trial as module
from dermoscopy.search.params import Search
from dermoscopy.search.results import leaderboard, trial_rows
from dermoscopy.search.search import run_trials, write_search
from dermoscopy.search.space import plan_trials
from dermoscopy.search.trial import Conditions

Make = Callable[..., Search]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Number of epochs trained by each call of `fit`."""
    fit, counts = module.fit, []

    def counting_fit(*args, save, **kwargs):
        def counting_save(state):
            counts[-1] += 1
            save(state)

        counts.append(0)
        return fit(*args, save=counting_save, **kwargs)

    monkeypatch.setattr(module, "fit", counting_fit)
    return counts


def test_more_trials_train_only_new_trials(search: Make, conditions: Conditions, trained: list[int]):
    for count, epochs in ((1, [1] * 3), (3, [1] * 2), (2, [])):
        settings = search(trials=count, epochs=1)
        run_trials(plan_trials(settings, 1), settings, conditions)
        assert trained == epochs
        trained.clear()


def test_halving_resumes_the_best_trials_and_trains_no_epoch_twice(
    search: Make, conditions: Conditions, trained: list[int]
):
    monitor = conditions.settings.training.monitor
    settings = search(trials=2, epochs=4, halving=2)
    tried = plan_trials(settings, 1)
    trial_results = run_trials(tried, settings, conditions)
    assert [result.epochs for result in trial_results] == [1] * 4 + [2] * 2 + [4]
    assert trained == [1] * 4 + [1] * 2 + [2]
    ranked = leaderboard(trial_rows(trial_results, monitor, "lesion"), monitor)
    assert ranked["epochs"].tolist() == [4, 2, 1, 1]
    first_rung = leaderboard(trial_rows(trial_results[:4], monitor, "lesion"), monitor)
    assert set(ranked["trial"].head(2)) == set(first_rung["trial"].head(2))
    # The best trial has the same score as without halving.
    without_halving = run_trials(tried, search(trials=2, epochs=4), conditions)
    winner = next(result for result in without_halving if result.trial.number == ranked["trial"][0])
    assert winner.row(monitor) == trial_results[-1].row(monitor)
    assert not [path for path in conditions.records.iterdir() if path.is_dir() and "images" not in path.name]


def test_more_trials_with_halving_resume_eliminated_trials(search: Make, conditions: Conditions, trained: list[int]):
    for count in (1, 2, 6):
        settings = search(trials=count, epochs=2, halving=2)
        run_trials(plan_trials(settings, 1), settings, conditions)
    assert set(trained) == {1}


def test_two_searches_write_the_same_bytes(search: Make, conditions: Conditions, tmp_path: Path):
    settings = search(trials=1, epochs=1)
    for name in ("first", "second"):
        trial_results = run_trials(plan_trials(settings, 1), settings, conditions)
        write_search(trial_results, settings, conditions.settings, tmp_path / name)
        for path in tmp_path.glob("*.json"):
            path.unlink()
    names = {"trials.csv", "leaderboard.csv", "importance.csv", "coordinates.csv", "best.yaml"}
    assert {path.name for path in (tmp_path / "first").iterdir()} == names
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
