import numpy as np
import pytest

from dermoscopy.baselines.baselines import regress


def test_a_telling_feature_is_found_whatever_its_unit():
    generator = np.random.default_rng(0)
    label = np.arange(60) % 2
    train = np.column_stack([label + generator.normal(size=60), generator.normal(size=60)])
    low, high = regress(train, label, np.array([[-1.0, 0], [2.0, 0]]), 1.0)
    assert low < 0.3 < 0.7 < high
    assert regress(train * [1000, 1], label, np.array([[-1000.0, 0], [2000.0, 0]]), 1.0) == pytest.approx([low, high])


def test_a_stronger_penalty_is_more_careful():
    train, label = np.array([[0.0], [1], [2], [3]]), np.array([0, 0, 1, 1])
    bold, careful = (regress(train, label, np.array([[3.0]]), strength)[0] for strength in (10.0, 0.01))
    assert 0.5 < careful < bold


def test_features_that_do_not_vary_give_the_prevalence():
    assert regress(np.ones((4, 2)), np.array([0, 0, 0, 1]), np.ones((1, 2)), 1.0) == pytest.approx(0.25, abs=1e-4)
