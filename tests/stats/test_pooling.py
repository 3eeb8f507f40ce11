import numpy as np
import pytest

from dermoscopy.stats.pooling import pool, variance_between

# Trials of the BCG vaccine (Colditz et al. 1994): cases and others of the vaccinated, cases and others of the controls.
BCG = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ]
)


@pytest.fixture
def bcg() -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the risk ratios and their variances."""
    cases, others, control_cases, control_others = BCG.T
    vaccinated, controls = cases + others, control_cases + control_others
    ratios = np.log(cases / vaccinated) - np.log(control_cases / controls)
    return ratios, 1 / cases - 1 / vaccinated + 1 / control_cases - 1 / controls


def test_pooled_value_and_variance_of_a_published_example(bcg) -> None:
    # R's metafor, rma(method="PM"): tau^2 0.3181. The fixed-effect value is -0.4303, that of REML -0.7145.
    pooled = pool(*bcg, confidence=0.95)
    assert pooled.between**2 == pytest.approx(0.3181, abs=5e-5)
    assert pooled.value == pytest.approx(-0.7150, abs=5e-5)


def test_the_variance_between_sources_has_the_interval_of_the_q_profile_method(bcg) -> None:
    from scipy.stats import chi2

    # R's metafor, confint(rma(...)) of the same data: 0.1197 to 1.1115.
    low, high = variance_between(*bcg, chi2.ppf([0.975, 0.025], 12))
    assert (low, high) == pytest.approx((0.1197, 1.1115), abs=5e-5)


def test_equal_sources_give_an_interval_as_wide_as_their_variance_allows() -> None:
    values, variances = np.full(4, 1.5), np.full(4, 0.04)
    pooled = pool(values, variances, confidence=0.95)
    assert (pooled.value, pooled.between) == pytest.approx((1.5, 0.0))
    assert (pooled.low, pooled.high) == pytest.approx((1.5 - 1.96 * 0.1, 1.5 + 1.96 * 0.1), abs=0.001)


def test_a_new_source_is_less_certain_than_the_mean(bcg) -> None:
    pooled = pool(*bcg, confidence=0.95)
    assert pooled.new_low < pooled.low < pooled.value < pooled.high < pooled.new_high
    wider = pool(*bcg, confidence=0.99)
    assert wider.new_low < pooled.new_low
    assert wider.high > pooled.high


@pytest.mark.slow
@pytest.mark.parametrize(("between", "most"), [(0.0, 1.0), (0.2, 0.98), (0.5, 0.97)])
def test_coverage_with_four_sources_of_unequal_size(between: float, most: float) -> None:
    # Without a variance between sources both intervals are too wide: four values cannot show that there is none.
    random, deviations, samples = np.random.default_rng(1), np.array([0.06, 0.06, 0.28, 0.17]), 600
    covered = np.zeros(2)
    for _ in range(samples):
        values = 0.9 + between * random.standard_normal(4) + deviations * random.standard_normal(4)
        new = 0.9 + between * random.standard_normal()
        pooled = pool(values, deviations**2, confidence=0.95)
        covered += pooled.low < 0.9 < pooled.high, pooled.new_low < new < pooled.new_high
    assert (covered / samples > 0.93).all(), covered / samples
    assert (covered / samples <= most).all(), covered / samples
