import json

import numpy as np
import pandas as pd

from dermoscopy.evaluation.headline import compare_methods, headline, write_figures
from dermoscopy.evaluation.scores import Classifier, score_classifiers
from dermoscopy.params.ensemble import Ensemble

ROWS = pd.DataFrame({"lesion_id": ["l1", "l1", "l2", "l3", "l4"], "label": [0, 0, 0, 1, 1]})
ENSEMBLE = Classifier("ensemble", "ensemble", np.array([0.1, 0.2, 0.6, 0.4, 0.9]), threshold=0.5)


def test_the_ensemble_on_test():
    scores = score_classifiers([ENSEMBLE], ROWS["label"].to_numpy(), np.ones((2, 5)), 0.95)
    figures = headline(ROWS, ENSEMBLE, scores, "lesion")
    assert list(figures)[:7] == ["protocol", "images", "lesions", "tn", "fp", "fn", "tp"]
    assert [figures[key] for key in list(figures)[:7]] == ["lesion", 5, 4, 2, 1, 1, 1]
    assert figures["accuracy"] == 0.6
    assert figures["roc_auc_low"] <= figures["roc_auc"] <= figures["roc_auc_high"]
    assert len(figures) <= 25


def test_the_methods_on_val():
    probabilities = pd.DataFrame({"cnn_a": [0.1, 0.6, 0.4, 0.9], "cnn_b": [0.1, 0.2, 0.7, 0.3]})
    settings = Ensemble(members=["cnn_a", "cnn_b"], method="vote", threshold=0.5)
    figures = compare_methods(np.array([0, 0, 1, 1]), probabilities, settings, {"cnn_a": 1, "cnn_b": 0}, "lesion")
    assert figures["roc_auc"] == figures["roc_auc_vote"] == 0.75
    assert figures["roc_auc_mean"] == 1
    assert figures["roc_auc_accuracy_weighted"] == 0.75
    assert len(figures) <= 12


def test_json_holds_no_nan(tmp_path):
    write_figures({"protocol": "lesion", "tn": 3, "precision": float("nan")}, tmp_path / "metrics" / "test.json")
    text = (tmp_path / "metrics" / "test.json").read_text()
    assert json.loads(text) == {"protocol": "lesion", "tn": 3, "precision": None}
    assert text.endswith("}\n")
