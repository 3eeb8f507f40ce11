import numpy as np
import pytest

from dermoscopy.baselines.baselines import fit_and_predict


def test_informative_feature_is_used_whatever_its_unit():
    rng = np.random.default_rng(0)
    y_train = np.arange(60) % 2
    train = np.column_stack([y_train + rng.normal(size=60), rng.normal(size=60)])
    low, high = fit_and_predict(train, y_train, np.array([[-1.0, 0], [2.0, 0]]), 1.0)
    assert low < 0.3 < 0.7 < high
    assert fit_and_predict(train * [1000, 1], y_train, np.array([[-1000.0, 0], [2000.0, 0]]), 1.0) == pytest.approx(
        [low, high]
    )


def test_stronger_penalty_gives_probabilities_closer_to_half():
    train, y_train = np.array([[0.0], [1], [2], [3]]), np.array([0, 0, 1, 1])
    weak, strong = (
        fit_and_predict(train, y_train, np.array([[3.0]]), regularization)[0] for regularization in (10.0, 0.01)
    )
    assert 0.5 < strong < weak


def test_constant_features_give_the_prevalence():
    assert fit_and_predict(np.ones((4, 2)), np.array([0, 0, 0, 1]), np.ones((1, 2)), 1.0) == pytest.approx(
        0.25, abs=1e-4
    )
