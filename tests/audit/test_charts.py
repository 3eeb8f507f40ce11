from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.audit.charts import (
    BY_LABEL,
    BY_SPLIT,
    DIAGNOSIS_COUNTS,
    compare_labels,
    compare_splits,
    count_diagnoses,
)
from tests.audit.test_summary import ROWS


def bars(table: pd.DataFrame, series: str, chart: str) -> dict[tuple[str, str], float]:
    rows = table[table[chart] != ""]
    columns = rows[[series, chart, "proportion"]]
    return {(value, name): proportion for value, name, proportion in columns.itertuples(index=False)}


def test_counts_have_one_row_per_split_label_and_diagnosis(tmp_path: Path) -> None:
    DIAGNOSIS_COUNTS.write(count_diagnoses(ROWS, "lesion"), tmp_path / "diagnoses.csv")
    assert (tmp_path / "diagnoses.csv").read_text().splitlines() == [
        "split,label,dx,protocol,images,lesions",
        "test,benign,bkl,lesion,1,1",
        "train,benign,nv,lesion,2,1",
        "train,malignant,mel,lesion,1,1",
        "val,malignant,bcc,lesion,2,1",
    ]


def test_splits_are_compared_by_proportions(tmp_path: Path) -> None:
    BY_SPLIT.write(compare_splits(ROWS, "image (leaky protocol)"), tmp_path / "by_split.csv")
    table = BY_SPLIT.read(tmp_path / "by_split.csv")
    assert set(table["protocol"]) == {"image (leaky protocol)"}
    prevalence = bars(table, "split", "prevalence")
    assert prevalence["train", "of images"] == pytest.approx(1 / 3, abs=1e-4)
    assert prevalence["train", "of lesions"] == 0.5
    images = bars(table, "split", "images")
    assert [images["train", name] for name in ("1", "2", "3", "4 or more")] == [0.5, 0.5, 0, 0]
    assert images["val", "2"] == 1
    missing = bars(table, "split", "missing")
    assert missing["train", "age"] == pytest.approx(1 / 3, abs=1e-4)
    assert missing["train", "sex"] == pytest.approx(2 / 3, abs=1e-4)
    assert missing["test", "localization"] == 1


def test_labels_are_compared_by_proportions(tmp_path: Path) -> None:
    BY_LABEL.write(compare_labels(ROWS, "lesion"), tmp_path / "by_label.csv")
    table = BY_LABEL.read(tmp_path / "by_label.csv")
    sexes = bars(table, "label", "sex")
    assert sexes["malignant", "female"] == 0
    assert sexes["malignant", "unknown"] == pytest.approx(1 / 3, abs=1e-4)
    assert bars(table, "label", "localization")["benign", "unknown"] == pytest.approx(1 / 3, abs=1e-4)
    for chart in ("age", "sex", "localization"):
        for label, of_label in table[table[chart] != ""].groupby("label"):
            assert of_label["proportion"].sum() == pytest.approx(1, abs=1e-3), (chart, label)


def test_a_histogram_of_ages_has_no_gaps() -> None:
    ages = bars(compare_labels(ROWS, "lesion"), "label", "age")
    decades = [f"{first}-{first + 9}" for first in range(10, 90, 10)]
    assert sorted(name for label, name in ages if label == "benign") == [*decades, "unknown"]
    assert ages["benign", "10-19"] == pytest.approx(1 / 3, abs=1e-4)
    assert ages["benign", "20-29"] == 0


@pytest.mark.parametrize(
    ("ages", "decades"),
    [([20.0, 29.0], ["20-29"]), ([29.0, 30.0], ["20-29", "30-39"]), ([0.0, 0.0], ["0-9"])],
)
def test_a_histogram_ends_with_the_highest_age(ages: list[float], decades: list[str]) -> None:
    table = bars(compare_labels(ROWS.iloc[[0, 2]].assign(age=ages), "lesion"), "label", "age")
    assert sorted({name for _, name in table}) == decades
    assert sum(table.values()) == 2


def test_ages_may_all_be_missing() -> None:
    ages = bars(compare_labels(ROWS.assign(age=float("nan")), "lesion"), "label", "age")
    assert ages == {("benign", "unknown"): 1, ("malignant", "unknown"): 1}


def test_an_image_in_two_splits_counts_once_in_its_label() -> None:
    twice = pd.concat([ROWS, ROWS[ROWS["split"] == "val"].assign(split="test")])
    pd.testing.assert_frame_equal(compare_labels(twice, "lesion"), compare_labels(ROWS, "lesion"))
