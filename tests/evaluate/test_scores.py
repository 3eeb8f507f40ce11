import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate.scores import Classifier, rarer_label_lesions, score_classifiers
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import by_image, by_lesion
from dermoscopy.stats.metrics import METRICS, Metric, from_confusion
from tests.simulated import simulate

RANKING = ("roc_auc", "average_precision")
LOSSES = ("log_loss", "brier")
OF_PREDICTIONS = METRICS.keys() - {*RANKING, *LOSSES}

ROWS = simulate(60, np.random.default_rng(2))


def scored(*classifiers: Classifier, rows: pd.DataFrame = ROWS, by=by_image) -> pd.DataFrame:
    unit = by(rows)
    resamples = resample_lesions(unit.lesion, unit.label, 50, np.random.default_rng(1))
    return score_classifiers(classifiers, unit, resamples, 0.95)


def test_a_probability_has_every_metric_at_every_operating_point():
    found = scored(Classifier("cnn_a", "member", ROWS["p0"].to_numpy(), {"half": 0.5, "sensitive": 0.2}))
    assert set(found.loc[found["point"] == "", "metric"]) == {*RANKING, *LOSSES}
    for point in ("half", "sensitive"):
        assert set(found.loc[found["point"] == point, "metric"]) == set(OF_PREDICTIONS)
    assert (found["low"] < found["value"]).all()
    assert (found["value"] < found["high"]).all()
    assert set(found["kind"]) == {"member"}


def test_each_interval_has_its_kind():
    classifier = Classifier("cnn_a", "member", ROWS["p0"].to_numpy(), {"half": 0.5})
    images, lesions = (scored(classifier, by=by).set_index("metric")["interval"] for by in (by_image, by_lesion))
    assert (images["roc_auc"], lesions["roc_auc"]) == ("Obuchowski", "DeLong")
    assert (images["sensitivity"], lesions["sensitivity"]) == ("bootstrap", "Wilson")
    assert (images["ppv"], lesions["ppv"]) == ("bootstrap", "likelihood ratio")
    assert images["mcc"] == lesions["f1"] == "bootstrap"


def test_a_score_that_is_no_probability_has_ranking_metrics_only():
    found = scored(Classifier("latent score", "ceiling", 20 * ROWS["p0"].to_numpy()))
    assert found["metric"].tolist() == list(RANKING)


def test_an_undefined_metric_has_no_interval():
    found = scored(Classifier("prevalence", "baseline", np.full(len(ROWS), 0.3), {"half": 0.5})).set_index("metric")
    assert found.loc["ppv", ["value", "low", "high"]].isna().all()
    assert found.loc["roc_auc", ["value", "low", "high"]].tolist() == [0.5, 0.5, 0.5]


def test_intervals_of_a_perfect_classifier_depend_on_the_number_of_lesions():
    perfect = Classifier("perfect", "member", ROWS["label"].astype(float).to_numpy(), {"half": 0.5})
    found = scored(perfect).set_index("metric")
    assert found.loc["sensitivity", "interval"] == "Wilson"
    malignant = ROWS.loc[ROWS["label"] == 1, "lesion_id"].nunique()
    z_squared = 1.959964**2
    assert abs(found.loc["sensitivity", "low"] - malignant / (malignant + z_squared)) < 1e-6
    assert 0.8 < found.loc["roc_auc", "low"] < found.loc["roc_auc", "value"] == 1


def test_lesions_of_the_rarer_label_are_counted():
    assert rarer_label_lesions(by_image(ROWS)) == rarer_label_lesions(by_lesion(ROWS)) == 20


ADDED = Metric(
    "added",
    "Added metric",
    from_confusion(lambda counts: counts.sensitivity + counts.specificity - 1),
    needs="predictions",
    scale="correlation",
    interval="bootstrap",
)


def test_a_metric_added_to_the_table_is_computed_with_its_interval(monkeypatch):
    monkeypatch.setitem(METRICS, "added", ADDED)
    classifier = Classifier("cnn_a", "member", ROWS["p0"].to_numpy(), {"half": 0.5})
    for by in (by_image, by_lesion):
        found = scored(classifier, by=by).set_index("metric")
        expected = found.loc["sensitivity", "value"] + found.loc["specificity", "value"] - 1
        assert found.loc["added", "value"] == pytest.approx(expected)
        assert -1 < found.loc["added", "low"] < expected < found.loc["added", "high"] < 1
        assert found.loc["added", ["point", "interval"]].tolist() == ["half", "bootstrap"]
