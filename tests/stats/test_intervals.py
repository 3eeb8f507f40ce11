import numpy as np
import pytest

from dermoscopy.stats.intervals import bootstrap_interval, resample_lesions

LESION = np.array(["a", "a", "b", "c", "c", "c", "d", "e"], dtype=object)
LABEL = np.array([0, 0, 0, 1, 1, 1, 1, 0])


def test_lesions_are_resampled_with_all_their_images():
    resamples = resample_lesions(LESION, LABEL, 50, np.random.default_rng(0))
    assert resamples.shape == (50, 8)
    assert (resamples[:, 0] == resamples[:, 1]).all()
    assert (resamples[:, 3] == resamples[:, 5]).all()
    assert len(np.unique(resamples[:, 0])) > 2


def test_every_resample_has_as_many_lesions_of_each_label():
    resamples = resample_lesions(LESION, LABEL, 50, np.random.default_rng(0))
    assert (resamples[:, [0, 2, 7]].sum(axis=1) == 3).all()
    assert (resamples[:, [3, 6]].sum(axis=1) == 2).all()


def test_resamples_depend_on_the_seed():
    first, same_seed, other_seed = (
        resample_lesions(LESION, LABEL, 9, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (first == same_seed).all()
    assert (first != other_seed).any()


def test_the_interval_of_a_proportion_stays_within_0_and_1():
    resampled = np.random.default_rng(1).binomial(40, 0.95, 2000) / 40
    low, high = bootstrap_interval(0.95, resampled, "proportion", 40, 0.95)
    assert 0 < low < 0.95 < high < 1
    assert 0.95 - low > high - 0.95


INSIDE = [("proportion", 0.5), ("correlation", 0.3), ("loss", 0.4)]


@pytest.mark.parametrize(("scale", "value"), INSIDE)
def test_with_many_lesions_and_a_small_error_the_interval_is_the_normal_one(scale, value):
    resampled = value + 0.001 * np.random.default_rng(1).normal(size=20_000)
    low, high = bootstrap_interval(value, resampled, scale, 10_000, 0.95)
    assert (low, high) == pytest.approx((value - 0.00196, value + 0.00196), abs=5e-5)


def test_few_lesions_widen_the_interval():
    resampled = np.random.default_rng(1).normal(0.6, 0.05, 500)
    widths = [np.diff(bootstrap_interval(0.6, resampled, "proportion", lesions, 0.95))[0] for lesions in (5, 20, 1000)]
    assert widths[0] > widths[1] > widths[2]


AT_THE_BOUNDARY = [("proportion", 1.0), ("proportion", 0.0), ("correlation", 1.0), ("loss", 0.0)]


@pytest.mark.parametrize(("scale", "value"), AT_THE_BOUNDARY)
def test_at_the_boundary_there_is_no_bootstrap_interval(scale, value):
    assert np.isnan(bootstrap_interval(value, np.full(9, value), scale, 40, 0.95)).all()


def test_an_undefined_metric_has_no_interval_and_nan_resamples_are_ignored():
    resampled = np.random.default_rng(1).normal(0.6, 0.05, 500)
    assert np.isnan(bootstrap_interval(np.nan, resampled, "proportion", 40, 0.95)).all()
    assert np.isnan(bootstrap_interval(0.6, np.full(9, np.nan), "proportion", 40, 0.95)).all()
    assert np.isnan(bootstrap_interval(0.6, resampled, "proportion", 1, 0.95)).all()
    with_nan = np.concatenate([resampled, np.full(100, np.nan)])
    without_nan = bootstrap_interval(0.6, resampled, "proportion", 40, 0.95)
    assert bootstrap_interval(0.6, with_nan, "proportion", 40, 0.95) == without_nan
