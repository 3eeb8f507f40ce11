import numpy as np
import pytest

from dermoscopy.evaluate import tables
from dermoscopy.evaluate.calibration import calibration_rows, expected_calibration_error, reliability_table
from dermoscopy.evaluate.recalibration import errors_by_chance
from tests.evaluate.test_decisions import SCORE, UNIT


def test_reliability_counts_the_lesions_of_each_bin():
    table = reliability_table(np.array([0, 1, 1, 1]), np.array([0.1, 0.15, 0.9, 1.0]), 5, 0.95)
    assert table[["start", "end", "lesions"]].to_numpy().tolist() == [[0, 0.2, 2], [0.8, 1, 2]]
    assert table["malignant"].tolist() == [0.5, 1]
    assert table["probability"].tolist() == pytest.approx([0.125, 0.95])
    assert expected_calibration_error(table) == pytest.approx((0.375 + 0.05) / 2)


def test_calibration_and_reliability_before_and_after(tmp_path):
    scores = {"before": SCORE**2, "after": SCORE}
    measures, bins, curves = calibration_rows(UNIT, scores, 5, np.ones((3, 7)), 0.95, seed=1)
    errors, others = {"ece", "ici", "e50", "e90"}, {"oe_ratio", "intercept", "slope", "log_loss", "brier"}
    assert set(measures["metric"]) == errors | others
    assert measures[measures["metric"].isin(errors)]["low"].isna().all()
    assert bins.groupby("name")["lesions"].sum().to_dict() == {"after": 7, "before": 7}
    assert curves.groupby("name")["probability"].max().to_dict() == {"after": 0.9, "before": pytest.approx(0.81)}
    tables.CALIBRATION.write(measures, tmp_path / "calibration.csv")
    tables.RELIABILITY.write(bins, tmp_path / "reliability.csv")
    tables.CALIBRATION_CURVE.write(curves, tmp_path / "calibration_curve.csv")


def test_the_bound_by_chance_is_the_upper_quantile_of_simulated_errors():
    measures, _, _ = calibration_rows(UNIT, {"after": SCORE}, 5, np.ones((40, 7)), 0.8, seed=3)
    found = measures.set_index("metric")["chance"]
    simulated = errors_by_chance(SCORE, 40, np.random.default_rng(3))
    for error in ("ici", "e50", "e90"):
        below, not_above = simulated[error] < found[error], simulated[error] <= found[error]
        assert below.mean() <= 0.8 <= not_above.mean()  # some simulated labels are equal, and so are their errors
    assert found.drop(["ici", "e50", "e90"]).isna().all()
