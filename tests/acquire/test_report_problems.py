import logging
from collections.abc import Callable

import pytest

from dermoscopy.acquire.acquire import report_problems
from dermoscopy.acquire.params import Data, Limits, Source
from dermoscopy.core.errors import MAX_NAMES, DatasetError
from dermoscopy.ham10000.problems import Problem, summarize

FATAL = Problem("table missing", "x", outcome="fatal")
LEFT_OUT = Problem("lesion with several diagnoses", "HAM_0", "mel, nv", ("ISIC_0", "ISIC_7"))
KEPT = Problem("grey image", "ISIC_1", "", ("ISIC_1",), "kept")


def settings(strict: bool, source: Source = "directory") -> Data:
    return Data(source=source, path="my-dataset", strict=strict, limits=Limits(pixels=1, unpacked=1.0), weights={})


def test_each_kind_is_one_line_with_its_count_and_first_names() -> None:
    problems = [Problem("row without an image", f"ISIC_{number}") for number in range(1200)]
    [line] = summarize(problems)
    assert line.startswith("row without an image, 1,200: ISIC_0, ISIC_1,")
    assert line.endswith(f"ISIC_{MAX_NAMES - 1}, and 1,195 more")


def test_the_error_names_the_dataset_its_problems_and_the_remedy(wording: Callable[..., None]) -> None:
    with pytest.raises(DatasetError) as error:
        report_problems([KEPT, LEFT_OUT], settings(strict=True))
    assert error.value.problems == summarize([LEFT_OUT])
    wording(str(error.value))


@pytest.mark.parametrize("strict", [True, False])
def test_a_fatal_problem_is_always_refused(strict: bool) -> None:
    with pytest.raises(DatasetError, match="table missing") as error:
        report_problems([LEFT_OUT, FATAL], settings(strict))
    assert "data.strict" not in str(error.value)


def test_the_table_has_a_row_for_each_image(caplog: pytest.LogCaptureFixture) -> None:
    nameless = Problem("missing image_id", "line 4")
    with caplog.at_level(logging.INFO):
        table = report_problems([KEPT, LEFT_OUT, nameless], settings(strict=False))
    assert table[["name", "image_id", "outcome"]].to_numpy().tolist() == [
        ["HAM_0", "ISIC_0", "left out"],
        ["HAM_0", "ISIC_7", "left out"],
        ["line 4", "", "left out"],
        ["ISIC_1", "ISIC_1", "kept"],
    ]
    assert caplog.messages == [
        "Left out: lesion with several diagnoses, 1: HAM_0 (mel, nv)",
        "Left out: missing image_id, 1: line 4",
        "Kept: grey image, 1: ISIC_1",
    ]


def test_kept_images_do_not_refuse_the_dataset() -> None:
    assert report_problems([KEPT], settings(strict=True))["outcome"].tolist() == ["kept"]
    assert report_problems([], settings(strict=True)).empty


@pytest.mark.parametrize("source", ["download", "simulated"])
def test_the_remedy_depends_on_the_source(source: Source) -> None:
    with pytest.raises(DatasetError, match=r"data\.limits.*-S data\.strict=false") as error:
        report_problems([LEFT_OUT], settings(strict=True, source=source))
    assert str(error.value).startswith(f"The dataset {source} ")
    assert "data.path" not in str(error.value)


def test_control_characters_are_escaped() -> None:
    [line] = summarize([Problem("image without a row", "a\r\x1b[2Jb\udcff é", "\x9b")])
    assert line == "image without a row, 1: a\\r\\x1b[2Jb\\udcff é (\\x9b)"
