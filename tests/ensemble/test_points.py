import numpy as np
import pytest
from scipy.stats import beta

from dermoscopy.ensemble.fit import POINTS
from dermoscopy.ensemble.thresholds import balanced, fix_points, rank, sensitive
from dermoscopy.stats.lesions import lesions
from tests.simulated import simulate


def test_the_rank_a_new_lesion_reaches():
    assert rank(9, 0.9) == 1  # of nine and a new one, the new one is the lowest one time in ten
    assert rank(8, 0.9) == 0
    assert rank(26, 0.9) == 2
    assert rank(99, 0.5) == 50


def test_the_threshold_is_one_of_the_scores_and_promises_at_least_what_is_asked():
    score = np.linspace(0.05, 0.95, 19)
    promise = sensitive(score, 0.9, 0.95)
    assert promise.threshold == pytest.approx(0.10)
    assert (score >= promise.threshold).mean() >= 0.9
    assert promise.mean == pytest.approx(18 / 20)
    assert (promise.low, promise.high) == pytest.approx(tuple(beta.ppf([0.025, 0.975], 18, 2)))


def test_too_few_to_promise_anything_and_everything_is_called_malignant():
    promise = sensitive(np.array([0.8, 0.9]), 0.9, 0.95)
    assert (promise.threshold, promise.mean) == (0, 1)


def test_best_balanced_accuracy():
    label = np.array([0, 0, 0, 1, 1])
    assert balanced(label, np.array([0.1, 0.2, 0.7, 0.6, 0.8])) == pytest.approx(0.4)
    assert balanced(label, np.array([0.1, 0.2, 0.3, 0.6, 0.8])) == pytest.approx(0.45)
    assert balanced(label, np.full(5, 0.5)) == 0.5  # everyone malignant is as good as nobody


def test_every_classifier_has_three_points_by_lesion(tmp_path):
    rows = simulate(80, np.random.default_rng(3), (2.0, 1.0))
    unit = lesions(rows)
    found = fix_points(unit, {name: (rows[name].to_numpy(), 0.4) for name in ("p0", "p1")}, 0.9)
    assert found["name"].tolist() == ["p0"] * 3 + ["p1"] * 3
    assert found["point"].tolist() == ["half", "balanced", "sensitive"] * 2
    one = found[found["name"] == "p0"].set_index("point")
    assert one.loc["half", "threshold"] == 0.4
    assert one.loc["sensitive", "sensitivity"] >= 0.9
    means = one[["sensitivity", "specificity"]].mean(axis=1)
    assert means["balanced"] == means.max()
    score = unit.mean(rows["p0"].to_numpy())
    assert one.loc["half", "specificity"] == pytest.approx((score[unit.label == 0] < 0.4).mean())
    assert one["promised"].notna().tolist() == [False, False, True]
    POINTS.write(found, tmp_path / "points.csv")
