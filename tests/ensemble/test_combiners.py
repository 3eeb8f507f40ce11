import numpy as np
import pandas as pd
import pytest

from dermoscopy.ensemble.combiners import METHODS, Combiner, accuracy_weights, fit_combiner, log_loss_weights
from tests.ensemble.settings import ensemble

MEMBERS = pd.DataFrame({"a": [0.1, 0.5, 0.9], "b": [0.2, 0.4, 0.7], "c": [0.6, 0.9, 0.8]})
LABEL = np.array([0, 0, 1, 1])
GENERATOR = np.random.default_rng(5)


def test_vote_is_the_share_at_or_over_the_threshold_and_the_majority_decides():
    thirds = dict.fromkeys("abc", 1 / 3)
    assert Combiner("vote", thirds, 0.5).combine(MEMBERS).tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert Combiner("vote", thirds, 0.65).combine(MEMBERS).tolist() == pytest.approx([0, 1 / 3, 1])
    assert Combiner("vote", thirds, 0.3).cut == 0.5
    assert Combiner("mean", thirds, 0.3).cut == 0.3


def test_weights_go_to_their_members_by_name():
    found = Combiner("accuracy_weighted", {"c": 0, "b": 0.25, "a": 0.75}, 0.5).combine(MEMBERS)
    assert found.tolist() == pytest.approx([0.125, 0.475, 0.85])


def test_a_weighted_mean_stays_a_probability():
    rounded = Combiner("mean", {"a": 0.5, "b": 0.5 + 2**-52}, 0.5)
    assert rounded.combine(pd.DataFrame({"a": [1.0], "b": [1.0]}))[0] == 1


def test_stacking_adds_log_odds():
    found = Combiner("stacking", {"a": 1.0, "b": 1.0}, 0.5, intercept=-1.0)
    odds = np.log([0.1 / 0.9, 1, 9]) + np.log([0.25, 2 / 3, 7 / 3]) - 1
    assert found.combine(MEMBERS).tolist() == pytest.approx((1 / (1 + np.exp(-odds))).tolist())


def test_accuracy_weights_are_in_proportion():
    each = np.array([[0.9, 0.1], [0.1, 0.1], [0.9, 0.9], [0.1, 0.9]])
    assert accuracy_weights(LABEL, each, 0.5).tolist() == pytest.approx([1 / 3, 2 / 3])
    assert accuracy_weights(LABEL, each, 0.95).tolist() == [0.5, 0.5]
    assert accuracy_weights(LABEL, 1 - np.stack([LABEL, LABEL], axis=1), 0.5).tolist() == [
        0.5,
        0.5,
    ]  # nobody is ever right


def noisy(label: np.ndarray, noise: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(2 * label - 1 + noise * GENERATOR.normal(size=len(label)))))


def test_log_loss_weights_are_the_best_on_a_grid():
    label = GENERATOR.integers(0, 2, 200)
    each = np.stack([noisy(label, 1), noisy(label, 2)], axis=1)

    def loss(first: float) -> float:
        mixed = each @ [first, 1 - first]
        return -np.log(np.where(label == 1, mixed, 1 - mixed)).mean()

    found = log_loss_weights(label, each)
    assert found.sum() == pytest.approx(1)
    assert loss(found[0]) <= min(loss(first) for first in np.linspace(0, 1, 501)) + 1e-9


def test_a_planted_useless_member_has_a_weight_near_nothing():
    label = GENERATOR.integers(0, 2, 400)
    each = pd.DataFrame({"cnn_a": noisy(label, 1), "cnn_b": noisy(label, 1), "vgg19": GENERATOR.random(400)})
    useful = fit_combiner(label, each, "log_loss_weighted", ensemble("cnn_a", "cnn_b", "vgg19")).weights
    assert useful["vgg19"] < 0.02
    stacked = fit_combiner(label, each, "stacking", ensemble("cnn_a", "cnn_b", "vgg19")).weights
    assert abs(stacked["vgg19"]) < 0.2 * min(stacked["cnn_a"], stacked["cnn_b"])


def test_members_that_always_agree_share():
    label = np.array([0, 1] * 20)
    one = noisy(label, 1)
    assert log_loss_weights(label, np.stack([one, one], axis=1)).tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("method", METHODS)
def test_certain_members_can_be_fitted(method):
    label = np.array([0, 1, 0, 1])
    each = pd.DataFrame({"cnn_a": [0.0, 1.0, 1.0, 0.0], "cnn_b": [0.0, 1.0, 0.0, 1.0]})
    found = fit_combiner(label, each, method, ensemble())
    assert found.members == ("cnn_a", "cnn_b")
    assert np.isfinite(found.combine(each)).all()
