import numpy as np
import pytest

from dermoscopy.core.metrics import log_loss
from dermoscopy.ensemble.calibration import FLATTEST, Calibration, expected_error, fit_calibration, reliability

GENERATOR = np.random.default_rng(7)
ODDS = GENERATOR.normal(-1, 2, 4000)
LABEL = (GENERATOR.random(4000) < 1 / (1 + np.exp(-ODDS))).astype(int)


def moved(slope: float, shift: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(slope * ODDS + shift)))


def test_platt_undoes_a_slope_and_a_shift():
    found = fit_calibration(LABEL, moved(0.5, 1.0), "platt")
    assert (found.slope, found.intercept) == pytest.approx((2, -2), abs=0.15)
    assert found.apply(moved(0.5, 1.0)) == pytest.approx(moved(1, 0), abs=0.03)


def test_a_temperature_undoes_a_slope_alone():
    found = fit_calibration(LABEL, moved(3.0, 0.0), "temperature")
    assert (found.slope, found.intercept) == (pytest.approx(1 / 3, abs=0.02), 0)


def test_none_changes_nothing():
    assert fit_calibration(LABEL, moved(3, 0), "none").apply(np.array([0.2, 0.9])).tolist() == pytest.approx([0.2, 0.9])


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_calibration_lowers_the_loss_and_the_error_and_keeps_the_order(method):
    said = moved(3.0, 0.0)
    calibrated = fit_calibration(LABEL, said, method).apply(said)
    assert log_loss(LABEL, calibrated) < log_loss(LABEL, said)
    errors = [expected_error(reliability(LABEL, of, 10, 0.95)) for of in (said, calibrated)]
    assert errors[1] < 0.03 < errors[0]
    assert (np.diff(calibrated[np.argsort(said)]) >= 0).all()


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_labels_told_apart_without_a_mistake_have_a_finite_slope(method):
    label = np.array([0] * 10 + [1] * 5)
    said = np.where(label == 1, 0.9, 0.2)
    found = fit_calibration(label, said, method)
    assert np.isfinite([found.slope, found.intercept]).all()
    assert (found.apply(said) > 0).all()
    assert (found.apply(said) < 1).all()


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_a_score_the_wrong_way_round_is_flattened_never_turned(method):
    found = fit_calibration(LABEL, moved(-1.0, 0.0), method)
    assert found.slope == FLATTEST
    if method == "platt":
        assert found.apply(moved(-1.0, 0.0)).mean() == pytest.approx(LABEL.mean(), abs=0.01)


def test_certainty_stays_finite():
    assert np.isfinite(Calibration(2.0, 1.0).apply(np.array([0.0, 1.0]))).all()


def test_bins_count_their_lesions():
    table = reliability(np.array([0, 1, 1, 1]), np.array([0.1, 0.15, 0.9, 1.0]), 5, 0.95)
    assert table[["start", "end", "lesions"]].to_numpy().tolist() == [[0, 0.2, 2], [0.8, 1, 2]]
    assert table["malignant"].tolist() == [0.5, 1]
    assert table["probability"].tolist() == pytest.approx([0.125, 0.95])
    assert expected_error(table) == pytest.approx((0.375 + 0.05) / 2)
