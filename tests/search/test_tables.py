"""What is told of the trials: ranks, importance, lines and the promotion."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.cli.run import read_profile
from dermoscopy.search.params import Search
from dermoscopy.search.results import TrialResult, coordinates, importance, promotion, ranked, table, write_promotion
from dermoscopy.search.space import DIMENSIONS, trials
from dermoscopy.search.tables import COORDINATES, IMPORTANCE, LEADERBOARD, SPACE, TRIALS
from dermoscopy.search.trial import Record
from dermoscopy.train.history import Epoch

Make = Callable[..., Search]
LOSSES = [0.6, 0.4, None, 0.5]


def record(loss: float | None, epochs: int = 1) -> Record:
    if loss is None:
        return Record((), 7, over=True, problem="The loss became nan")
    told = [Epoch(number, "trained", 0.5, 0.5, 0.5, loss, 0.5, 1 - loss) for number in range(1, epochs + 1)]
    return Record(told, 7, over=True)


@pytest.fixture
def trial_results(search: Make) -> list[TrialResult]:
    return [
        TrialResult(trial, 1, record(loss)) for trial, loss in zip(trials(search(trials=2), 1), LOSSES, strict=True)
    ]


@pytest.fixture
def board(trial_results) -> pd.DataFrame:
    return ranked(table(trial_results, "val_loss", "lesion"), "val_loss")


@pytest.mark.parametrize(("monitor", "order"), [("val_loss", [2, 4, 1, 3]), ("val_roc_auc", [2, 4, 1, 3])])
def test_the_best_come_first_and_the_failed_last(trial_results, monitor, order):
    board = ranked(table(trial_results, monitor, "lesion"), monitor)
    assert board["trial"].tolist() == order
    assert board["rank"].tolist() == [1, 2, 3, 4]
    assert board["score"].isna().tolist() == [False, False, False, True]
    assert board["problem"].tolist()[-1] == "The loss became nan"


def test_who_trained_longer_stands_above_who_fell_behind(trial_results):
    longer = [TrialResult(trial_results[place].trial, 3, record(0.59, 3)) for place in (0, 3)]
    rows = table([*trial_results, *longer], "val_loss", "lesion")
    assert len(rows) == 6
    assert ranked(rows, "val_loss")[["trial", "epochs"]].to_numpy().tolist() == [[1, 3], [4, 3], [2, 1], [3, 1]]


def test_the_tables_have_the_space_s_dimensions():
    assert tuple(SPACE) == DIMENSIONS


def test_tables_are_read_as_they_were_written(trial_results, board, tmp_path: Path):
    written = {
        "trials": (TRIALS, table(trial_results, "val_loss", "lesion")),
        "leaderboard": (LEADERBOARD, board),
        "importance": (IMPORTANCE, importance(board).assign(protocol="lesion")),
        "coordinates": (COORDINATES, coordinates(board, "val_loss")),
    }
    for name, (kind, frame) in written.items():
        kind.write(frame, tmp_path / name)
        pd.testing.assert_frame_equal(kind.read(tmp_path / name), kind.sort(frame), check_dtype=False)


def rows(count: int, **columns) -> pd.DataFrame:
    frame = pd.DataFrame({name: ["same"] * count for name in DIMENSIONS})
    return frame.assign(**columns)


def test_what_decides_the_score_has_all_of_its_variance_and_what_does_not_has_none():
    told = importance(rows(4, optimizer=["a", "a", "b", "b"], units=[1, 2, 1, 2], score=[0.1, 0.1, 0.3, 0.3]))
    shares = told.set_index("dimension")["share"]
    assert shares["optimizer"] == pytest.approx(1)
    assert shares["units"] == pytest.approx(0)
    assert shares["padding"] == pytest.approx(0)


def test_chance_is_what_a_dimension_without_effect_has_on_average():
    random = np.random.default_rng(1)
    told = [
        importance(rows(12, optimizer=random.permutation([0, 1, 2, 3] * 3), score=random.normal(size=12)))
        for _ in range(80)
    ]
    both = pd.concat(told).query("dimension == 'optimizer'")
    assert both["share"].mean() == pytest.approx(both["chance"].iloc[0], abs=0.06)
    assert both["chance"].iloc[0] == pytest.approx(3 / 11)


@pytest.mark.parametrize("scores", [[0.1, 0.2, np.nan, np.nan], [0.1, 0.1, 0.1, 0.1]])
def test_of_too_few_or_equal_scores_nothing_is_told(scores):
    assert importance(rows(4, score=scores)).empty


def test_a_line_passes_through_its_values_and_ends_in_its_score(board):
    points = coordinates(board, "val_loss")
    assert set(points["trial"]) == {1, 2, 4}
    assert points["height"].between(0, 1).all()
    scores = points[points["dimension"] == "score"].set_index("trial")["height"]
    assert scores[2] == 1  # the lowest loss is the best
    assert scores[1] == 0
    kernels = points[points["dimension"] == "dropout"].sort_values("height")
    assert kernels["value"].astype(float).is_monotonic_increasing


def test_the_two_best_become_the_two_members(board, tmp_path: Path):
    told = promotion(board, ["cnn_a", "cnn_b"])
    assert list(told) == ["cnn_a", "cnn_b"]
    for member, (_, row) in zip(told, board.iterrows(), strict=False):
        assert told[member] == {name: row[name] for name in DIMENSIONS}
    write_promotion(told, tmp_path / "best.yaml")
    assert (tmp_path / "best.yaml").read_text().startswith("# The best trials of the search as CNN A and CNN B.\n")
    leaves = read_profile(str(tmp_path / "best.yaml"))
    assert leaves == {f"models.{member}.{name}": value for member, row in told.items() for name, value in row.items()}


def test_of_one_sound_trial_one_member_is_told(board):
    assert list(promotion(board.tail(2), ["cnn_a", "cnn_b"])) == ["cnn_a"]
