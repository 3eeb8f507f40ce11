import itertools

import numpy as np
import pytest

from dermoscopy.core.metrics import Confusion
from dermoscopy.stats.intervals import predictive_values

COUNTS = Confusion(tn=80, fp=20, fn=4, tp=36)


def test_predictive_values_follow_bayes_rule():
    # Of 1,000 lesions 50 are malignant: 45 true positives; of 950 benign lesions 190 are false positives.
    found = predictive_values(COUNTS, 0.05, 0.95)
    assert found["ppv"].value == pytest.approx(45 / (45 + 190))
    assert found["npv"].value == pytest.approx(760 / (760 + 5))


def test_at_the_prevalence_of_the_counts_predictive_values_are_those_of_the_counts():
    found = predictive_values(COUNTS, 40 / 140, 0.95)
    assert (found["ppv"].value, found["npv"].value) == pytest.approx((36 / 56, 80 / 84))


@pytest.mark.parametrize("prevalence", [0.01, 0.05, 0.2])
def test_the_value_is_within_its_interval(prevalence):
    for bounded in predictive_values(COUNTS, prevalence, 0.95).values():
        assert 0 < bounded.low < bounded.value < bounded.high < 1


def test_without_errors_the_interval_is_defined():
    perfect = predictive_values(Confusion(tn=100, fp=0, fn=0, tp=40), 0.2, 0.95)
    for bounded in perfect.values():
        assert bounded.value == bounded.high == 1
        assert 0.5 < bounded.low < 1


def test_without_positive_predictions_the_ppv_is_undefined():
    found = predictive_values(Confusion(tn=100, fp=0, fn=40, tp=0), 0.2, 0.95)
    assert np.isnan(found["ppv"]).all()
    assert found["npv"].value == pytest.approx(0.8)


def test_with_one_label_only_predictive_values_are_undefined():
    assert np.isnan(predictive_values(Confusion(tn=3, fp=1, fn=0, tp=0), 0.2, 0.95)["npv"]).all()


def test_the_value_is_within_its_interval_at_the_boundary():
    for benign, correct in itertools.product(range(20, 400), (0, 1, 3, 9, 10)):
        for counts in (Confusion(benign, 0, 10 - correct, correct), Confusion(correct, 10 - correct, 0, benign)):
            for bounded in predictive_values(counts, 0.05, 0.95).values():
                assert np.isnan(bounded.value) or bounded.low <= bounded.value <= bounded.high, counts
