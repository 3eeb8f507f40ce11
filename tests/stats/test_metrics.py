from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from dermoscopy.core.metrics import MALIGNANT, average_precision, confusion, log_loss, roc_auc
from dermoscopy.stats.metrics import METRICS, ROWS, Metric

GENERATOR = np.random.default_rng(3)
Y_TRUE = GENERATOR.integers(0, 2, 200)
Y_PROB = np.round(0.3 * Y_TRUE + 0.7 * GENERATOR.random(200), 2)  # with ties
WEIGHTS = np.vstack([np.ones(200), GENERATOR.integers(0, 4, (5, 200))]).astype(float)


def by_scikit_learn(weights: np.ndarray) -> dict[str, float]:
    y_pred, given = Y_PROB >= 0.4, {"sample_weight": weights}
    return {
        "sensitivity": reference.recall_score(Y_TRUE, y_pred, **given),
        "specificity": reference.recall_score(1 - Y_TRUE, ~y_pred, **given),
        "ppv": reference.precision_score(Y_TRUE, y_pred, **given),
        "npv": reference.precision_score(1 - Y_TRUE, ~y_pred, **given),
        "accuracy": reference.accuracy_score(Y_TRUE, y_pred, **given),
        "balanced_accuracy": reference.balanced_accuracy_score(Y_TRUE, y_pred, **given),
        "f1": reference.f1_score(Y_TRUE, y_pred, **given),
        "mcc": reference.matthews_corrcoef(Y_TRUE, y_pred, **given),
        "roc_auc": reference.roc_auc_score(Y_TRUE, Y_PROB, **given),
        "average_precision": reference.average_precision_score(Y_TRUE, Y_PROB, **given),
        "log_loss": reference.log_loss(Y_TRUE, Y_PROB, **given),
        "brier": reference.brier_score_loss(Y_TRUE, Y_PROB, **given),
    }


def test_every_metric_equals_scikit_learns_in_every_resample():
    needed = {"score": Y_PROB, "probability": Y_PROB, "predictions": Y_PROB >= 0.4}
    values = {
        name: metric.function(Y_TRUE, needed[metric.needs], WEIGHTS)
        for name, metric in METRICS.items()
        if name != "roc_auc_within"
    }
    for resample, weights in enumerate(WEIGHTS):
        expected = by_scikit_learn(weights)
        assert {metric: value[resample] for metric, value in values.items()} == pytest.approx(expected, abs=1e-12)
    unweighted = {name: METRICS[name].function(Y_TRUE, needed[METRICS[name].needs]) for name in values}
    assert unweighted == pytest.approx(by_scikit_learn(WEIGHTS[0]), abs=1e-12)


def test_undefined_metrics_are_nan_without_a_warning():
    weights_of_one = np.ones((1, 2))
    all_benign = confusion(np.array([0, 1]), np.array([False, False]), weights_of_one)
    assert np.isnan(all_benign.ppv[0])
    assert np.isnan(all_benign.mcc[0])
    assert (all_benign.sensitivity[0], all_benign.npv[0]) == (0, 0.5)
    benign = confusion(np.array([0, 0]), np.array([False, True]), weights_of_one)
    assert np.isnan(benign.sensitivity[0])
    assert np.isnan(benign.balanced_accuracy[0])
    for ranking in (roc_auc, average_precision):
        assert np.isnan(ranking(np.zeros(3, int), np.array([1.0, 2, 2]), np.ones((4, 3)))).all()


def test_log_loss_of_certainty_is_finite():
    loss = log_loss(np.array([1, 0]), np.array([0.0, 0.0]), np.array([[1.0, 0], [0, 1]]))
    assert loss.tolist() == pytest.approx([36.04, 0], abs=0.01)


ROW = METRICS["mcc"]


@pytest.mark.parametrize("field", ["name", "title", "needs", "scale", "interval"])
def test_a_metric_without_scale_interval_or_title_is_refused(field: str):
    with pytest.raises(ValueError, match=field):
        replace(ROW, **{field: ""})
    rest = {each.name: getattr(ROW, each.name) for each in fields(ROW) if each.name != field}
    with pytest.raises(TypeError, match=field):
        Metric(**rest)


def test_a_proportion_without_counted_cells_is_refused():
    with pytest.raises(ValueError, match="counted"):
        replace(METRICS["sensitivity"], counted=())


def test_counted_cells_without_a_proportion_are_refused():
    with pytest.raises(ValueError, match="invalid counted"):
        replace(ROW, counted=MALIGNANT)


@pytest.mark.parametrize(
    ("row", "changes", "field"),
    [
        ("roc_auc", {"function": average_precision}, "interval"),
        ("roc_auc", {"needs": "predictions"}, "needs"),
        ("ppv", {"name": "predicted"}, "interval"),
        ("ppv", {"needs": "probability"}, "needs"),
        ("sensitivity", {"needs": "score"}, "needs"),
    ],
)
def test_an_interval_of_other_metrics_is_refused(row: str, changes: dict[str, Any], field: str):
    with pytest.raises(ValueError, match=f"invalid {field}$"):
        replace(METRICS[row], **changes)


def test_names_and_titles_are_unique():
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS) == len(ROWS)


def test_roc_auc_is_the_exact_count_of_pairs():
    score = np.round(Y_PROB, 1)
    malignant, benign = score[Y_TRUE == 1][:, None], score[Y_TRUE == 0]
    pairs = 2 * (malignant > benign).sum() + (malignant == benign).sum()
    exact = Fraction(int(pairs), 2 * malignant.size * benign.size)
    assert roc_auc(Y_TRUE, score) == roc_auc(Y_TRUE, score, WEIGHTS)[0] == float(exact)
