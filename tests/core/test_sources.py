import pandas as pd
import pytest

from dermoscopy.core.sources import image_columns, sources

ROWS = pd.DataFrame({"image_id": ["a", "b", "c"], "lesion_id": "x", "dx": "nv", "label": 0, "age": 1.0})


def test_an_unknown_source_is_a_source_of_its_own():
    assert sources(ROWS.assign(dataset=["one", "", "two"])).tolist() == ["one", "unknown", "two"]


@pytest.mark.parametrize("column", [["", "", ""], ["one", "one", "one"], ["one", "", ""]])
def test_fewer_than_two_known_sources_are_none(column):
    assert sources(ROWS.assign(dataset=column)) is None


def test_a_table_without_the_column_has_no_sources():
    assert sources(ROWS) is None
    assert list(image_columns(ROWS)) == ["image_id", "lesion_id", "dx", "label"]
    assert list(image_columns(ROWS.assign(dataset="one"))) == ["image_id", "lesion_id", "dx", "label", "dataset"]
