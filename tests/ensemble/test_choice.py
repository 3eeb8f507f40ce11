import dataclasses

import numpy as np
import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.ensemble.selection import choose, find, fit_candidates
from dermoscopy.stats.lesions import lesions
from dermoscopy.stats.paired import Calls, delong
from tests.ensemble.settings import ensemble
from tests.ensemble.test_candidates import planted


def chosen(lesions_of_val: int, *separations: float, seed: int = 1, **changes):
    rows, probabilities = planted(lesions_of_val, *separations, seed=seed)
    members = ("cnn_a", "cnn_b", "vgg19")[: len(separations)]
    return choose(
        rows, fit_candidates(rows, probabilities, ensemble(*members, **changes)), ensemble(*members, **changes)
    )


@pytest.mark.parametrize("method", ["vote", "mean", "accuracy_weighted", "log_loss_weighted", "stacking"])
def test_a_planted_useless_member_brings_the_fallback(method):
    choice, kept = chosen(200, 2.5, 0.0, method=method, fallback=0.05)
    assert choice.fell_back
    assert (choice.members, choice.method, choice.best_member) == (["cnn_a"], "alone", "cnn_a")
    assert (choice.tried_members, choice.tried_method) == (["cnn_a", "cnn_b"], method)
    assert kept.combiner.members == ("cnn_a",)


def test_without_a_fallback_the_ensemble_stays():
    choice, _ = chosen(200, 2.5, 0.0, fallback=None)
    assert not choice.fell_back
    assert choice.members == ["cnn_a", "cnn_b"]


def test_a_planted_complementary_member_stays_and_test_finds_its_gain():
    # Each sees a sign of its own: noises that are not shared average out.
    rows, probabilities = planted(400, 1.5, 1.5)
    generator = np.random.default_rng(8)
    for member in probabilities:
        odds = 1.2 * (2 * rows["label"] - 1) + 1.5 * generator.normal(size=len(rows))
        probabilities[member] = 1 / (1 + np.exp(-odds))
    val = rows.index < len(rows) // 2
    settings = ensemble(fallback=0.05)
    choice, kept = choose(rows[val], fit_candidates(rows[val], probabilities[val], settings), settings)
    assert not choice.fell_back
    assert choice.gain > 0
    test, of_test = rows[~val], probabilities[~val]
    best = find(fit_candidates(rows[val], probabilities[val], settings), [choice.best_member], "alone")
    found = delong(lesions(test), *(Calls(one.probability(of_test), one.cut) for one in (kept, best)), 0.95)
    assert found.p < 0.05
    assert found.low > 0


def test_chosen_takes_whoever_does_best_on_val():
    choice, kept = chosen(200, 2.0, 2.0, 0.0, method="chosen")
    assert tuple(choice.members) == kept.combiner.members
    rows, probabilities = planted(200, 2.0, 2.0, 0.0)
    candidates = fit_candidates(rows, probabilities, ensemble("cnn_a", "cnn_b", "vgg19", method="chosen"))
    assert kept.log_loss == min(one.log_loss for one in candidates if one.combiner.method != "vote")


def test_votes_are_never_chosen_but_may_be_named():
    settings = ensemble("cnn_a", "cnn_b", method="chosen")
    rows, probabilities = planted(60, 2.0, 2.0)
    candidates = fit_candidates(rows, probabilities, settings)
    vote = find(candidates, ["cnn_a", "cnn_b"], "vote")
    best = [dataclasses.replace(one, log_loss=0.0) if one is vote else one for one in candidates]
    assert choose(rows, best, settings)[0].method != "vote"
    assert choose(rows, best, ensemble("cnn_a", "cnn_b", method="vote"))[0].method == "vote"


def test_a_member_that_does_not_count_is_never_chosen():
    rows, probabilities = planted(60, 0.5, 0.5, 3.0)
    settings = ensemble("cnn_a", "cnn_b", method="chosen")
    choice, _ = choose(rows, fit_candidates(rows, probabilities, settings), settings)
    assert "vgg19" not in [*choice.members, choice.best_member]


def test_one_member_alone_is_no_fallback():
    choice, _ = chosen(60, 2.0, fallback=0.05)
    assert (choice.members, choice.method, choice.fell_back, choice.gain) == (["cnn_a"], "alone", False, 0)


def test_a_choice_reads_back(tmp_path):
    choice, _ = chosen(60, 2.0, 1.0)
    choice.write(tmp_path / "ensemble" / "ensemble.json")
    assert read_choice(tmp_path / "ensemble" / "ensemble.json") == choice


def test_a_choice_nobody_made_is_refused(tmp_path):
    with pytest.raises(TableError, match="ensemble"):
        read_choice(tmp_path / "ensemble.json")
    (tmp_path / "ensemble.json").write_text('{"method": "magic"}')
    with pytest.raises(TableError, match="ensemble"):
        read_choice(tmp_path / "ensemble.json")
