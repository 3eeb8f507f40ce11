import numpy as np
import pytest
from scipy.stats import beta

from dermoscopy.ensemble.thresholds import (
    POINTS,
    balanced_threshold,
    conformal_rank,
    fit_operating_points,
    sensitive_threshold,
)
from dermoscopy.stats.lesions import by_lesion
from tests.simulated import simulate


def test_conformal_rank_is_an_order_statistic():
    assert conformal_rank(9, 0.9) == 1  # of ten scores, the new one is the lowest with probability 0.1
    assert conformal_rank(8, 0.9) == 0
    assert conformal_rank(26, 0.9) == 2
    assert conformal_rank(99, 0.5) == 50


def test_the_sensitive_threshold_is_a_score_and_its_expected_sensitivity_is_at_least_as_wanted():
    score = np.linspace(0.05, 0.95, 19)
    expected = sensitive_threshold(score, 0.9, 0.95)
    assert expected.threshold == pytest.approx(0.10)
    assert (score >= expected.threshold).mean() >= 0.9
    assert expected.mean == pytest.approx(18 / 20)
    assert (expected.low, expected.high) == pytest.approx(tuple(beta.ppf([0.025, 0.975], 18, 2)))


def test_with_too_few_lesions_all_are_predicted_malignant():
    expected = sensitive_threshold(np.array([0.8, 0.9]), 0.9, 0.95)
    assert (expected.threshold, expected.mean) == (0, 1)


def test_the_balanced_threshold_has_the_highest_balanced_accuracy():
    y_true = np.array([0, 0, 0, 1, 1])
    assert balanced_threshold(y_true, np.array([0.1, 0.2, 0.7, 0.6, 0.8])) == pytest.approx(0.4)
    assert balanced_threshold(y_true, np.array([0.1, 0.2, 0.3, 0.6, 0.8])) == pytest.approx(0.45)
    assert balanced_threshold(y_true, np.full(5, 0.5)) == 0.5  # predicting all malignant is as good as none


def test_every_classifier_has_three_operating_points_by_lesion(tmp_path):
    rows = simulate(80, np.random.default_rng(3), (2.0, 1.0))
    unit = by_lesion(rows)
    found = fit_operating_points(unit, {name: (rows[name].to_numpy(), 0.4) for name in ("p0", "p1")}, 0.9)
    assert found["name"].tolist() == ["p0"] * 3 + ["p1"] * 3
    assert found["point"].tolist() == ["half", "balanced", "sensitive"] * 2
    of_first = found[found["name"] == "p0"].set_index("point")
    assert of_first.loc["half", "threshold"] == 0.4
    assert of_first.loc["sensitive", "sensitivity"] >= 0.9
    means = of_first[["sensitivity", "specificity"]].mean(axis=1)
    assert means["balanced"] == means.max()
    score = unit.mean(rows["p0"].to_numpy())
    assert of_first.loc["half", "specificity"] == pytest.approx((score[unit.label == 0] < 0.4).mean())
    assert of_first["expected_sensitivity"].notna().tolist() == [False, False, True]
    POINTS.write(found, tmp_path / "points.csv")
