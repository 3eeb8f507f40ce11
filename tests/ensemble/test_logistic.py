import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from dermoscopy.ensemble.calibration import fit_logistic

GENERATOR = np.random.default_rng(1)
COLUMNS = np.column_stack([GENERATOR.normal(size=(150, 3)) * 3, np.ones(150)])
LABEL = (COLUMNS @ [1, -0.5, 0, 0.3] + GENERATOR.logistic(size=150) > 0).astype(float)


@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_coefficients_equal_scikit_learns(strength):
    expected = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(COLUMNS[:, :3], LABEL)
    penalty = np.array([1 / strength] * 3 + [0])
    found = fit_logistic(COLUMNS, LABEL, penalty)
    assert found.tolist() == pytest.approx([*expected.coef_[0], expected.intercept_[0]], abs=1e-4)


def test_targets_between_0_and_1_are_met_on_average():
    target = np.where(LABEL == 1, 0.9, 0.2)
    found = fit_logistic(COLUMNS, target, np.zeros(4))
    probability = 1 / (1 + np.exp(-COLUMNS @ found))
    assert COLUMNS.T @ (target - probability) == pytest.approx(np.zeros(4), abs=1e-8)


def test_an_offset_is_added_to_the_logit():
    ones = np.ones((4, 1))
    found = fit_logistic(ones, np.array([0, 0, 1, 1.0]), np.zeros(1), offset=2.0)
    assert found.tolist() == pytest.approx([-2])


def test_a_start_far_from_the_minimum_converges():
    columns = np.column_stack([[-16.0, -15, 15, 16, 14], np.ones(5)])
    target = np.array([0.25, 0.25, 0.75, 0.75, 0.25])
    found = fit_logistic(columns, target, np.zeros(2))
    probability = 1 / (1 + np.exp(-columns @ found))
    assert columns.T @ (target - probability) == pytest.approx(np.zeros(2), abs=1e-6)
