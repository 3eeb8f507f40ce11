import numpy as np
import pytest

from dermoscopy.stats.intervals import bootstrap_interval, resample_lesions

LESION = np.array(["a", "a", "b", "c", "c", "c", "d", "e"], dtype=object)
LABEL = np.array([0, 0, 0, 1, 1, 1, 1, 0])


def test_a_lesion_is_drawn_with_all_its_photographs():
    draws = resample_lesions(LESION, LABEL, 50, np.random.default_rng(0))
    assert draws.shape == (50, 8)
    assert (draws[:, 0] == draws[:, 1]).all()
    assert (draws[:, 3] == draws[:, 5]).all()
    assert len(np.unique(draws[:, 0])) > 2


def test_every_draw_has_as_many_lesions_of_each_label():
    draws = resample_lesions(LESION, LABEL, 50, np.random.default_rng(0))
    assert (draws[:, [0, 2, 7]].sum(axis=1) == 3).all()
    assert (draws[:, [3, 6]].sum(axis=1) == 2).all()


def test_the_seed_decides():
    first, again, other = (resample_lesions(LESION, LABEL, 9, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_share_s_interval_keeps_from_its_walls():
    drawn = np.random.default_rng(1).binomial(40, 0.95, 2000) / 40
    low, high = bootstrap_interval(0.95, drawn, "proportion", 40, 0.95)
    assert 0 < low < 0.95 < high < 1
    assert 0.95 - low > high - 0.95


AT_A_WALL = [("proportion", 0.5), ("correlation", 0.3), ("loss", 0.4)]


@pytest.mark.parametrize(("scale", "value"), AT_A_WALL)
def test_far_from_walls_and_with_many_lesions_it_is_the_normal_one(scale, value):
    drawn = value + 0.001 * np.random.default_rng(1).normal(size=20_000)
    low, high = bootstrap_interval(value, drawn, scale, 10_000, 0.95)
    assert (low, high) == pytest.approx((value - 0.00196, value + 0.00196), abs=5e-5)


def test_few_lesions_widen_it():
    drawn = np.random.default_rng(1).normal(0.6, 0.05, 500)
    widths = [np.diff(bootstrap_interval(0.6, drawn, "proportion", lesions, 0.95))[0] for lesions in (5, 20, 1000)]
    assert widths[0] > widths[1] > widths[2]


AT_A_WALL = [("proportion", 1.0), ("proportion", 0.0), ("correlation", 1.0), ("loss", 0.0)]


@pytest.mark.parametrize(("scale", "value"), AT_A_WALL)
def test_at_a_wall_the_draws_know_nothing(scale, value):
    assert np.isnan(bootstrap_interval(value, np.full(9, value), scale, 40, 0.95)).all()


def test_undefined_has_no_interval_and_undefined_draws_are_left_out():
    drawn = np.random.default_rng(1).normal(0.6, 0.05, 500)
    assert np.isnan(bootstrap_interval(np.nan, drawn, "proportion", 40, 0.95)).all()
    assert np.isnan(bootstrap_interval(0.6, np.full(9, np.nan), "proportion", 40, 0.95)).all()
    assert np.isnan(bootstrap_interval(0.6, drawn, "proportion", 1, 0.95)).all()
    holes = np.concatenate([drawn, np.full(100, np.nan)])
    without = bootstrap_interval(0.6, drawn, "proportion", 40, 0.95)
    assert bootstrap_interval(0.6, holes, "proportion", 40, 0.95) == without
