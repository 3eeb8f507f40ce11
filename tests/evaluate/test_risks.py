import numpy as np
import pytest

from dermoscopy.evaluate import tables
from dermoscopy.evaluate.risks import decision_curve_rows, decision_curves, risk_rows
from dermoscopy.evaluate.scores import Classifier
from tests.evaluate.test_decisions import LABEL, SCORE, UNIT

POINTS = {"half": 0.5}


def test_the_distribution_counts_the_lesions_of_each_label(tmp_path):
    risks, quartiles = risk_rows(UNIT, np.where(SCORE == 0.9, 1.0, SCORE), 5)
    counts = risks.pivot(index="start", columns="label", values="lesions")
    assert counts["benign"].tolist() == [1, 1, 1, 1, 0]  # 0.2 is in the second bin
    assert counts["malignant"].tolist() == [0, 1, 0, 0, 2]  # the last bin includes 1
    assert risks.groupby("label")["proportion"].sum().tolist() == pytest.approx([1, 1])
    found = quartiles.set_index("label")
    assert found.loc["benign", ["lesions", "median"]].tolist() == pytest.approx([4, 0.3])
    assert found.loc["malignant", ["first_quartile", "median", "third_quartile"]].tolist() == pytest.approx(
        np.quantile([0.3, 0.8, 1.0], [0.25, 0.5, 0.75])
    )
    tables.RISKS.write(risks, tmp_path / "risks.csv")
    tables.RISK_QUARTILES.write(quartiles, tmp_path / "risk_quartiles.csv")


def test_decision_curves_of_classifiers_and_strategies(tmp_path):
    classifiers = [
        Classifier("ensemble", "ensemble", SCORE, POINTS),
        Classifier("vote", "ensemble", SCORE, POINTS),
        Classifier("cnn_a", "member", 1 - SCORE, POINTS),
        Classifier("dx_type", "baseline", SCORE, POINTS),
        Classifier("latent score", "ceiling", SCORE),
    ]
    table = decision_curve_rows(classifiers, UNIT, 4, 0.95)
    assert set(table["name"]) == {"ensemble", "cnn_a", "dx_type", "treat all", "treat none"}
    assert set(decision_curves(table)["name"]) == {"ensemble", "cnn_a", "treat all", "treat none"}
    found = table.pivot(index="threshold", columns="name", values="value")
    assert found.index.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])
    # At 0.4 of 7 lesions: 0.8 and 0.9 are true, 0.4 and 0.7 false positives.
    assert found.loc[0.4, "ensemble"] == pytest.approx(2 / 7 - 2 / 7 * 2 / 3)
    assert found.loc[0.4, "treat all"] == pytest.approx(3 / 7 - 4 / 7 * 2 / 3)
    assert (found["treat none"] == 0).all()
    bounded = table[~table["name"].str.startswith("treat")]
    assert (bounded["low"] <= bounded["value"]).all()
    assert (bounded["value"] <= bounded["high"]).all()
    tables.DECISION_CURVE.write(table, tmp_path / "decision_curve.csv")


def test_no_curve_is_above_the_proportion_of_malignant_lesions():
    perfect = Classifier("ensemble", "ensemble", LABEL.astype(float), POINTS)
    table = decision_curve_rows([perfect], UNIT, 9, 0.95)
    assert table.loc[table["name"] == "ensemble", "value"].tolist() == pytest.approx([3 / 7] * 9)
    assert table["value"].max() == pytest.approx(3 / 7)
