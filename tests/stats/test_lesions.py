import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate.scores import Classifier, score_classifiers
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import images, lesions
from dermoscopy.stats.paired import Calls, compare
from tests.simulated import simulate

ROWS = pd.DataFrame({"lesion_id": ["b", "a", "b", "c"], "label": [1, 0, 1, 0]})


def test_a_lesion_s_score_is_the_mean_of_its_photographs():
    unit = lesions(ROWS)
    assert unit.lesion.tolist() == ["a", "b", "c"]
    assert unit.label.tolist() == [0, 1, 0]
    assert unit.first.tolist() == [1, 0, 3]
    assert unit.mean(np.array([0.2, 0.1, 0.6, 0.3])).tolist() == pytest.approx([0.1, 0.4, 0.3])


def test_a_photograph_s_score_is_its_own():
    unit = images(ROWS)
    assert unit.mean(np.array([0.2, 0.1, 0.6, 0.3])).tolist() == [0.2, 0.1, 0.6, 0.3]


@pytest.mark.parametrize("times", [2, 5])
def test_the_same_photographs_again_change_no_figure_of_lesions(times):
    def figures(rows: pd.DataFrame) -> pd.DataFrame:
        unit = lesions(rows)
        draws = resample_lesions(unit.lesion, unit.label, 200, np.random.default_rng(1))
        one = Classifier("one", "member", rows["p0"].to_numpy(), {"half": 0.5, "sensitive": 0.3})
        paired = compare(rows, *(Calls(rows[name].to_numpy(), 0.5) for name in ("p0", "p1")), 0.95)
        scores = score_classifiers([one], unit, draws, 0.95)[["value", "low", "high"]].to_numpy()
        by_lesion = [(row.difference, row.low, row.high) for row in paired if row.unit == "lesion"]
        return pd.DataFrame(np.vstack([scores, by_lesion]))

    rows = simulate(60, np.random.default_rng(4), (2.0, 1.7))
    again = pd.concat([rows] * times, ignore_index=True)
    assert len(again) == times * len(rows)
    pd.testing.assert_frame_equal(figures(again), figures(rows), rtol=0, atol=1e-9)


def test_the_same_photographs_again_widen_no_interval_of_photographs_and_narrow_none():
    rows = simulate(60, np.random.default_rng(4))
    again = pd.concat([rows] * 3, ignore_index=True)
    found = []
    for table in (rows, again):
        unit = images(table)
        draws = resample_lesions(unit.lesion, unit.label, 200, np.random.default_rng(1))
        one = Classifier("one", "member", table["p0"].to_numpy(), {"half": 0.5})
        found.append(score_classifiers([one], unit, draws, 0.95)[["value", "low", "high"]])
    pd.testing.assert_frame_equal(found[1], found[0], rtol=0, atol=1e-9)
