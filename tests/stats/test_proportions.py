import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest

from dermoscopy.stats.intervals import paired_interval, wilson_interval


@pytest.mark.parametrize(("count", "total"), [(0, 12), (7, 12), (12, 12), (200, 272)])
def test_wilson_interval_equals_scipys(count, total):
    expected = binomtest(count, total).proportion_ci(0.95, method="wilson")
    assert wilson_interval(count, total, 0.95) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_without_lesions_there_is_no_interval():
    assert np.isnan(wilson_interval(0, 0, 0.95)).all()
    assert np.isnan(paired_interval(0, 0, 0, 0.95)).all()


@pytest.mark.parametrize(("first", "second", "total"), [(12, 3, 100), (0, 1, 44), (5, 5, 30)])
def test_a_paired_interval_ends_where_the_score_test_rejects(first, second, total):
    """The likelihood under a difference is maximised by search instead of Tango's formula."""
    for bound in paired_interval(first, second, total, 0.95):
        lowest, highest = max(0.0, -bound), (1 - abs(bound)) / 2 + max(0.0, -bound)

        def negative_log_likelihood(proportion: float, bound: float = bound) -> float:
            terms = (
                (first, proportion + bound),
                (second, proportion),
                (total - first - second, 1 - 2 * proportion - bound),
            )
            return -sum(count * np.log(max(probability, 1e-300)) for count, probability in terms if count)

        proportion = minimize_scalar(
            negative_log_likelihood, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-12}
        ).x
        score = (first - second - total * bound) / np.sqrt(total * (2 * proportion + bound * (1 - bound)))
        assert abs(score) == pytest.approx(1.959964, abs=1e-3)


def test_swapping_the_proportions_negates_the_paired_interval():
    low, high = paired_interval(12, 3, 100, 0.95)
    assert low < 0.09 < high
    assert paired_interval(3, 12, 100, 0.95) == pytest.approx((-high, -low))


def test_without_discordant_lesions_the_paired_interval_depends_on_their_number():
    z_squared = 1.959964**2
    low, high = paired_interval(0, 0, 20, 0.95)
    assert (low, high) == pytest.approx((-z_squared / (20 + z_squared), z_squared / (20 + z_squared)), abs=1e-6)
    assert paired_interval(20, 0, 20, 0.95)[1] == 1


def test_a_paired_interval_holds_the_difference_for_all_counts():
    for total in (1, 2, 14, 40):
        for only_first in range(total + 1):
            for only_second in range(total - only_first + 1):
                low, high = paired_interval(only_first, only_second, total, 0.95)
                assert -1 <= low <= (only_first - only_second) / total <= high <= 1
