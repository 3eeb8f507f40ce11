import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest

from dermoscopy.stats.intervals import paired_interval, wilson_interval


@pytest.mark.parametrize(("part", "whole"), [(0, 12), (7, 12), (12, 12), (200, 272)])
def test_wilson_is_scipy_s(part, whole):
    expected = binomtest(part, whole).proportion_ci(0.95, method="wilson")
    assert wilson_interval(part, whole, 0.95) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_no_lesion_no_interval():
    assert np.isnan(wilson_interval(0, 0, 0.95)).all()
    assert np.isnan(paired_interval(0, 0, 0, 0.95)).all()


@pytest.mark.parametrize(("first", "second", "whole"), [(12, 3, 100), (0, 1, 44), (5, 5, 30)])
def test_a_paired_interval_ends_where_the_score_test_refuses(first, second, whole):
    """With the likelihood under a given difference maximised by search, not by Tango's formula."""
    for bound in paired_interval(first, second, whole, 0.95):
        lowest, highest = max(0.0, -bound), (1 - abs(bound)) / 2 + max(0.0, -bound)

        def surprise(share: float, bound: float = bound) -> float:
            terms = ((first, share + bound), (second, share), (whole - first - second, 1 - 2 * share - bound))
            return -sum(count * np.log(max(chance, 1e-300)) for count, chance in terms if count)

        share = minimize_scalar(surprise, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-12}).x
        score = (first - second - whole * bound) / np.sqrt(whole * (2 * share + bound * (1 - bound)))
        assert abs(score) == pytest.approx(1.959964, abs=1e-3)


def test_a_paired_interval_turns_round_with_the_pair():
    low, high = paired_interval(12, 3, 100, 0.95)
    assert low < 0.09 < high
    assert paired_interval(3, 12, 100, 0.95) == pytest.approx((-high, -low))


def test_nobody_differs_says_little_of_few_lesions():
    z_squared = 1.959964**2
    low, high = paired_interval(0, 0, 20, 0.95)
    assert (low, high) == pytest.approx((-z_squared / (20 + z_squared), z_squared / (20 + z_squared)), abs=1e-6)
    assert paired_interval(20, 0, 20, 0.95)[1] == 1


def test_a_paired_interval_ends_everywhere():
    for whole in (1, 2, 14, 40):
        for only_first in range(whole + 1):
            for only_second in range(whole - only_first + 1):
                low, high = paired_interval(only_first, only_second, whole, 0.95)
                assert -1 <= low <= (only_first - only_second) / whole <= high <= 1
