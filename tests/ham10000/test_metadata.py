from pathlib import Path

import numpy as np
import pytest

from dermoscopy.ham10000 import metadata
from dermoscopy.ham10000.metadata import COLUMNS, METADATA

HEADER = ",".join(COLUMNS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / METADATA


def test_read_valid_types_and_sorts_rows(path: Path) -> None:
    path.write_text(
        f"{HEADER},dataset\nHAM_2,ISIC_2,nv,histo,,unknown,unknown,rosendahl\n"
        "HAM_1,ISIC_1,mel,histo,80.0,male,NA,rosendahl\n"
    )
    table = metadata.read_valid(path, set())
    assert list(table.columns) == [*COLUMNS, "dataset"]
    assert table["image_id"].tolist() == ["ISIC_1", "ISIC_2"]
    np.testing.assert_array_equal(table["age"], [80.0, np.nan])
    assert table["localization"].tolist() == ["unknown", "unknown"]


def test_read_valid_leaves_out_invalid_rows(path: Path) -> None:
    path.write_text(
        f"{HEADER}\nHAM_1,ISIC_1,mel,histo,80,male,back\nHAM_2,ISIC_2,nv,histo,old,male,back\n"
        "HAM_3,ISIC_3,nv,histo,4,male,back\nHAM_3,ISIC_3,nv,histo,5,male,back\n"
        "HAM_4,,nv,histo,4,male,back\nHAM_5,../ISIC_5,nv,histo,4,male,back\nHAM_6,ISIC_6,nv\n"
    )
    assert metadata.read_valid(path, {"ISIC_2", "ISIC_3"})["image_id"].tolist() == ["ISIC_1"]


def test_read_valid_reads_words_and_keeps_one_of_equal_rows(path: Path) -> None:
    path.write_text(
        f'{HEADER}\nHAM_1,ISIC_1,MEL,histopathology,"80,0",M,NA\nHAM_1,ISIC_1,mel,histo,80,male,unknown\n'
        "HAM_2,ISIC_2,nv,histo,85+,x,left elbow\n"
    )
    table = metadata.read_valid(path, set())
    assert table.drop(columns="age").to_numpy().tolist() == [
        ["HAM_1", "ISIC_1", "mel", "histo", "male", "unknown"],
        ["HAM_2", "ISIC_2", "nv", "histo", "unknown", "unknown"],
    ]
    np.testing.assert_array_equal(table["age"], [80.0, np.nan])


def test_read_raw_keeps_the_line_numbers(path: Path) -> None:
    path.write_text('a,b\n\n1,"two\nlines"\n,\n3,4\n5\n6,7,8\n9,10,,\n')
    frame, ragged = metadata.read_raw(path)
    assert frame.index.tolist() == [4, 6, 9]
    assert frame.to_numpy().tolist() == [["1", "two\nlines"], ["3", "4"], ["9", "10"]]
    assert ragged == {7: ["5"], 8: ["6", "7", "8"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_line_endings_are_recognized(path: Path, separator: str, end: str) -> None:
    lines = [HEADER, "HAM_1,ISIC_1,mel,histo,80,male,back", "HAM_2,ISIC_2,nv,histo,,,"]
    path.write_bytes(end.join(lines).replace(",", separator).encode("utf-8-sig"))
    assert metadata.read_valid(path, set())["image_id"].tolist() == ["ISIC_1", "ISIC_2"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_empty_file_raises_value_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match="empty"):
        metadata.read_raw(path)


def test_a_table_without_sources_has_no_column_of_them(path: Path) -> None:
    path.write_text(f"{HEADER}\nHAM_1,ISIC_1,mel,histo,80.0,male,back\n")
    assert list(metadata.read_valid(path, set()).columns) == list(COLUMNS)


@pytest.mark.parametrize(
    ("text", "value"),
    [("rosendahl", "rosendahl"), (" Vidir Modern ", "vidir_modern"), ("", ""), ("NA", ""), ("?", ""), ("a/b", "")],
)
def test_sources_are_read_in_any_case_and_unknown_ones_are_empty(path: Path, text: str, value: str) -> None:
    path.write_text(f"{HEADER},dataset\nHAM_1,ISIC_1,mel,histo,80.0,male,back,{text}\n")
    assert metadata.read_valid(path, set())["dataset"].tolist() == [value]
