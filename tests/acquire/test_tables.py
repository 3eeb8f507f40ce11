import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.acquire.copy import copy_dataset
from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.sources import find_dataset
from dermoscopy.acquire.tables import compare_tables
from dermoscopy.ham10000.metadata import METADATA
from dermoscopy.ham10000.problems import Problem

Write = Callable[[pd.DataFrame, Path], object]
FIRST = "HAM10000_images_part_1"


def to_zip(table: pd.DataFrame, dataset: Path) -> None:
    with zipfile.ZipFile(dataset / "metadata.zip", "w") as file:
        file.writestr(f"files/{METADATA}", table.to_csv(index=False))


PLACES: dict[str, Write] = {
    "tab": lambda table, dataset: table.to_csv(dataset / "HAM10000_metadata.tab", sep="\t", index=False),
    "no ending": lambda table, dataset: table.to_csv(dataset / "HAM10000_metadata", index=False),
    "in the folder of the images": lambda table, dataset: table.to_csv(dataset / FIRST / METADATA, index=False),
    "in a zip": to_zip,
}
FORMS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "equal": lambda table: table,
    "other order": lambda table: table[::-1],
    "more columns": lambda table: table.assign(dataset="rosendahl"),
    "ages without a fraction": lambda table: table.assign(age=table["age"].str.removesuffix(".0")),
    "other words": lambda table: table.assign(dx=table["dx"].str.upper(), dx_type="histopathology", sex="M"),
    "rows repeated": lambda table: pd.concat([table, table]),
}


def compare(dataset: Path) -> list[Problem]:
    return compare_tables(find_dataset(dataset).table)


@pytest.fixture
def table(dataset: Path) -> pd.DataFrame:
    return pd.read_csv(dataset / METADATA, dtype=str)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_tables_of_the_same_content_are_no_problem(dataset: Path, table: pd.DataFrame, place: str, form: str) -> None:
    PLACES[place](FORMS[form](table), dataset)
    assert len(find_dataset(dataset).table) == 2
    assert compare(dataset) == []


def test_quotes_do_not_matter(dataset: Path, table: pd.DataFrame) -> None:
    table.to_csv(dataset / "HAM10000_metadata.tab", sep="\t", index=False, quoting=csv.QUOTE_ALL)
    assert compare(dataset) == []


@pytest.mark.parametrize("place", PLACES)
def test_tables_that_differ_are_refused_before_anything_is_copied(
    dataset: Path, tmp_path: Path, table: pd.DataFrame, place: str
) -> None:
    PLACES[place](table.assign(dx="mel"), dataset)
    problems = copy_dataset(dataset, tmp_path / "raw", tmp_path / "masks", Limits(pixels=1, unpacked=1.0))
    assert [problem.outcome for problem in problems] == ["fatal"]
    assert not (tmp_path / "raw").exists()


def test_the_differences_are_named(dataset: Path, table: pd.DataFrame, wording: Callable[..., None]) -> None:
    changed = table.copy()
    changed.loc[[2, 5], "dx"] = "mel"
    changed.loc[3, "age"] = "50.0"
    changed.loc[4, "age"] = ""
    changed.loc[7, "image_id"] = "ISIC_8"
    PLACES["tab"](changed, dataset)
    [problem] = compare(dataset)
    assert problem.name == "HAM10000_metadata.csv and HAM10000_metadata.tab"
    wording(problem.detail)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "it is empty"), (b"\xff", "utf-8"), (b"image_id,dx\n", "it has no column lesion_id, dx_type, age")],
)
def test_a_second_table_that_cannot_be_read_differs(dataset: Path, content: bytes, reason: str) -> None:
    (dataset / "HAM10000_metadata.tab").write_bytes(content)
    [problem] = compare(dataset)
    assert problem.detail.startswith("HAM10000_metadata.tab cannot be read")
    assert reason in problem.detail


def test_each_table_is_compared(dataset: Path, table: pd.DataFrame) -> None:
    PLACES["tab"](table, dataset)
    PLACES["no ending"](table.assign(sex="female"), dataset)
    PLACES["in a zip"](table.assign(sex="female"), dataset)
    assert [problem.name.partition(" and ")[2] for problem in compare(dataset)] == [
        "metadata.zip: files/HAM10000_metadata.csv",
        "HAM10000_metadata",
    ]
