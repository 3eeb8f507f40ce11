from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest
from sklearn import metrics as reference

from dermoscopy.core.metrics import average_precision, confusion, log_loss, roc_auc
from dermoscopy.stats.metrics import METRICS, ROWS, Metric

GENERATOR = np.random.default_rng(3)
LABEL = GENERATOR.integers(0, 2, 200)
PROBABILITY = np.round(0.3 * LABEL + 0.7 * GENERATOR.random(200), 2)  # with ties
WEIGHTS = np.vstack([np.ones(200), GENERATOR.integers(0, 4, (5, 200))]).astype(float)


def of_scikit_learn(weights: np.ndarray) -> dict[str, float]:
    called, given = PROBABILITY >= 0.4, {"sample_weight": weights}
    return {
        "sensitivity": reference.recall_score(LABEL, called, **given),
        "specificity": reference.recall_score(1 - LABEL, ~called, **given),
        "ppv": reference.precision_score(LABEL, called, **given),
        "npv": reference.precision_score(1 - LABEL, ~called, **given),
        "accuracy": reference.accuracy_score(LABEL, called, **given),
        "balanced_accuracy": reference.balanced_accuracy_score(LABEL, called, **given),
        "f1": reference.f1_score(LABEL, called, **given),
        "mcc": reference.matthews_corrcoef(LABEL, called, **given),
        "roc_auc": reference.roc_auc_score(LABEL, PROBABILITY, **given),
        "average_precision": reference.average_precision_score(LABEL, PROBABILITY, **given),
        "log_loss": reference.log_loss(LABEL, PROBABILITY, **given),
        "brier": reference.brier_score_loss(LABEL, PROBABILITY, **given),
    }


def test_every_metric_equals_scikit_learns_in_every_draw():
    needed = {"score": PROBABILITY, "probability": PROBABILITY, "predictions": PROBABILITY >= 0.4}
    values = {name: metric.function(LABEL, needed[metric.needs], WEIGHTS) for name, metric in METRICS.items()}
    for draw, weights in enumerate(WEIGHTS):
        expected = of_scikit_learn(weights)
        assert {metric: value[draw] for metric, value in values.items()} == pytest.approx(expected, abs=1e-12)
    once = {name: metric.function(LABEL, needed[metric.needs]) for name, metric in METRICS.items()}
    assert once == pytest.approx(of_scikit_learn(WEIGHTS[0]), abs=1e-12)


def test_undefined_is_missing_and_no_warning():
    once = np.ones((1, 2))
    nobody = confusion(np.array([0, 1]), np.array([False, False]), once)
    assert np.isnan(nobody.ppv[0])
    assert np.isnan(nobody.mcc[0])
    assert (nobody.sensitivity[0], nobody.npv[0]) == (0, 0.5)
    benign = confusion(np.array([0, 0]), np.array([False, True]), once)
    assert np.isnan(benign.sensitivity[0])
    assert np.isnan(benign.balanced_accuracy[0])
    for rank in (roc_auc, average_precision):
        assert np.isnan(rank(np.zeros(3, int), np.array([1.0, 2, 2]), np.ones((4, 3)))).all()


def test_certainty_costs_a_finite_log_loss():
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


def test_a_proportion_is_of_something():
    with pytest.raises(ValueError, match="counted"):
        replace(METRICS["sensitivity"], counted=())


def test_names_and_titles_are_unique():
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS) == len(ROWS)


def test_roc_auc_is_the_exact_count_of_pairs():
    score = np.round(PROBABILITY, 1)
    malignant, benign = score[LABEL == 1][:, None], score[LABEL == 0]
    pairs = 2 * (malignant > benign).sum() + (malignant == benign).sum()
    exact = Fraction(int(pairs), 2 * malignant.size * benign.size)
    assert roc_auc(LABEL, score) == roc_auc(LABEL, score, WEIGHTS)[0] == float(exact)
