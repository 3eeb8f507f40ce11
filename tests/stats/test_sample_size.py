"""Sample sizes against the published example of Riley et al. (2021), as computed by the package pmvalsampsize.

Heart valve failure: prevalence 0.018, ROC AUC 0.8, logits normal with mean -5 and standard deviation 2.5.
"""

import math

import numpy as np
import pytest
from scipy.special import expit

from dermoscopy.ensemble.calibration import from_logit
from dermoscopy.stats.roc import roc_aucs
from dermoscopy.stats.sample_size import (
    WIDTHS,
    lesions_for,
    oe_ratio_error,
    roc_auc_error,
    sample_size_rows,
    slope_error,
)

Z = 1.96  # as in the publication


def test_the_published_number_for_the_roc_auc():
    assert lesions_for(0.1, lambda lesions: 2 * Z * roc_auc_error(0.8, 0.018, lesions)) == 4252


def test_the_published_number_for_the_observed_to_expected_ratio():
    def width(lesions):
        error = oe_ratio_error(0.018, lesions)
        return math.exp(Z * error) - math.exp(-Z * error)

    # The package searches standard errors in steps of 0.0001 and gets 905.
    assert lesions_for(1.0, width) == 906


def test_the_published_number_for_the_calibration_slope():
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    logits = np.repeat(-5 + 2.5 * nodes, np.rint(1e6 * weights / weights.sum()).astype(int))
    # The package gets 4544 with a million simulated logits; their sampling error is about 0.4 %.
    assert lesions_for(0.2, lambda lesions: 2 * Z * slope_error(logits, lesions)) == pytest.approx(4544, rel=0.004)


def test_the_error_of_the_slope_is_the_standard_deviation_of_fitted_slopes():
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(1)
    slopes = []
    for _ in range(300):
        logits = generator.normal(-1, 1.5, 600)
        y_true = generator.random(600) < expit(logits)
        slopes.append(LogisticRegression(C=np.inf).fit(logits[:, None], y_true).coef_[0, 0])
    expected = slope_error(generator.normal(-1, 1.5, 100_000), 600)
    assert np.std(slopes) == pytest.approx(expected, rel=0.1)


def test_the_error_of_the_roc_auc_is_near_that_of_delong():
    generator = np.random.default_rng(2)
    y_true = np.repeat([0, 1], [700, 300])
    score = generator.normal(1.3 * y_true)
    roc = roc_aucs(y_true, score[None], np.arange(1000).astype(object))
    assert roc_auc_error(roc.aucs[0], 0.3, 1000) == pytest.approx(math.sqrt(roc.covariance[0, 0]), rel=0.05)


def test_the_needed_lesions_are_the_fewest_with_the_wanted_width():
    generator = np.random.default_rng(3)
    logits = generator.normal(-1, 2, 500)
    y_true = (generator.random(500) < from_logit(logits)).astype(int)
    z, prevalence = 1.959964, y_true.mean()
    widths = {
        "roc_auc": lambda lesions: 2 * z * roc_auc_error(0.85, prevalence, lesions),
        "oe_ratio": lambda lesions: 2 * math.sinh(z * oe_ratio_error(prevalence, lesions)),
        "slope": lambda lesions: 2 * z * slope_error(logits, lesions),
    }
    for row in sample_size_rows(y_true, from_logit(logits), 0.85, 0.95).itertuples():
        expected = widths[row.metric]
        assert expected(row.needed) <= row.width < expected(row.needed - 1)
        assert row.expected == pytest.approx(expected(500))


def test_undefined_numbers_are_missing():
    one_label = sample_size_rows(np.zeros(9, dtype=int), np.full(9, 0.2), math.nan, 0.95)
    assert one_label["metric"].tolist() == list(WIDTHS)
    assert one_label[["needed", "expected"]].isna().all(axis=None)
    assert math.isnan(roc_auc_error(1.0, 0.3, 100))
