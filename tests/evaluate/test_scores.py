import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate.scores import Classifier, rarer, score_classifiers
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import images, lesions
from dermoscopy.stats.metrics import METRICS, Metric, of_counts
from tests.simulated import simulate

RANKS = ("roc_auc", "average_precision")
LOSSES = ("log_loss", "brier")
OF_PREDICTIONS = METRICS.keys() - {*RANKS, *LOSSES}

ROWS = simulate(60, np.random.default_rng(2))


def scored(*classifiers: Classifier, rows: pd.DataFrame = ROWS, by=images) -> pd.DataFrame:
    unit = by(rows)
    draws = resample_lesions(unit.lesion, unit.label, 50, np.random.default_rng(1))
    return score_classifiers(classifiers, unit, draws, 0.95)


def test_a_probability_has_every_metric_at_every_point():
    found = scored(Classifier("cnn_a", "member", ROWS["p0"].to_numpy(), {"half": 0.5, "sensitive": 0.2}))
    assert set(found.loc[found["point"] == "", "metric"]) == {*RANKS, *LOSSES}
    for point in ("half", "sensitive"):
        assert set(found.loc[found["point"] == point, "metric"]) == set(OF_PREDICTIONS)
    assert (found["low"] < found["value"]).all()
    assert (found["value"] < found["high"]).all()
    assert set(found["kind"]) == {"member"}


def test_each_interval_says_where_it_is_from():
    one = Classifier("cnn_a", "member", ROWS["p0"].to_numpy(), {"half": 0.5})
    by_image, by_lesion = (scored(one, by=by).set_index("metric")["interval"] for by in (images, lesions))
    assert (by_image["roc_auc"], by_lesion["roc_auc"]) == ("Obuchowski", "DeLong")
    assert (by_image["sensitivity"], by_lesion["sensitivity"]) == ("bootstrap", "Wilson")
    assert (by_image["ppv"], by_lesion["ppv"]) == ("bootstrap", "likelihood ratio")
    assert by_image["mcc"] == by_lesion["f1"] == "bootstrap"


def test_a_score_that_is_no_probability_has_an_order_only():
    found = scored(Classifier("latent score", "truth", 20 * ROWS["p0"].to_numpy()))
    assert found["metric"].tolist() == list(RANKS)


def test_what_is_undefined_has_no_interval():
    found = scored(Classifier("prevalence", "baseline", np.full(len(ROWS), 0.3), {"half": 0.5})).set_index("metric")
    assert found.loc["ppv", ["value", "low", "high"]].isna().all()
    assert found.loc["roc_auc", ["value", "low", "high"]].tolist() == [0.5, 0.5, 0.5]


def test_at_a_wall_the_number_of_lesions_speaks():
    perfect = Classifier("perfect", "member", ROWS["label"].astype(float).to_numpy(), {"half": 0.5})
    found = scored(perfect).set_index("metric")
    assert found.loc["sensitivity", "interval"] == "Wilson"
    malignant = ROWS.loc[ROWS["label"] == 1, "lesion_id"].nunique()
    z_squared = 1.959964**2
    assert abs(found.loc["sensitivity", "low"] - malignant / (malignant + z_squared)) < 1e-6
    assert 0.8 < found.loc["roc_auc", "low"] < found.loc["roc_auc", "value"] == 1


def test_the_rarer_label_is_counted_in_lesions():
    assert rarer(images(ROWS)) == rarer(lesions(ROWS)) == 20


ADDED = Metric(
    "added",
    "Added metric",
    of_counts(lambda counts: counts.sensitivity + counts.specificity - 1),
    needs="predictions",
    scale="correlation",
    interval="bootstrap",
)


def test_a_row_added_to_the_table_of_metrics_is_scored_with_its_interval(monkeypatch):
    monkeypatch.setitem(METRICS, "added", ADDED)
    one = Classifier("cnn_a", "member", ROWS["p0"].to_numpy(), {"half": 0.5})
    for by in (images, lesions):
        found = scored(one, by=by).set_index("metric")
        expected = found.loc["sensitivity", "value"] + found.loc["specificity", "value"] - 1
        assert found.loc["added", "value"] == pytest.approx(expected)
        assert -1 < found.loc["added", "low"] < expected < found.loc["added", "high"] < 1
        assert found.loc["added", ["point", "interval"]].tolist() == ["half", "bootstrap"]
