import math

import numpy as np
import pytest
from scipy.special import expit, logit

from dermoscopy.evaluate.recalibration import (
    calibration_errors,
    calibration_measures,
    errors_by_chance,
    fit_curve,
)


def simulated(lesions, generator, intercept=0.0, slope=1.0):
    """Return labels and predicted probabilities with this calibration intercept (at this slope) and slope."""
    logits = generator.normal(-1.2, 1.8, lesions)
    return (generator.random(lesions) < expit(intercept + slope * logits)).astype(int), expit(logits)


def test_the_observed_to_expected_ratio_of_an_example_by_hand():
    y_true, y_prob = np.array([1, 1, 0, 0, 0]), np.array([0.4, 0.2, 0.2, 0.1, 0.1])
    ratio, low, high = calibration_measures(y_true, y_prob, 0.95)["oe_ratio"]
    assert ratio == pytest.approx(2)
    # 12.7062: Student's quantile with one degree of freedom; residuals from twice the probabilities.
    factor = math.exp(12.7062 * math.sqrt(0.2**2 + 0.6**2 + 0.4**2 + 0.2**2 + 0.2**2) / 2)
    assert (low, high) == (pytest.approx(2 / factor, rel=1e-4), pytest.approx(2 * factor, rel=1e-4))


def test_intercept_and_slope_solve_the_likelihood_equations():
    y_true, y_prob = simulated(500, np.random.default_rng(1), 0.4, 0.7)
    measures = calibration_measures(y_true, y_prob, 0.95)
    logits = logit(y_prob)
    assert expit(logits + measures["intercept"].value).sum() == pytest.approx(y_true.sum())

    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logits[:, None], y_true)
    assert measures["slope"].value == pytest.approx(fitted.coef_[0, 0], rel=1e-5)


def test_the_measures_of_many_lesions_are_those_of_the_population():
    y_true, y_prob = simulated(200_000, np.random.default_rng(2), 0.0, 0.7)
    measures = calibration_measures(y_true, y_prob, 0.95)
    assert measures["slope"].value == pytest.approx(0.7, abs=0.02)
    too_high = expit(logit(y_prob) + 1)
    assert calibration_measures(y_true, too_high, 0.95)["intercept"].value == pytest.approx(
        measures["intercept"].value - 1
    )
    assert calibration_measures(y_true, too_high, 0.95)["oe_ratio"].value < measures["oe_ratio"].value


@pytest.mark.parametrize(
    ("y_true", "y_prob", "undefined"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], {"slope"}),  # separated
        ([1, 1, 0, 0], [0.1, 0.2, 0.2, 0.9], {"slope"}),  # separated in reverse, except for a tie
        ([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.3], {"slope"}),
        ([0, 1, 0, 1], 0.3 + 1e-10 * np.array([1, 2, 4, 3]), {"slope"}),  # almost equal
        ([0, 0, 0, 1], [0.1, 0.2, 0.7, 0.3], {"slope", "intercept", "oe_ratio"}),  # a single malignant lesion
        ([0, 0, 0, 0], [0.1, 0.2, 0.7, 0.3], {"slope", "intercept", "oe_ratio"}),
    ],
)
def test_undefined_measures_are_missing(y_true, y_prob, undefined):
    measures = calibration_measures(np.array(y_true), np.array(y_prob), 0.95)
    assert {name for name, bounded in measures.items() if np.isnan(bounded).any()} == undefined


def test_the_smooth_curve_is_the_true_curve_with_many_lesions():
    y_true, y_prob = simulated(100_000, np.random.default_rng(3), 0.4, 0.7)
    at = np.array([0.02, 0.1, 0.3, 0.5, 0.8, 0.95])
    curve = fit_curve(y_true, y_prob)
    assert curve.at(at) == pytest.approx(expit(0.4 + 0.7 * logit(at)), abs=0.02)
    low, high = curve.bounds(at, 0.95)
    assert (low < curve.at(at)).all()
    assert (curve.at(at) < high).all()


def test_the_smooth_curve_bends():
    generator = np.random.default_rng(4)
    logits = generator.normal(0, 1.5, 100_000)
    truth = expit(np.where(logits > 0, 0.4 * logits, 1.5 * logits))
    curve = fit_curve((generator.random(100_000) < truth).astype(int), expit(logits))
    assert np.abs(curve.at(expit(logits)) - truth).mean() < 0.015


def test_the_curve_is_linear_on_the_logit_scale_beyond_the_outer_knots():
    curve = fit_curve(*simulated(400, np.random.default_rng(5)))
    for end, side in ((curve.knots[0], -1), (curve.knots[2], 1)):
        beyond = logit(curve.at(expit(end + side * np.arange(4.0))))
        assert np.diff(beyond, 2) == pytest.approx(0, abs=1e-8)


def test_few_distinct_probabilities_have_a_curve_without_knots():
    curve = fit_curve(np.array([0, 1, 0, 1, 1]), np.array([0.2, 0.2, 0.2, 0.8, 0.2]))
    assert len(curve.knots) == 0
    for almost in (0, 1e-10):
        constant = fit_curve(np.array([0, 1, 0, 1]), 0.3 + almost * np.array([1, 2, 4, 3]))
        assert constant.at(np.array([0.3])) == pytest.approx(0.5)


def test_the_errors_are_distances_between_curve_and_diagonal():
    y_true, y_prob = simulated(100_000, np.random.default_rng(6), 0.4, 0.7)
    distances = np.abs(expit(0.4 + 0.7 * logit(y_prob)) - y_prob)
    errors = calibration_errors(y_true, y_prob)
    assert errors["ici"] == pytest.approx(distances.mean(), abs=0.005)
    assert errors["e50"] == pytest.approx(np.median(distances), abs=0.01)
    assert errors["e90"] == pytest.approx(np.quantile(distances, 0.9), abs=0.01)


def test_calibrated_probabilities_exceed_the_bound_by_chance_as_often_as_stated():
    generator = np.random.default_rng(7)
    exceeded = []
    for _ in range(200):
        y_true, y_prob = simulated(100, generator)
        chance = errors_by_chance(y_prob, 60, generator)
        exceeded.append(calibration_errors(y_true, y_prob)["ici"] > np.quantile(chance["ici"], 0.9))
    assert 0.05 < np.mean(exceeded) < 0.16
