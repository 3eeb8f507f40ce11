import numpy as np
import pytest

from dermoscopy.core.metrics import log_loss
from dermoscopy.ensemble.calibration import (
    MIN_SLOPE,
    Calibration,
    fit_calibration,
)
from dermoscopy.evaluate.calibration import expected_calibration_error, reliability_table

GENERATOR = np.random.default_rng(7)
LOGIT = GENERATOR.normal(-1, 2, 4000)
Y_TRUE = (GENERATOR.random(4000) < 1 / (1 + np.exp(-LOGIT))).astype(int)


def transformed(slope: float, intercept: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(slope * LOGIT + intercept)))


def test_platt_recovers_slope_and_intercept():
    found = fit_calibration(Y_TRUE, transformed(0.5, 1.0), "platt")
    assert (found.slope, found.intercept) == pytest.approx((2, -2), abs=0.15)
    assert found.apply(transformed(0.5, 1.0)) == pytest.approx(transformed(1, 0), abs=0.03)


def test_temperature_recovers_the_slope():
    found = fit_calibration(Y_TRUE, transformed(3.0, 0.0), "temperature")
    assert (found.slope, found.intercept) == (pytest.approx(1 / 3, abs=0.02), 0)


def test_none_returns_the_probabilities():
    assert fit_calibration(Y_TRUE, transformed(3, 0), "none").apply(np.array([0.2, 0.9])).tolist() == pytest.approx(
        [0.2, 0.9]
    )


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_calibration_lowers_log_loss_and_calibration_error_and_keeps_the_ranking(method):
    y_prob = transformed(3.0, 0.0)
    calibrated = fit_calibration(Y_TRUE, y_prob, method).apply(y_prob)
    assert log_loss(Y_TRUE, calibrated) < log_loss(Y_TRUE, y_prob)
    errors = [
        expected_calibration_error(reliability_table(Y_TRUE, probability, 10, 0.95))
        for probability in (y_prob, calibrated)
    ]
    assert errors[1] < 0.03 < errors[0]
    assert (np.diff(calibrated[np.argsort(y_prob)]) >= 0).all()


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_perfectly_separated_labels_have_a_finite_slope(method):
    y_true = np.array([0] * 10 + [1] * 5)
    y_prob = np.where(y_true == 1, 0.9, 0.2)
    found = fit_calibration(y_true, y_prob, method)
    assert np.isfinite([found.slope, found.intercept]).all()
    assert (found.apply(y_prob) > 0).all()
    assert (found.apply(y_prob) < 1).all()


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_a_reversed_ranking_is_flattened_and_not_reversed(method):
    found = fit_calibration(Y_TRUE, transformed(-1.0, 0.0), method)
    assert found.slope == MIN_SLOPE
    if method == "platt":
        assert found.apply(transformed(-1.0, 0.0)).mean() == pytest.approx(Y_TRUE.mean(), abs=0.01)


def test_calibrated_probabilities_of_0_and_1_are_finite():
    assert np.isfinite(Calibration(2.0, 1.0).apply(np.array([0.0, 1.0]))).all()
