import numpy as np

from dermoscopy.evaluation.metrics import METRICS
from dermoscopy.evaluation.scores import Classifier, score_classifiers

LABEL = np.array([0, 0, 1, 1])
DRAWS = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [0, 2, 2, 0.0]])


def test_a_probability_has_every_metric_with_its_interval():
    member = Classifier("cnn_a", "member", np.array([0.1, 0.6, 0.4, 0.9]), threshold=0.5)
    scores = score_classifiers([member], LABEL, DRAWS, 0.95).set_index("metric")
    assert tuple(scores.index) == METRICS
    assert scores.loc["accuracy", "value"] == 0.5
    assert scores.loc["accuracy", "low"] < 0.5 < scores.loc["accuracy", "high"]
    assert set(scores["kind"]) == {"member"}


def test_a_score_that_is_no_probability_has_a_roc_auc_only():
    truth = Classifier("latent score", "truth", np.array([-3.0, 1, 0, 2]), threshold=None)
    scores = score_classifiers([truth], LABEL, DRAWS, 0.95)
    assert scores["metric"].tolist() == ["roc_auc"]
    assert scores["value"].tolist() == [0.75]
    assert not truth.called.any()


def test_what_is_undefined_has_no_interval():
    silent = Classifier("prevalence", "baseline", np.full(4, 0.3), threshold=0.5)
    precision = score_classifiers([silent], LABEL, DRAWS, 0.95).set_index("metric").loc["precision"]
    assert precision[["value", "low", "high"]].isna().all()
