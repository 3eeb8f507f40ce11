import numpy as np
import pytest
from sklearn import metrics as reference

from dermoscopy.core.metrics import Confusion, confusion, log_loss, roc_auc, roc_curve


def test_confusion_matrix_of_the_paper_gives_its_metrics():
    paper = Confusion(tn=682, fp=48, fn=72, tp=200)
    assert round(paper.accuracy, 4) == 0.8802
    assert round(paper.ppv, 4) == 0.8065
    assert round(paper.sensitivity, 4) == 0.7353
    assert round(paper.specificity, 4) == 0.9342


def test_confusion_counts_each_cell():
    y_true = np.array([0] * 10 + [1] * 5)
    y_pred = np.array([False] * 9 + [True] + [False] * 2 + [True] * 3)
    assert confusion(y_true, y_pred) == Confusion(tn=9, fp=1, fn=2, tp=3)


def test_metrics_equal_scikit_learn():
    generator = np.random.default_rng(3)
    y_true = generator.integers(0, 2, 200)
    y_prob = np.round(0.3 * y_true + 0.7 * generator.random(200), 2)
    y_pred = y_prob >= 0.4
    assert confusion(y_true, y_pred) == Confusion(*reference.confusion_matrix(y_true, y_pred).ravel())
    assert log_loss(y_true, y_prob) == pytest.approx(reference.log_loss(y_true, y_prob))
    assert roc_auc(y_true, y_prob) == pytest.approx(reference.roc_auc_score(y_true, y_prob))


def test_undefined_metrics_are_nan_without_a_warning():
    none_predicted = confusion(np.array([0, 1]), np.array([False, False]))
    assert np.isnan(none_predicted.ppv)
    assert none_predicted.sensitivity == 0
    benign_only = np.array([0, 0])
    assert np.isnan(roc_auc(benign_only, np.array([0.1, 0.7])))
    assert np.isnan(confusion(benign_only, np.array([False, True])).sensitivity)
    assert confusion(benign_only, np.array([False, True])).specificity == 0.5


def test_log_loss_is_finite_for_probabilities_of_0_and_1():
    assert log_loss(np.array([1]), np.array([0.0])) == pytest.approx(36.04, abs=0.01)
    assert log_loss(np.array([0]), np.array([0.0])) == pytest.approx(0, abs=1e-12)


def test_roc_auc_counts_ties_half():
    assert roc_auc(np.array([0, 1, 1]), np.array([0.5, 0.5, 0.9])) == 0.75


def test_roc_curve_runs_from_corner_to_corner():
    fpr, tpr = roc_curve(np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9]))
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(tpr, fpr) == pytest.approx(0.75)
    assert len(roc_curve(np.array([0, 0]), np.array([0.1, 0.6]))[0]) == 0
