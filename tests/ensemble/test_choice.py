import dataclasses

import numpy as np
import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.ensemble.selection import choose, find_candidate, fit_candidates
from dermoscopy.stats.lesions import by_lesion
from dermoscopy.stats.paired import ThresholdedScores, delong
from tests.ensemble.settings import ensemble
from tests.ensemble.test_candidates import planted


def chosen(lesions_of_val: int, *separations: float, seed: int = 1, **changes):
    rows, probabilities = planted(lesions_of_val, *separations, seed=seed)
    members = ("cnn_a", "cnn_b", "vgg19")[: len(separations)]
    return choose(
        rows, fit_candidates(rows, probabilities, ensemble(*members, **changes)), ensemble(*members, **changes)
    )


@pytest.mark.parametrize("method", ["vote", "mean", "accuracy_weighted", "log_loss_weighted", "stacking"])
def test_an_uninformative_member_causes_the_fallback(method):
    choice, kept = chosen(200, 2.5, 0.0, method=method, fallback=0.05)
    assert choice.fell_back
    assert (choice.members, choice.method, choice.best_member) == (["cnn_a"], "single", "cnn_a")
    assert (choice.tried_members, choice.tried_method) == (["cnn_a", "cnn_b"], method)
    assert kept.combiner.members == ("cnn_a",)


def test_without_a_fallback_the_ensemble_is_kept():
    choice, _ = chosen(200, 2.5, 0.0, fallback=None)
    assert not choice.fell_back
    assert choice.members == ["cnn_a", "cnn_b"]


def test_a_complementary_member_is_kept_and_improves_roc_auc_on_test():
    # Independent noise of the two members averages out.
    rows, probabilities = planted(400, 1.5, 1.5)
    generator = np.random.default_rng(8)
    for member in probabilities:
        logit = 1.2 * (2 * rows["label"] - 1) + 1.5 * generator.normal(size=len(rows))
        probabilities[member] = 1 / (1 + np.exp(-logit))
    val = rows.index < len(rows) // 2
    settings = ensemble(fallback=0.05)
    choice, kept = choose(rows[val], fit_candidates(rows[val], probabilities[val], settings), settings)
    assert not choice.fell_back
    assert choice.gain > 0
    test, test_probabilities = rows[~val], probabilities[~val]
    best = find_candidate(fit_candidates(rows[val], probabilities[val], settings), [choice.best_member], "single")
    scores = [
        ThresholdedScores(candidate.probability(test_probabilities), candidate.calibrated_threshold)
        for candidate in (kept, best)
    ]
    gain = delong(by_lesion(test), *scores, 0.95)
    assert gain.p < 0.05
    assert gain.low > 0


def test_chosen_selects_the_lowest_log_loss_on_val():
    choice, kept = chosen(200, 2.0, 2.0, 0.0, method="chosen")
    assert tuple(choice.members) == kept.combiner.members
    rows, probabilities = planted(200, 2.0, 2.0, 0.0)
    candidates = fit_candidates(rows, probabilities, ensemble("cnn_a", "cnn_b", "vgg19", method="chosen"))
    assert kept.log_loss == min(candidate.log_loss for candidate in candidates if candidate.combiner.method != "vote")


def test_vote_is_not_selected_by_chosen_but_by_its_name():
    settings = ensemble("cnn_a", "cnn_b", method="chosen")
    rows, probabilities = planted(60, 2.0, 2.0)
    candidates = fit_candidates(rows, probabilities, settings)
    vote = find_candidate(candidates, ["cnn_a", "cnn_b"], "vote")
    with_best_vote = [
        dataclasses.replace(candidate, log_loss=0.0) if candidate is vote else candidate for candidate in candidates
    ]
    assert choose(rows, with_best_vote, settings)[0].method != "vote"
    assert choose(rows, with_best_vote, ensemble("cnn_a", "cnn_b", method="vote"))[0].method == "vote"


def test_a_member_outside_the_ensemble_is_not_chosen():
    rows, probabilities = planted(60, 0.5, 0.5, 3.0)
    settings = ensemble("cnn_a", "cnn_b", method="chosen")
    choice, _ = choose(rows, fit_candidates(rows, probabilities, settings), settings)
    assert "vgg19" not in [*choice.members, choice.best_member]


def test_a_single_member_does_not_fall_back():
    choice, _ = chosen(60, 2.0, fallback=0.05)
    assert (choice.members, choice.method, choice.fell_back, choice.gain) == (["cnn_a"], "single", False, 0)


def test_a_choice_is_read_as_written(tmp_path):
    choice, _ = chosen(60, 2.0, 1.0)
    choice.write(tmp_path / "ensemble" / "ensemble.json")
    assert read_choice(tmp_path / "ensemble" / "ensemble.json") == choice


def test_a_missing_or_invalid_choice_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"ensemble\.json"):
        read_choice(tmp_path / "ensemble.json")
    (tmp_path / "ensemble.json").write_text('{"method": "magic"}')
    with pytest.raises(TableError, match=r"ensemble\.json"):
        read_choice(tmp_path / "ensemble.json")
