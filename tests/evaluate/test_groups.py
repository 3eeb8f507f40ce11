import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate.decisions import age_groups, score_groups
from dermoscopy.evaluate.tables import GROUPS
from dermoscopy.stats.lesions import by_lesion

ROWS = pd.DataFrame(
    {
        "lesion_id": ["a", "a", "b", "c", "d", "e"],
        "label": [1, 1, 1, 0, 0, 1],
        "dx": ["mel", "mel", "mel", "nv", "nv", "bcc"],
        "dx_type": ["histo"] * 5 + ["confocal"],
        "sex": ["male", "male", "female", "female", "", "male"],
        "localization": ["back", "back", "ear", "ear", "back", "back"],
        "age": [45.0, 45, 60, 20, np.nan, 85],
    }
)
PROBABILITY = np.array([0.9, 0.3, 0.2, 0.1, 0.8, 0.7])


def test_ages_are_grouped_and_missing_ages_unknown():
    assert age_groups(ROWS["age"]).tolist() == ["40-59", "40-59", "60-79", "20-39", "unknown", "80-99"]


def test_groups_have_their_sizes_and_no_undefined_metrics(tmp_path):
    table = score_groups(ROWS, by_lesion(ROWS), PROBABILITY, {"half": 0.5}, 0.95)
    GROUPS.write(table, tmp_path / "groups.csv")
    found = table.set_index(["by", "group", "metric"])
    assert found.loc[("dx", "mel", "sensitivity"), ["images", "lesions", "malignant", "value"]].tolist() == [
        3,
        2,
        2,
        0.5,
    ]
    assert found.loc[("dx", "nv", "specificity"), ["images", "lesions", "malignant", "value"]].tolist() == [
        2,
        2,
        0,
        0.5,
    ]
    assert ("dx", "nv", "sensitivity") not in found.index
    assert ("dx", "mel", "roc_auc") not in found.index
    assert ("sex", "unknown", "specificity") in found.index
    assert found.loc[("localization", "ear", "roc_auc"), "value"] == 1
    assert table.groupby("by")["group"].nunique().to_dict() == {
        "age": 5,
        "dx": 3,
        "dx_type": 2,
        "localization": 2,
        "sex": 3,
    }


def test_sensitivity_of_a_diagnosis_is_by_lesion():
    found = score_groups(ROWS, by_lesion(ROWS), PROBABILITY, {"half": 0.5}, 0.95)
    mel = found[(found["group"] == "mel") & (found["metric"] == "sensitivity")].iloc[0]
    assert mel["low"] < 0.5 < mel["high"]
    assert mel["value"] == pytest.approx(0.5)  # lesion a: (0.9 + 0.3) / 2 is over the threshold, b is under
