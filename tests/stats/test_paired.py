import numpy as np
import pytest
from scipy.stats import ttest_rel

from dermoscopy.core.metrics import log_losses
from dermoscopy.stats.lesions import by_image, by_lesion
from dermoscopy.stats.paired import ThresholdedScores, compare, delong, mcnemar
from tests.simulated import simulate

ROWS = simulate(90, np.random.default_rng(6), (2.0, 1.0))
FIRST, SECOND = (ThresholdedScores(ROWS[name].to_numpy(), 0.5) for name in ("p0", "p1"))


def test_every_metric_has_its_paired_test():
    tests = {(test.unit, test.metric): test.test for test in compare(ROWS, FIRST, SECOND, 0.95)}
    assert tests == {
        ("lesion", "roc_auc"): "DeLong",
        ("image", "roc_auc"): "Obuchowski",
        ("lesion", "sensitivity"): "McNemar",
        ("lesion", "specificity"): "McNemar",
        ("lesion", "accuracy"): "McNemar",
        ("lesion", "log_loss"): "paired t",
        ("lesion", "brier"): "paired t",
    }


def test_swapping_the_classifiers_negates_the_difference():
    for test, swapped in zip(compare(ROWS, FIRST, SECOND, 0.95), compare(ROWS, SECOND, FIRST, 0.95), strict=True):
        assert (test.difference, test.low, test.high) == pytest.approx(
            (-swapped.difference, -swapped.high, -swapped.low)
        )
        assert test.p == pytest.approx(swapped.p)


def test_a_classifier_does_not_differ_from_itself():
    for test in compare(ROWS, FIRST, FIRST, 0.95):
        assert (test.difference, test.p) == (0, 1)


def test_delong_finds_a_difference_and_its_interval_excludes_0():
    test = delong(by_lesion(ROWS), FIRST, SECOND, 0.95)
    assert test.p < 0.05
    assert 0 < test.low < test.difference < test.high


def test_mcnemar_counts_discordant_lesions():
    unit = by_lesion(ROWS)
    correct = [(unit.mean(scores.y_prob) >= 0.5) == (unit.label == 1) for scores in (FIRST, SECOND)]
    accuracy = next(test for test in mcnemar(unit, FIRST, SECOND, 0.95) if test.metric == "accuracy")
    assert accuracy.first == correct[0].mean()
    only_first, only_second = (correct[0] & ~correct[1]).sum(), (correct[1] & ~correct[0]).sum()
    flips = np.random.default_rng(1).binomial(only_first + only_second, 0.5, 200_000)
    distance = np.abs(flips - (only_first + only_second) / 2)
    assert accuracy.p == pytest.approx((distance >= abs(only_first - only_second) / 2).mean(), abs=0.005)


def test_losses_are_compared_by_scipys_paired_t_test():
    unit = by_lesion(ROWS)
    found = next(test for test in compare(ROWS, FIRST, SECOND, 0.95) if test.metric == "log_loss")
    losses = [log_losses(unit.label, unit.mean(scores.y_prob)) for scores in (FIRST, SECOND)]
    expected = ttest_rel(*losses)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_with_one_label_only_differences_are_undefined():
    benign = ROWS[ROWS["label"] == 0].reset_index(drop=True)
    scores = [ThresholdedScores(benign[name].to_numpy(), 0.5) for name in ("p0", "p1")]
    test = delong(by_image(benign), *scores, 0.95)
    assert np.isnan([test.difference, test.low, test.high, test.p]).all()
    sensitivity = next(test for test in compare(benign, *scores, 0.95) if test.metric == "sensitivity")
    assert np.isnan(sensitivity.difference)
