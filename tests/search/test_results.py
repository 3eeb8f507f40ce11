"""Leaderranked, importance, parallel coordinates and promotion."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.cli.run import read_profile
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
from dermoscopy.search.space import DIMENSIONS, plan_trials
from dermoscopy.search.tables import COORDINATES, IMPORTANCE, LEADERBOARD, SPACE, TRIALS
from dermoscopy.search.trial import Record
from dermoscopy.train.history import Epoch

Make = Callable[..., Search]
LOSSES = [0.6, 0.4, None, 0.5]


def record(loss: float | None, epochs: int = 1) -> Record:
    if loss is None:
        return Record((), 7, ended=True, problem="The loss became nan")
    trained = [Epoch(number, "trained", 0.5, 0.5, 0.5, loss, 0.5, 1 - loss) for number in range(1, epochs + 1)]
    return Record(trained, 7, ended=True)


@pytest.fixture
def trial_results(search: Make) -> list[TrialResult]:
    planned = plan_trials(search(trials=2), 1)
    return [TrialResult(trial, 1, record(loss)) for trial, loss in zip(planned, LOSSES, strict=True)]


@pytest.fixture
def ranked(trial_results) -> pd.DataFrame:
    return leaderboard(trial_rows(trial_results, "val_loss", "lesion"), "val_loss")


@pytest.mark.parametrize(("monitor", "order"), [("val_loss", [2, 4, 1, 3]), ("val_roc_auc", [2, 4, 1, 3])])
def test_leaderboard_has_the_best_trials_first_and_failed_trials_last(trial_results, monitor, order):
    ranked = leaderboard(trial_rows(trial_results, monitor, "lesion"), monitor)
    assert ranked["trial"].tolist() == order
    assert ranked["rank"].tolist() == [1, 2, 3, 4]
    assert ranked["score"].isna().tolist() == [False, False, False, True]
    assert ranked["problem"].tolist()[-1] == "The loss became nan"


def test_leaderboard_has_trials_with_more_epochs_above_eliminated_trials(trial_results):
    longer = [TrialResult(trial_results[index].trial, 3, record(0.59, 3)) for index in (0, 3)]
    rows = trial_rows([*trial_results, *longer], "val_loss", "lesion")
    assert len(rows) == 6
    assert leaderboard(rows, "val_loss")[["trial", "epochs"]].to_numpy().tolist() == [[1, 3], [4, 3], [2, 1], [3, 1]]


def test_tables_have_the_dimensions_of_the_space():
    assert tuple(SPACE) == DIMENSIONS


def test_tables_are_read_as_written(trial_results, ranked, tmp_path: Path):
    written = {
        "trials": (TRIALS, trial_rows(trial_results, "val_loss", "lesion")),
        "leaderboard": (LEADERBOARD, ranked),
        "importance": (IMPORTANCE, importance(ranked).assign(protocol="lesion")),
        "coordinates": (COORDINATES, coordinates(ranked, "val_loss")),
    }
    for name, (table, frame) in written.items():
        table.write(frame, tmp_path / name)
        pd.testing.assert_frame_equal(table.read(tmp_path / name), table.sort(frame), check_dtype=False)


def rows(count: int, **columns) -> pd.DataFrame:
    frame = pd.DataFrame({name: ["same"] * count for name in DIMENSIONS})
    return frame.assign(**columns)


def test_importance_is_one_for_a_dimension_that_determines_the_score_and_zero_without_effect():
    table = importance(rows(4, optimizer=["a", "a", "b", "b"], units=[1, 2, 1, 2], score=[0.1, 0.1, 0.3, 0.3]))
    proportions = table.set_index("dimension")["proportion"]
    assert proportions["optimizer"] == pytest.approx(1)
    assert proportions["units"] == pytest.approx(0)
    assert proportions["padding"] == pytest.approx(0)


def test_chance_is_the_mean_importance_of_a_dimension_without_effect():
    random = np.random.default_rng(1)
    tables = [
        importance(rows(12, optimizer=random.permutation([0, 1, 2, 3] * 3), score=random.normal(size=12)))
        for _ in range(80)
    ]
    optimizer = pd.concat(tables).query("dimension == 'optimizer'")
    assert optimizer["proportion"].mean() == pytest.approx(optimizer["chance"].iloc[0], abs=0.06)
    assert optimizer["chance"].iloc[0] == pytest.approx(3 / 11)


@pytest.mark.parametrize("scores", [[0.1, 0.2, np.nan, np.nan], [0.1, 0.1, 0.1, 0.1]])
def test_importance_is_empty_for_too_few_or_equal_scores(scores):
    assert importance(rows(4, score=scores)).empty


def test_coordinates_pass_through_the_values_and_end_at_the_score(ranked):
    points = coordinates(ranked, "val_loss")
    assert set(points["trial"]) == {1, 2, 4}
    assert points["position"].between(0, 1).all()
    scores = points[points["dimension"] == "score"].set_index("trial")["position"]
    assert scores[2] == 1  # the lowest loss is the best
    assert scores[1] == 0
    dropout = points[points["dimension"] == "dropout"].sort_values("position")
    assert dropout["value"].astype(float).is_monotonic_increasing


def test_the_two_best_trials_are_promoted_to_the_two_members(ranked, tmp_path: Path):
    promoted = promotion(ranked, ["cnn_a", "cnn_b"])
    assert list(promoted) == ["cnn_a", "cnn_b"]
    for member, (_, row) in zip(promoted, ranked.iterrows(), strict=False):
        assert promoted[member] == {name: row[name] for name in DIMENSIONS} | {"l2": 0.0, "clip": None}
    write_promotion(promoted, tmp_path / "best.yaml")
    assert "CNN A and CNN B" in (tmp_path / "best.yaml").read_text().splitlines()[0]
    leaves = read_profile(str(tmp_path / "best.yaml"))
    assert leaves == {
        f"models.{member}.{name}": value for member, row in promoted.items() for name, value in row.items()
    }


def test_one_valid_trial_is_promoted_to_one_member(ranked):
    assert list(promotion(ranked.tail(2), ["cnn_a", "cnn_b"])) == ["cnn_a"]
