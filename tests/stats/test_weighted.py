import numpy as np
import pytest
from sklearn import metrics as reference

from dermoscopy.stats.weighted import CALLS, LOSSES, average_precision, calls, losses, roc_auc

RANKS = ("roc_auc", "average_precision")

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


def test_equal_to_scikit_learn_in_every_draw():
    values = {
        **calls(LABEL, PROBABILITY >= 0.4, WEIGHTS),
        "roc_auc": roc_auc(LABEL, PROBABILITY, WEIGHTS),
        "average_precision": average_precision(LABEL, PROBABILITY, WEIGHTS),
        **losses(LABEL, PROBABILITY, WEIGHTS),
    }
    assert tuple(values) == (*CALLS, *RANKS, *LOSSES)
    for draw, weights in enumerate(WEIGHTS):
        expected = of_scikit_learn(weights)
        assert {metric: value[draw] for metric, value in values.items()} == pytest.approx(expected, abs=1e-12)


def test_undefined_is_missing_and_no_warning():
    once = np.ones((1, 2))
    nobody = calls(np.array([0, 1]), np.array([False, False]), once)
    assert np.isnan(nobody["ppv"][0])
    assert np.isnan(nobody["mcc"][0])
    assert (nobody["sensitivity"][0], nobody["npv"][0]) == (0, 0.5)
    benign = calls(np.array([0, 0]), np.array([False, True]), once)
    assert np.isnan(benign["sensitivity"][0])
    assert np.isnan(benign["balanced_accuracy"][0])
    for rank in (roc_auc, average_precision):
        assert np.isnan(rank(np.zeros(3, int), np.array([1.0, 2, 2]), np.ones((4, 3)))).all()


def test_certainty_costs_a_finite_log_loss():
    loss = losses(np.array([1, 0]), np.array([0.0, 0.0]), np.array([[1.0, 0], [0, 1]]))["log_loss"]
    assert loss.tolist() == pytest.approx([36.04, 0], abs=0.01)
