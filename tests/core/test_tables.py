import math
import random

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.core.tables import DIAGNOSES, PREDICTIONS, Table

TABLE = Table(columns={"image_id": "str", "label": "int64", "age": "float64"}, order=("image_id",))


def frame() -> pd.DataFrame:
    return pd.DataFrame({"label": [1, 0, 1], "image_id": ["c", "a", "b"], "age": [0.1 + 0.2, float("nan"), 1e-17]})


def test_rows_are_sorted_and_floats_read_back_equal(tmp_path):
    TABLE.write(frame(), tmp_path / "table.csv")
    back = TABLE.read(tmp_path / "table.csv")
    assert back["image_id"].tolist() == ["a", "b", "c"]
    assert list(back.columns) == ["image_id", "label", "age"]
    assert back["age"].tolist()[1:] == [1e-17, 0.1 + 0.2]
    assert back["age"].isna().tolist() == [True, False, False]


COMMITTED = Table(columns=TABLE.columns, order=("age", "image_id"), committed=True)


def test_floats_of_a_committed_table_that_differ_in_the_sixteenth_digit_give_equal_bytes(tmp_path):
    ages = [1 / 3, math.nextafter(1 / 3, 1), float("nan")]
    for name, column in (("first", ages), ("second", [ages[1], ages[0], ages[2]])):
        COMMITTED.write(frame().assign(age=column), tmp_path / name)
    text = (tmp_path / "first").read_text()
    assert text == (tmp_path / "second").read_text()
    assert text == "image_id,label,age\na,0,0.333333333333\nc,1,0.333333333333\nb,1,\n"


def test_a_committed_table_takes_whole_numbers_and_float32(tmp_path):
    COMMITTED.write(frame().assign(age=[1, 2, 3]), tmp_path / "table.csv")
    assert COMMITTED.read(tmp_path / "table.csv")["age"].tolist() == [1.0, 2.0, 3.0]
    COMMITTED.write(frame().assign(age=np.array([0.1, 0.2, 0.3], dtype=np.float32)), tmp_path / "table.csv")
    assert COMMITTED.read(tmp_path / "table.csv")["age"].tolist() == [0.10000000149, 0.20000000298, 0.300000011921]


def test_file_does_not_depend_on_the_order_of_rows(tmp_path):
    TABLE.write(frame(), tmp_path / "first.csv")
    TABLE.write(frame().iloc[::-1], tmp_path / "second.csv")
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()


def test_text_that_looks_like_a_missing_value_stays_text(tmp_path):
    TABLE.write(frame().assign(image_id=["NA", "", "null"]), tmp_path / "table.csv")
    assert TABLE.read(tmp_path / "table.csv")["image_id"].tolist() == ["", "NA", "null"]


def test_an_empty_table_keeps_its_columns(tmp_path):
    TABLE.write(frame().iloc[:0], tmp_path / "table.csv")
    assert list(TABLE.read(tmp_path / "table.csv").columns) == ["image_id", "label", "age"]


def test_writing_other_columns_raises_table_error(tmp_path):
    with pytest.raises(TableError, match="image_id, label, age"):
        TABLE.write(frame().drop(columns="age"), tmp_path / "table.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["image_id,label\na,1\n", "image_id,label,age\na,x,1\n", ""])
def test_reading_another_table_raises_table_error(tmp_path, text):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(TableError, match=r"table\.csv[\s\S]*Run `dvc repro`\.$"):
        TABLE.read(tmp_path / "table.csv")


def test_missing_table_raises_table_error_with_the_command(tmp_path):
    with pytest.raises(TableError, match="dvc repro"):
        TABLE.read(tmp_path / "table.csv")


def test_any_text_is_equal_when_read_again(tmp_path):
    characters = ["\r", "\n", '"', ",", " ", "\0", "\x1a", "\\", "#", "\x85", "\u2028", "a"]
    rng = random.Random(1)
    texts = ["".join(rng.choices(characters, k=rng.randrange(6))) for _ in range(1000)]
    TABLE.write(pd.DataFrame({"image_id": texts, "label": 1, "age": 1.5}), tmp_path / "table.csv")
    assert TABLE.read(tmp_path / "table.csv")["image_id"].tolist() == sorted(texts)


OPTIONAL = Table(
    columns={"image_id": "str", "dataset": "str", "label": "int64"}, order=("image_id",), optional=("dataset",)
)


@pytest.mark.parametrize("column", [{}, {"dataset": ""}])
def test_an_optional_column_without_values_is_absent_from_the_file(tmp_path, column):
    OPTIONAL.write(frame().drop(columns="age").assign(**column), tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines()[0] == "image_id,label"
    assert list(OPTIONAL.read(tmp_path / "table.csv").columns) == ["image_id", "label"]


def test_an_optional_column_with_a_value_is_kept_in_its_place(tmp_path):
    OPTIONAL.write(frame().drop(columns="age").assign(dataset=["one", "", ""]), tmp_path / "table.csv")
    assert OPTIONAL.read(tmp_path / "table.csv").to_dict("list") == {
        "image_id": ["a", "b", "c"],
        "dataset": ["", "", "one"],
        "label": [0, 1, 1],
    }


@pytest.mark.parametrize("header", ["label,image_id", "image_id,label,dataset", "image_id,label,other"])
def test_a_file_with_other_columns_is_refused_with_optional_ones_too(tmp_path, header):
    (tmp_path / "table.csv").write_text(f"{header}\n")
    with pytest.raises(TableError, match="columns must be image_id, dataset, label"):
        OPTIONAL.read(tmp_path / "table.csv")


WITH_FLOATS = Table(
    columns={"image_id": "str", "first": "float64", "second": "float64"},
    order=("image_id",),
    optional=("first", "second"),
)


@pytest.mark.parametrize("floats", [{}, {"first": [0.25, math.nan]}, {"first": [0.25, 0.5], "second": [math.nan, 1.0]}])
def test_optional_floats_are_in_the_file_if_they_are_in_the_frame(tmp_path, floats):
    rows = pd.DataFrame({"image_id": ["a", "b"], **floats})
    WITH_FLOATS.write(rows, tmp_path / "table.csv")
    pd.testing.assert_frame_equal(WITH_FLOATS.read(tmp_path / "table.csv"), rows)


def test_predictions_have_the_probabilities_of_all_diagnoses_or_none(tmp_path):
    binary = pd.DataFrame({"image_id": ["b", "a"], "lesion_id": "l", "dx": "nv", "label": 0, "probability": 0.2})
    of_diagnoses = binary.assign(**{f"p_{dx}": [0.125, 0.25] for dx in DIAGNOSES})
    for rows in (binary, of_diagnoses):
        PREDICTIONS.write(rows, tmp_path / "member.csv")
        assert list(PREDICTIONS.read(tmp_path / "member.csv")) == list(rows)
    assert list(of_diagnoses)[5:] == ["p_akiec", "p_bcc", "p_bkl", "p_df", "p_mel", "p_nv", "p_vasc"]
