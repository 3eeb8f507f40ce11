import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate.scores import Classifier, bootstrap, rarer_label_lesions, score_classifiers
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import by_image, by_lesion
from dermoscopy.stats.metrics import METRICS, Metric, from_confusion
from tests.simulated import simulate

RANKING = ("roc_auc", "average_precision")
WITHIN = "roc_auc_within"
LOSSES = ("log_loss", "brier")
OF_PREDICTIONS = METRICS.keys() - {*RANKING, WITHIN, *LOSSES}

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


def few(malignant: int, benign: int, errors: int = 0) -> pd.DataFrame:
    """Lesions of one image each, separated by p0 at 0.5 but for the first lesions of each label."""
    label = np.repeat([1, 0], [malignant, benign])
    wrong = np.concatenate([np.arange(malignant), np.arange(benign)]) < errors
    lesions = [f"HAM_{number:06d}" for number in range(len(label))]
    return pd.DataFrame({"lesion_id": lesions, "label": label, "p0": np.where(wrong, 1 - label, label).astype(float)})


@pytest.mark.parametrize("by", [by_image, by_lesion])
@pytest.mark.parametrize("lesions", [(12, 40), (5, 25), (40, 12), (2, 2)])
def test_every_metric_of_a_perfect_classifier_has_an_interval(lesions, by):
    rows = few(*lesions)
    found = scored(Classifier("perfect", "member", rows["p0"].to_numpy(), {"half": 0.5}), rows=rows, by=by)
    found = found.set_index("metric").drop("log_loss")  # it is never 0: probabilities are clipped
    assert set(found["value"]) == {0.0, 1.0}
    assert (found["low"] < found["high"]).all()
    assert found.drop("brier")[["value", "high"]].eq(1).all(axis=None)
    bounds = found.loc[["sensitivity", "specificity", "balanced_accuracy"], "low"]
    assert bounds["balanced_accuracy"] == pytest.approx((bounds["sensitivity"] + bounds["specificity"]) / 2)
    assert found.loc["brier", ["value", "low"]].eq(0).all()


def test_every_metric_of_a_classifier_that_is_always_wrong_has_an_interval():
    rows = few(12, 40, errors=40)
    found = scored(Classifier("wrong", "member", rows["p0"].to_numpy(), {"half": 0.5}), rows=rows).set_index("metric")
    assert (found.loc["mcc", "value"], found.loc["mcc", "low"]) == (-1, -1)
    for metric in ("mcc", "f1", "balanced_accuracy", "accuracy"):
        assert found.loc[metric, "low"] < found.loc[metric, "high"] < 0.5


def as_needed(metric: str, rows: pd.DataFrame) -> np.ndarray:
    score = rows["p0"].to_numpy()
    return score if METRICS[metric].needs == "score" else score >= 0.5


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "mcc", "average_precision"])
def test_intervals_at_the_end_of_the_scale_contain_the_true_value(metric):
    """Lesions of which 2 % or 5 % of each label are predicted wrong: samples without an error are counted too."""
    generator = np.random.default_rng(3)
    for malignant, benign, errors in ((12, 48, 0.05), (12, 48, 0.02), (5, 25, 0.05)):
        population = few(20_000, 20_000 * benign // malignant)
        wrong = generator.random(len(population)) < errors
        population.loc[wrong, "p0"] = 1 - population.loc[wrong, "p0"]
        truth = METRICS[metric].function(population["label"].to_numpy(), as_needed(metric, population))
        inside = []
        for _ in range(200):
            rows = few(malignant, benign)
            wrong = generator.random(len(rows)) < errors
            rows.loc[wrong, "p0"] = 1 - rows.loc[wrong, "p0"]
            unit = by_lesion(rows)
            resamples = resample_lesions(unit.lesion, unit.label, 100, generator)
            _, low, high = bootstrap(METRICS[metric], unit, as_needed(metric, rows), resamples, 0.95)
            inside.append(low <= truth <= high)
        assert np.mean(inside) > 0.93, (malignant, benign, errors)


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


def test_without_sources_there_is_no_metric_within_source_and_with_them_it_is_beside_every_roc_auc():
    classifier = Classifier("cnn_a", "member", ROWS["p0"].to_numpy(), {"half": 0.5})
    assert WITHIN not in set(scored(classifier)["metric"])
    rows = ROWS.assign(dataset=np.where(ROWS["lesion_id"].str[-1].astype(int) < 5, "one", "two"))
    for by, kind in ((by_image, "Obuchowski"), (by_lesion, "DeLong")):
        found = scored(classifier, rows=rows, by=by).set_index("metric").loc[WITHIN]
        assert found["low"] < found["value"] < found["high"]
        assert found["interval"] == kind
