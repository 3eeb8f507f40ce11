from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core.errors import LeakError, TableError
from dermoscopy.stats.lesions import align

ROWS = pd.DataFrame({"image_id": ["i1", "i2", "i3"], "label": [0, 1, 1]})


def predictions(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"image_id": ["i1", "i2", "i3"], "label": [0, 1, 1], "probability": [0.1, 0.2, 0.3]} | columns)


def complaint(*tables: pd.DataFrame) -> str:
    with pytest.raises((LeakError, TableError)) as caught:
        align(ROWS, {f"m{n}": (Path(f"m{n}.csv"), table) for n, table in enumerate(tables)})
    return str(caught.value)


def test_matched_by_image_and_not_by_place():
    shuffled = predictions().iloc[[2, 0, 1]]
    table = align(ROWS.iloc[::-1], {"a": (Path("a"), predictions()), "b": (Path("b"), shuffled)})
    assert list(table.index) == ["i3", "i2", "i1"]
    assert table.columns.tolist() == ["a", "b"]
    assert table["a"].tolist() == table["b"].tolist() == [0.3, 0.2, 0.1]


def test_a_photograph_too_few_or_too_many_is_named():
    message = complaint(predictions(), predictions(image_id=["i1", "i2", "other"]))
    assert message.startswith("Predictions of another split are among these:\n")
    assert "m0.csv" not in message
    assert "m1.csv: 1 image missing (i3)" in message
    assert "m1.csv: 1 image of another split (other)" in message


def test_another_label_is_named():
    assert "m0.csv: 2 images with another label (i1, i3)" in complaint(predictions(label=[1, 1, 0]))


def test_a_photograph_twice_is_named():
    assert "m0.csv: 1 image listed twice (i1)" in complaint(predictions(image_id=["i1", "i1", "i2"]))


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1])
def test_what_is_no_probability_is_named(value: float):
    assert "m0.csv: 1 image with a probability" in complaint(predictions(probability=[0.1, value, 0.3]))


def test_all_tables_are_named_at_once():
    message = complaint(predictions(label=[1, 1, 1]), predictions(image_id=["i1", "i2", "x"]))
    assert "m0.csv" in message
    assert "m1.csv" in message
