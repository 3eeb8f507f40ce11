import numpy as np
import pytest

from dermoscopy.core.metrics import MALIGNANT, ratio
from dermoscopy.ensemble.thresholds import ConformalSets
from dermoscopy.evaluate import tables
from dermoscopy.evaluate.decisions import coverage_rows, predictive_rows, sweep_rows
from dermoscopy.stats.intervals import wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.metrics import METRICS, Metric, from_confusion

LABEL = np.array([0, 0, 0, 0, 1, 1, 1])
POSITION = np.arange(7)
UNIT = Unit("lesion", LABEL, np.array(list("abcdefg"), dtype=object), POSITION, POSITION)
SCORE = np.array([0.05, 0.2, 0.4, 0.7, 0.3, 0.8, 0.9])


def test_sensitivity_falls_and_specificity_rises_with_the_threshold(tmp_path):
    table = sweep_rows(UNIT, SCORE, 9, 0.95)
    found = table.pivot(index="threshold", columns="metric", values="value")
    assert found.index.tolist() == pytest.approx(np.arange(1, 10) / 10)
    assert (found["sensitivity"].diff().dropna() <= 0).all()
    assert (found["specificity"].diff().dropna() >= 0).all()
    assert found.loc[0.5].to_dict() == pytest.approx(
        {"accuracy": 5 / 7, "sensitivity": 2 / 3, "specificity": 3 / 4, "ppv": 2 / 3, "npv": 3 / 4}
    )
    tables.SWEEP.write(table, tmp_path / "sweep.csv")


def test_the_sweep_computes_a_proportion_of_wrong_predictions_by_its_function(monkeypatch):
    added = Metric(
        "false_negative_rate",
        "false negative rate",
        from_confusion(lambda counts: ratio(counts.fn, counts.fn + counts.tp)),
        needs="predictions",
        scale="proportion",
        interval="proportion",
        counted=MALIGNANT,
    )
    monkeypatch.setitem(METRICS, added.name, added)
    found = sweep_rows(UNIT, SCORE, 1, 0.95).set_index("metric")[["value", "low", "high"]]
    assert found.loc[added.name].tolist() == [1 / 3, *wilson_interval(1, 3, 0.95)]


def test_predictive_values_at_every_operating_point_and_prevalence(tmp_path):
    table = predictive_rows(UNIT, SCORE, {"half": 0.5, "sensitive": 0.25}, [0.01, 0.2], 0.95)
    assert len(table) == 2 * 2 * 2
    found = table.set_index(["point", "prevalence", "metric"])["value"]
    assert found["half", 0.2, "ppv"] == pytest.approx(0.2 * 2 / 3 / (0.2 * 2 / 3 + 0.8 / 4))
    tables.PREDICTIVE.write(table, tmp_path / "predictive.csv")


def test_coverage_counts_sets_that_contain_the_label(tmp_path):
    table = coverage_rows(UNIT, SCORE, ConformalSets(malignant_from=0.35, benign_until=0.5), 0.95)
    found = table.set_index("label")
    assert found.loc["benign", ["benign", "refer", "malignant", "covered"]].tolist() == [2, 1, 1, 3]
    assert found.loc["malignant", ["benign", "refer", "malignant", "covered"]].tolist() == [1, 0, 2, 2]
    assert found.loc["malignant", "value"] == pytest.approx(2 / 3)
    tables.COVERAGE.write(table, tmp_path / "coverage.csv")
