"""The whole search in this process: halving, what is on disk, what it leaves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dermoscopy.search import trial as module
from dermoscopy.search.params import Search
from dermoscopy.search.results import ranked, table
from dermoscopy.search.search import race, write_search
from dermoscopy.search.space import trials
from dermoscopy.search.trial import Conditions

Make = Callable[..., Search]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many epochs each call of `fit` trained."""
    fit, counts = module.fit, []

    def counted(*args, save, **kwargs):
        def told(state):
            counts[-1] += 1
            save(state)

        counts.append(0)
        return fit(*args, save=told, **kwargs)

    monkeypatch.setattr(module, "fit", counted)
    return counts


def test_a_raised_count_trains_only_what_is_new(search: Make, conditions: Conditions, trained: list[int]):
    for count, epochs in ((1, [1] * 3), (3, [1] * 2), (2, [])):
        settings = search(trials=count, epochs=1)
        race(trials(settings, 1), settings, conditions)
        assert trained == epochs
        trained.clear()


def test_halving_trains_the_best_further_and_no_epoch_twice(search: Make, conditions: Conditions, trained: list[int]):
    settings = search(trials=2, epochs=4, halving=2)
    tried = trials(settings, 1)
    trial_results = race(tried, settings, conditions)
    assert [standing.epochs for standing in trial_results] == [1] * 4 + [2] * 2 + [4]
    assert trained == [1] * 4 + [1] * 2 + [2]
    board = ranked(table(trial_results, "val_loss", "lesion"), "val_loss")
    assert board["epochs"].tolist() == [4, 2, 1, 1]
    first = ranked(table(trial_results[:4], "val_loss", "lesion"), "val_loss")
    assert set(board["trial"].head(2)) == set(first["trial"].head(2))
    # Whoever came so far without halving has the same score there.
    alone = race(tried, search(trials=2, epochs=4), conditions)
    winner = next(standing for standing in alone if standing.trial.number == board["trial"][0])
    assert winner.row("val_loss") == trial_results[-1].row("val_loss")
    assert not [path for path in conditions.records.iterdir() if path.is_dir() and "images" not in path.name]


def test_a_raised_count_goes_on_with_who_had_fallen_behind(search: Make, conditions: Conditions, trained: list[int]):
    for count in (1, 2, 6):
        settings = search(trials=count, epochs=2, halving=2)
        race(trials(settings, 1), settings, conditions)
    assert set(trained) == {1}


def test_two_runs_leave_the_same_bytes(search: Make, conditions: Conditions, tmp_path: Path):
    settings = search(trials=1, epochs=1)
    for name in ("one", "two"):
        trial_results = race(trials(settings, 1), settings, conditions)
        write_search(trial_results, settings, conditions.settings, tmp_path / name)
        for path in tmp_path.glob("*.json"):
            path.unlink()
    names = {"trials.csv", "leaderboard.csv", "importance.csv", "coordinates.csv", "best.yaml"}
    assert {path.name for path in (tmp_path / "one").iterdir()} == names
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
