import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from dermoscopy.core.metrics import confusion
from dermoscopy.evaluate import threshold_charts as charts
from dermoscopy.evaluate.chart_tables import ENSEMBLE_ROC, POINT_CONFUSION, PRECISION_RECALL, THRESHOLDS
from dermoscopy.evaluate.decisions import sweep_rows
from dermoscopy.evaluate.scores import Classifier, score_classifiers
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import by_lesion

POINTS = {"half": 0.5, "sensitive": 0.3}


def simulated(images: int, ties: int | None = None) -> tuple[np.ndarray, Classifier]:
    """Return labels and an ensemble; with ties its scores have one decimal."""
    generator = np.random.default_rng(images)
    y_true = (generator.random(images) < 0.3).astype(int)
    score = 0.3 * y_true + 0.6 * generator.random(images)
    return y_true, Classifier("ensemble", "ensemble", np.round(score, ties) if ties else score, POINTS)


@pytest.mark.parametrize("ties", [None, 1], ids=["no ties", "ties"])
def test_precision_and_recall_are_those_of_sklearn(ties):
    y_true, ensemble = simulated(300, ties)
    rows = charts.precision_recall_rows([ensemble], y_true, "lesion")
    precision, recall, thresholds = precision_recall_curve(y_true, ensemble.score)
    at = pd.DataFrame({"ppv": precision[:-1], "sensitivity": recall[:-1]}, index=thresholds)
    expected = at.loc[rows["threshold"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows[["ppv", "sensitivity"]], expected)
    assert set(rows["prevalence"]) == {y_true.mean()}
    assert rows["sensitivity"].iloc[-1] == 1


def test_a_thinned_curve_of_precision_and_recall_is_the_same_line():
    y_true, ensemble = simulated(3000)
    rows = charts.precision_recall_rows([ensemble], y_true, "lesion")
    assert len(rows) < 1000
    precision, recall, _ = precision_recall_curve(y_true, ensemble.score)
    highest_of_recall = rows.drop_duplicates("sensitivity", keep="first")
    drawn = np.interp(recall, highest_of_recall["sensitivity"], highest_of_recall["ppv"])
    highest = pd.Series(precision).groupby(recall).transform("max").to_numpy()
    assert np.abs(drawn - highest)[recall > 0.02].max() < 0.02


@pytest.mark.parametrize("ties", [None, 1], ids=["no ties", "ties"])
def test_roc_of_the_ensemble_is_that_of_sklearn(ties):
    y_true, ensemble = simulated(300, ties)
    rows = charts.ensemble_roc_rows(ensemble, y_true, "lesion")
    fpr, tpr, thresholds = roc_curve(y_true, ensemble.score)
    curve = pd.DataFrame({"fpr": fpr, "sensitivity": tpr}, index=np.append(1.0, thresholds[1:]))
    corners = rows.set_index("threshold")[["fpr", "sensitivity"]]
    pd.testing.assert_frame_equal(corners, curve.loc[corners.index], check_names=False)
    assert auc(rows["fpr"], rows["sensitivity"]) == pytest.approx(auc(fpr, tpr), abs=1e-12)
    assert (rows["fpr"] + rows["specificity"]).to_numpy() == pytest.approx(1)


def test_charts_of_templates_without_a_warning_are_empty_if_the_protocol_leaks():
    y_true, ensemble = simulated(50)
    rows = charts.ensemble_roc_rows(ensemble, y_true, "paper (leaky protocol)")
    assert set(rows.columns) == set(ENSEMBLE_ROC.columns)
    assert rows.empty


@pytest.mark.parametrize("label", [0, 1])
def test_curves_of_one_label_have_no_rows(tmp_path, label):
    _, ensemble = simulated(20)
    y_true = np.full(20, label)
    PRECISION_RECALL.write(charts.precision_recall_rows([ensemble], y_true, "lesion"), tmp_path / "curve.csv")
    assert PRECISION_RECALL.read(tmp_path / "curve.csv").empty
    ENSEMBLE_ROC.write(charts.ensemble_roc_rows(ensemble, y_true, "lesion"), tmp_path / "roc.csv")
    assert ENSEMBLE_ROC.read(tmp_path / "roc.csv").empty


def test_confusion_matrix_of_each_operating_point():
    y_true, ensemble = simulated(100)
    rows = charts.point_confusion_rows(y_true, ensemble, "lesion")
    assert set(rows.columns) == set(POINT_CONFUSION.columns)
    images = rows.set_index(["point", "actual", "predicted"])["images"]
    for point, threshold in POINTS.items():
        counts = confusion(y_true, ensemble.score >= threshold)
        assert images[point, "malignant", "benign"] == counts.fn
        assert images[point, "benign", "malignant"] == counts.fp
        assert images[point].sum() == 100


def test_thresholds_have_the_sweep_and_the_operating_points():
    y_true, ensemble = simulated(120)
    test = pd.DataFrame(
        {"lesion_id": [f"HAM_{number // 2}" for number in range(120)], "label": np.repeat(y_true[:60], 2)}
    )
    lesions = by_lesion(test)
    resamples = resample_lesions(lesions.lesion, lesions.label, 5, np.random.default_rng(1))
    scores = score_classifiers([ensemble], lesions, resamples, 0.95)
    sweep = sweep_rows(lesions, lesions.mean(ensemble.score), 9, 0.95)
    rows = charts.threshold_rows(sweep, scores, POINTS, "lesion")
    assert set(rows.columns) == set(THRESHOLDS.columns)
    assert rows.groupby(["metric", "point"]).size().to_dict() == {
        (metric, point): 9 if point == "" else 1
        for metric in ("sensitivity", "specificity")
        for point in ("", "half", "sensitive")
    }
    # The threshold 0.5 is one of the sweep too.
    half = rows[rows["threshold"].round(9) == 0.5].groupby("metric")["value"]
    assert (half.count() == 2).all()
    assert half.min().tolist() == half.max().tolist()
