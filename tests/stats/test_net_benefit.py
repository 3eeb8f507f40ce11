import numpy as np
import pytest

from dermoscopy.core.metrics import Confusion, confusion
from dermoscopy.stats.intervals import wilson_interval
from dermoscopy.stats.net_benefit import net_benefit, net_benefit_interval, net_benefit_of_all


def reference(y_true, y_prob, threshold):
    """The same by counting one patient after the other: a true positive gains 1, a false one costs the odds."""
    total = 0.0
    for label, probability in zip(y_true, y_prob, strict=True):
        if probability >= threshold:
            total += 1.0 if label else -threshold / (1.0 - threshold)
    return total / len(y_true)


def test_the_published_formula_on_an_example_by_hand():
    # 100 lesions, 30 malignant; 24 true and 14 false positives: 24 / 100 - 14 / 100 * 0.2 / 0.8 = 0.205
    y_true = np.repeat([1, 0], [30, 70])
    y_prob = np.repeat([0.9, 0.1, 0.2, 0.1], [24, 6, 14, 56])  # a lesion at the threshold is predicted malignant
    assert net_benefit(y_true, y_prob, 0.2) == pytest.approx(0.205)
    # All: 30 / 100 - 70 / 100 / 4
    assert net_benefit_of_all(y_true, 0.2) == pytest.approx(0.125)
    assert net_benefit(y_true, np.ones(100), 0.2) == pytest.approx(0.125)
    assert net_benefit(y_true, np.zeros(100), 0.2) == 0


def test_net_benefit_equals_the_reference_at_all_thresholds():
    generator = np.random.default_rng(1)
    y_true = generator.integers(0, 2, 200)
    y_prob = np.round(generator.random(200), 2)  # some are equal to a threshold
    for threshold in np.arange(1, 100) / 100:
        assert net_benefit(y_true, y_prob, threshold) == pytest.approx(reference(y_true, y_prob, threshold))


def test_a_resample_is_a_split_with_repeated_lesions():
    y_true, y_prob = np.array([1, 0, 1, 0]), np.array([0.8, 0.7, 0.2, 0.1])
    times = np.array([[2, 1, 0, 1], [1, 1, 1, 1]])
    repeated = np.repeat(np.arange(4), times[0])
    values = net_benefit(y_true, y_prob, 0.5, times.astype(float))
    assert values.tolist() == pytest.approx(
        [net_benefit(y_true[repeated], y_prob[repeated], 0.5), net_benefit(y_true, y_prob, 0.5)]
    )


def test_the_treat_all_curve_is_zero_at_the_prevalence():
    assert net_benefit_of_all(np.array([1, 0, 0, 0]), 0.25) == pytest.approx(0)


def test_the_interval_has_the_value_of_the_net_benefit():
    generator = np.random.default_rng(2)
    y_true, y_prob = generator.integers(0, 2, 50), generator.random(50)
    for threshold in (0.1, 0.5, 0.9):
        bounded = net_benefit_interval(confusion(y_true, y_prob >= threshold), threshold, 0.95)
        assert bounded.value == pytest.approx(net_benefit(y_true, y_prob, threshold))
        assert bounded.low < bounded.value < bounded.high


def test_without_a_false_positive_the_upper_bound_is_that_of_the_sensitivity():
    low, high = wilson_interval(8, 10, 0.95)
    bounded = net_benefit_interval(Confusion(tn=10, fp=0, fn=2, tp=8), 0.5, 0.95)
    assert bounded.value == pytest.approx(0.4)
    assert bounded.high == pytest.approx(high / 2)
    assert bounded.low < low / 2  # the false positive rate may be above 0


def test_without_a_missed_lesion_the_interval_is_not_a_point():
    bounded = net_benefit_interval(Confusion(tn=0, fp=10, fn=0, tp=10), 0.05, 0.95)
    assert bounded.low < bounded.value < bounded.high


@pytest.mark.parametrize("counts", [Confusion(tn=3, fp=2, fn=0, tp=0), Confusion(tn=0, fp=0, fn=2, tp=3)])
def test_with_one_label_there_is_no_interval(counts):
    assert np.isnan(net_benefit_interval(counts, 0.5, 0.95)).all()
