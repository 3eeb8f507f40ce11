import numpy as np
import pandas as pd
import pytest

from dermoscopy.ensemble.combiners import Combiner, accuracy_weights, fit_combiner, log_loss_weights
from dermoscopy.ensemble.params import METHODS
from tests.ensemble.settings import ensemble

MEMBERS = pd.DataFrame({"a": [0.1, 0.5, 0.9], "b": [0.2, 0.4, 0.7], "c": [0.6, 0.9, 0.8]})
Y_TRUE = np.array([0, 0, 1, 1])
GENERATOR = np.random.default_rng(5)


def test_vote_is_the_proportion_at_or_over_the_threshold_and_the_majority_decides():
    thirds = dict.fromkeys("abc", 1 / 3)
    assert Combiner("vote", thirds, 0.5).combine(MEMBERS).tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert Combiner("vote", thirds, 0.65).combine(MEMBERS).tolist() == pytest.approx([0, 1 / 3, 1])
    assert Combiner("vote", thirds, 0.3).combined_threshold == 0.5
    assert Combiner("mean", thirds, 0.3).combined_threshold == 0.3


def test_weights_are_matched_to_members_by_name():
    found = Combiner("accuracy_weighted", {"c": 0, "b": 0.25, "a": 0.75}, 0.5).combine(MEMBERS)
    assert found.tolist() == pytest.approx([0.125, 0.475, 0.85])


def test_a_weighted_mean_stays_a_probability():
    rounded = Combiner("mean", {"a": 0.5, "b": 0.5 + 2**-52}, 0.5)
    assert rounded.combine(pd.DataFrame({"a": [1.0], "b": [1.0]}))[0] == 1


def test_stacking_adds_logits():
    found = Combiner("stacking", {"a": 1.0, "b": 1.0}, 0.5, intercept=-1.0)
    logit = np.log([0.1 / 0.9, 1, 9]) + np.log([0.25, 2 / 3, 7 / 3]) - 1
    assert found.combine(MEMBERS).tolist() == pytest.approx((1 / (1 + np.exp(-logit))).tolist())


def test_accuracy_weights_are_proportional_to_accuracy():
    probabilities = np.array([[0.9, 0.1], [0.1, 0.1], [0.9, 0.9], [0.1, 0.9]])
    assert accuracy_weights(Y_TRUE, probabilities, 0.5).tolist() == pytest.approx([1 / 3, 2 / 3])
    assert accuracy_weights(Y_TRUE, probabilities, 0.95).tolist() == [0.5, 0.5]
    always_wrong = 1 - np.stack([Y_TRUE, Y_TRUE], axis=1)
    assert accuracy_weights(Y_TRUE, always_wrong, 0.5).tolist() == [0.5, 0.5]  # both accuracies are 0


def noisy(y_true: np.ndarray, noise: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(2 * y_true - 1 + noise * GENERATOR.normal(size=len(y_true)))))


def test_log_loss_weights_are_at_least_as_good_as_a_grid():
    y_true = GENERATOR.integers(0, 2, 200)
    probabilities = np.stack([noisy(y_true, 1), noisy(y_true, 2)], axis=1)

    def loss(first: float) -> float:
        mixed = probabilities @ [first, 1 - first]
        return -np.log(np.where(y_true == 1, mixed, 1 - mixed)).mean()

    found = log_loss_weights(y_true, probabilities)
    assert found.sum() == pytest.approx(1)
    assert loss(found[0]) <= min(loss(first) for first in np.linspace(0, 1, 501)) + 1e-9


def test_an_uninformative_member_has_a_weight_near_0():
    y_true = GENERATOR.integers(0, 2, 400)
    probabilities = pd.DataFrame({"cnn_a": noisy(y_true, 1), "cnn_b": noisy(y_true, 1), "vgg19": GENERATOR.random(400)})
    useful = fit_combiner(y_true, probabilities, "log_loss_weighted", ensemble("cnn_a", "cnn_b", "vgg19")).weights
    assert useful["vgg19"] < 0.02
    stacked = fit_combiner(y_true, probabilities, "stacking", ensemble("cnn_a", "cnn_b", "vgg19")).weights
    assert abs(stacked["vgg19"]) < 0.2 * min(stacked["cnn_a"], stacked["cnn_b"])


def test_members_that_always_agree_have_equal_weights():
    y_true = np.array([0, 1] * 20)
    member = noisy(y_true, 1)
    assert log_loss_weights(y_true, np.stack([member, member], axis=1)).tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("method", METHODS)
def test_members_with_probabilities_of_0_and_1_can_be_fitted(method):
    y_true = np.array([0, 1, 0, 1])
    probabilities = pd.DataFrame({"cnn_a": [0.0, 1.0, 1.0, 0.0], "cnn_b": [0.0, 1.0, 0.0, 1.0]})
    found = fit_combiner(y_true, probabilities, method, ensemble())
    assert found.members == ("cnn_a", "cnn_b")
    assert np.isfinite(found.combine(probabilities)).all()
