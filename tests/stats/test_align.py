from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core.errors import LeakError, TableError
from dermoscopy.stats.lesions import align

ROWS = pd.DataFrame({"image_id": ["i1", "i2", "i3"], "label": [0, 1, 1]})


def predictions(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"image_id": ["i1", "i2", "i3"], "label": [0, 1, 1], "probability": [0.1, 0.2, 0.3]} | columns)


def refusal(*tables: pd.DataFrame, error: type[Exception] = TableError) -> str:
    with pytest.raises(error) as caught:
        align(ROWS, {f"m{n}": (Path(f"m{n}.csv"), table) for n, table in enumerate(tables)})
    return str(caught.value)


def test_probabilities_are_matched_by_image_id():
    shuffled = predictions().iloc[[2, 0, 1]]
    table = align(ROWS.iloc[::-1], {"a": (Path("a"), predictions()), "b": (Path("b"), shuffled)})
    assert list(table.index) == ["i3", "i2", "i1"]
    assert table.columns.tolist() == ["a", "b"]
    assert table["a"].tolist() == table["b"].tolist() == [0.3, 0.2, 0.1]


def test_missing_images_and_images_of_another_split_are_named():
    message = refusal(predictions(), predictions(image_id=["i1", "i2", "other"]), error=LeakError)
    assert "m0.csv" not in message
    assert "m1.csv: 1 image missing (i3)" in message
    assert "m1.csv: 1 image of another split (other)" in message


def test_images_with_another_label_are_named():
    assert "m0.csv: 2 images with another label (i1, i3)" in refusal(predictions(label=[1, 1, 0]))


def test_an_image_listed_twice_is_named():
    assert "m0.csv: 1 image listed twice (i1)" in refusal(predictions(image_id=["i1", "i1", "i2"]))


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1])
def test_a_probability_outside_0_to_1_is_named(value: float):
    assert "m0.csv: 1 image with a probability" in refusal(predictions(probability=[0.1, value, 0.3]))


def test_all_tables_with_problems_are_named():
    message = refusal(predictions(label=[1, 1, 1]), predictions(image_id=["i1", "i2", "x"]), error=LeakError)
    assert "m0.csv" in message
    assert "m1.csv" in message
