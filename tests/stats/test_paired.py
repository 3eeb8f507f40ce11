import numpy as np
import pytest
from scipy.stats import ttest_rel

from dermoscopy.core.metrics import log_losses
from dermoscopy.stats.lesions import images, lesions
from dermoscopy.stats.paired import Calls, compare, delong, mcnemar
from tests.simulated import simulate

ROWS = simulate(90, np.random.default_rng(6), (2.0, 1.0))
FIRST, SECOND = (Calls(ROWS[name].to_numpy(), 0.5) for name in ("p0", "p1"))


def test_every_difference_has_its_test():
    found = {(one.unit, one.metric): one.test for one in compare(ROWS, FIRST, SECOND, 0.95)}
    assert found == {
        ("lesion", "roc_auc"): "DeLong",
        ("image", "roc_auc"): "Obuchowski",
        ("lesion", "sensitivity"): "McNemar",
        ("lesion", "specificity"): "McNemar",
        ("lesion", "accuracy"): "McNemar",
        ("lesion", "log_loss"): "paired t",
        ("lesion", "brier"): "paired t",
    }


def test_a_difference_turns_round_with_the_pair():
    for one, other in zip(compare(ROWS, FIRST, SECOND, 0.95), compare(ROWS, SECOND, FIRST, 0.95), strict=True):
        assert (one.difference, one.low, one.high) == pytest.approx((-other.difference, -other.high, -other.low))
        assert one.p == pytest.approx(other.p)


def test_the_same_twice_is_no_difference():
    for one in compare(ROWS, FIRST, FIRST, 0.95):
        assert (one.difference, one.p) == (0, 1)


def test_a_difference_is_found_and_its_interval_leaves_nothing_out():
    one = delong(lesions(ROWS), FIRST, SECOND, 0.95)
    assert one.p < 0.05
    assert 0 < one.low < one.difference < one.high


def test_mcnemar_counts_lesions_that_differ():
    unit = lesions(ROWS)
    right = [(unit.mean(one.probability) >= 0.5) == (unit.label == 1) for one in (FIRST, SECOND)]
    accuracy = next(one for one in mcnemar(unit, FIRST, SECOND, 0.95) if one.metric == "accuracy")
    assert accuracy.first == right[0].mean()
    only_first, only_second = (right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum()
    flips = np.random.default_rng(1).binomial(only_first + only_second, 0.5, 200_000)
    distance = np.abs(flips - (only_first + only_second) / 2)
    assert accuracy.p == pytest.approx((distance >= abs(only_first - only_second) / 2).mean(), abs=0.005)


def test_losses_are_compared_as_by_scipy():
    unit = lesions(ROWS)
    found = next(one for one in compare(ROWS, FIRST, SECOND, 0.95) if one.metric == "log_loss")
    each = [log_losses(unit.label, unit.mean(one.probability)) for one in (FIRST, SECOND)]
    expected = ttest_rel(*each)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_where_a_label_is_missing_nothing_is_told():
    benign = ROWS[ROWS["label"] == 0].reset_index(drop=True)
    calls = [Calls(benign[name].to_numpy(), 0.5) for name in ("p0", "p1")]
    one = delong(images(benign), *calls, 0.95)
    assert np.isnan([one.difference, one.low, one.high, one.p]).all()
    sensitivity = next(found for found in compare(benign, *calls, 0.95) if found.metric == "sensitivity")
    assert np.isnan(sensitivity.difference)
