import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate.scores import Classifier, score_classifiers
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import by_image, by_lesion
from dermoscopy.stats.paired import ThresholdedScores, compare
from tests.simulated import simulate

ROWS = pd.DataFrame({"lesion_id": ["b", "a", "b", "c"], "label": [1, 0, 1, 0]})


def test_the_score_of_a_lesion_is_the_mean_of_its_images():
    unit = by_lesion(ROWS)
    assert unit.lesion.tolist() == ["a", "b", "c"]
    assert unit.label.tolist() == [0, 1, 0]
    assert unit.first.tolist() == [1, 0, 3]
    assert unit.mean(np.array([0.2, 0.1, 0.6, 0.3])).tolist() == pytest.approx([0.1, 0.4, 0.3])


def test_the_score_of_an_image_is_unchanged():
    unit = by_image(ROWS)
    assert unit.mean(np.array([0.2, 0.1, 0.6, 0.3])).tolist() == [0.2, 0.1, 0.6, 0.3]


@pytest.mark.parametrize("copies", [2, 5])
def test_duplicated_images_change_no_metric_by_lesion(copies):
    def metrics(rows: pd.DataFrame) -> pd.DataFrame:
        unit = by_lesion(rows)
        resamples = resample_lesions(unit.lesion, unit.label, 200, np.random.default_rng(1))
        classifier = Classifier("one", "member", rows["p0"].to_numpy(), {"half": 0.5, "sensitive": 0.3})
        paired = compare(rows, *(ThresholdedScores(rows[name].to_numpy(), 0.5) for name in ("p0", "p1")), 0.95)
        scores = score_classifiers([classifier], unit, resamples, 0.95)[["value", "low", "high"]].to_numpy()
        differences = [(row.difference, row.low, row.high) for row in paired if row.unit == "lesion"]
        return pd.DataFrame(np.vstack([scores, differences]))

    rows = simulate(60, np.random.default_rng(4), (2.0, 1.7))
    duplicated = pd.concat([rows] * copies, ignore_index=True)
    assert len(duplicated) == copies * len(rows)
    pd.testing.assert_frame_equal(metrics(duplicated), metrics(rows), rtol=0, atol=1e-9)


def test_duplicated_images_change_no_interval_by_image():
    rows = simulate(60, np.random.default_rng(4))
    duplicated = pd.concat([rows] * 3, ignore_index=True)
    scores = []
    for table in (rows, duplicated):
        unit = by_image(table)
        resamples = resample_lesions(unit.lesion, unit.label, 200, np.random.default_rng(1))
        classifier = Classifier("one", "member", table["p0"].to_numpy(), {"half": 0.5})
        scores.append(score_classifiers([classifier], unit, resamples, 0.95)[["value", "low", "high"]])
    pd.testing.assert_frame_equal(scores[1], scores[0], rtol=0, atol=1e-9)
