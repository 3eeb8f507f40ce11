import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA
from dermoscopy.archive.problems import NAMED, Problem, refuse, summarize
from dermoscopy.archive.verify import verify
from dermoscopy.errors import ArchiveError

FIRST, SECOND = IMAGE_FOLDERS


def set_cell(column: str, value: str, row: int = 2) -> Callable[[Path], None]:
    def spoil(archive: Path) -> None:
        table = pd.read_csv(archive / METADATA, dtype=str)
        table.loc[row, column] = value
        table.to_csv(archive / METADATA, index=False)

    return spoil


def cut(archive: Path) -> None:
    path = archive / FIRST / "ISIC_2.jpg"
    path.write_bytes(path.read_bytes()[:-200])


def drop_column(archive: Path) -> None:
    pd.read_csv(archive / METADATA).drop(columns="age").to_csv(archive / METADATA, index=False)


def drop_rows(archive: Path) -> None:
    path = archive / METADATA
    path.write_text(path.read_text().splitlines()[0] + "\n")


def repeat_row(archive: Path) -> None:
    path = archive / METADATA
    path.write_text(path.read_text() + path.read_text().splitlines()[3] + "\n")


CORRUPTIONS: dict[str, tuple[Callable[[Path], object], Problem]] = {
    "no table": (lambda a: (a / METADATA).unlink(), Problem("table missing", METADATA)),
    "no rows": (drop_rows, Problem("table without rows", "0 rows")),
    "no column": (
        drop_column,
        Problem(
            "column missing from the table",
            "age",
            "received lesion_id, image_id, dx, dx_type, sex, localization",
        ),
    ),
    "no folder": (lambda a: shutil.rmtree(a / SECOND), Problem("folder missing", SECOND)),
    "unknown dx": (
        set_cell("dx", "melanoma"),
        Problem("dx other than akiec, bcc, bkl, df, mel, nv, vasc", "ISIC_2", "'melanoma'"),
    ),
    "no image_id": (set_cell("image_id", ""), Problem("missing image_id", "line 4")),
    "no lesion_id": (set_cell("lesion_id", ""), Problem("missing lesion_id", "ISIC_2")),
    "malformed id": (set_cell("image_id", "ISIC 2"), Problem("malformed image_id", "ISIC 2", "line 4")),
    "id outside": (
        set_cell("image_id", "../ISIC_2"),
        Problem("image_id that leaves the folder", "../ISIC_2", "line 4"),
    ),
    "row twice": (repeat_row, Problem("image_id in several rows", "ISIC_2", "line 4")),
    "too old": (set_cell("age", "121"), Problem("age outside 0 to 120", "ISIC_2", "'121'")),
    "age in words": (set_cell("age", "old"), Problem("age outside 0 to 120", "ISIC_2", "'old'")),
    "two diagnoses": (
        set_cell("dx", "nv", row=7),
        Problem("lesion with several diagnoses", "HAM_0", "akiec, nv"),
    ),
    "row alone": (
        lambda a: (a / FIRST / "ISIC_2.jpg").unlink(),
        Problem("row without a photograph", "ISIC_2"),
    ),
    "photograph alone": (
        lambda a: shutil.copy(a / FIRST / "ISIC_2.jpg", a / FIRST / "ISIC_9.jpg"),
        Problem("photograph without a row", "ISIC_9"),
    ),
    "both folders": (
        lambda a: shutil.copy(a / FIRST / "ISIC_2.jpg", a / SECOND),
        Problem("photograph in both folders", "ISIC_2"),
    ),
    "zero bytes": (
        lambda a: (a / FIRST / "ISIC_2.jpg").write_bytes(b""),
        Problem("photograph of zero bytes", "ISIC_2"),
    ),
    "no image": (
        lambda a: (a / FIRST / "ISIC_2.jpg").write_text("<html>404</html>"),
        Problem("photograph that cannot be decoded", "ISIC_2", "not an image"),
    ),
}


def test_a_sound_archive_has_no_problems(archive: Path) -> None:
    assert verify(archive) == []


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_corruption_is_told_in_its_own_words(archive: Path, name: str) -> None:
    spoil, expected = CORRUPTIONS[name]
    spoil(archive)
    assert expected in verify(archive)


def test_a_truncated_photograph_is_told(archive: Path) -> None:
    cut(archive)
    [problem] = verify(archive)
    assert problem[:2] == ("photograph that cannot be decoded", "ISIC_2")
    assert "truncated" in problem.detail.lower()


def test_bytes_that_are_no_text_are_told(archive: Path) -> None:
    (archive / METADATA).write_bytes(b"\xff\xfe\x00lesion_id")
    assert [problem.kind for problem in verify(archive)] == ["table that cannot be read"]


def test_a_row_with_too_many_fields_is_told(archive: Path) -> None:
    path = archive / METADATA
    path.write_text(path.read_text() + "HAM_9,ISIC_9,nv,histo,4,male,back,more,and more\n")
    assert "table that cannot be read" in [problem.kind for problem in verify(archive)]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_another_separator_and_a_byte_order_mark_are_accepted(archive: Path, separator: str) -> None:
    table = pd.read_csv(archive / METADATA)
    table.to_csv(archive / METADATA, index=False, sep=separator, encoding="utf-8-sig")
    assert verify(archive) == []


@pytest.mark.parametrize("column", ["age", "sex", "localization"])
def test_what_is_often_missing_may_be(archive: Path, column: str) -> None:
    set_cell(column, "")(archive)
    assert verify(archive) == []


def test_all_problems_are_told_at_once(archive: Path) -> None:
    cut(archive)
    set_cell("dx", "xyz", row=1)(archive)
    (archive / SECOND / "ISIC_3.jpg").unlink()
    assert len(verify(archive)) == 3


def test_a_kind_is_one_line_with_its_count_and_first_names() -> None:
    problems = [Problem("row without a photograph", f"ISIC_{number}") for number in range(1200)]
    [line] = summarize(problems)
    assert line.startswith("row without a photograph, 1,200: ISIC_0, ISIC_1,")
    assert line.endswith(f"ISIC_{NAMED - 1}, and 1,195 more")


def test_refusal_names_the_archive_and_what_to_do() -> None:
    refuse([], "here")
    with pytest.raises(ArchiveError, match=r"(?s)archive here cannot.*folder missing, 1: x.*data\.path"):
        refuse([Problem("folder missing", "x")], "here")


def test_other_files_beside_the_photographs_do_not_matter(archive: Path) -> None:
    (archive / FIRST / ".DS_Store").write_text("x")
    Image.new("RGB", (2, 2)).save(archive / "overview.jpg")
    assert verify(archive) == []
