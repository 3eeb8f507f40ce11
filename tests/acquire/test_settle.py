import logging

import pytest

from dermoscopy.acquire.acquire import settle
from dermoscopy.acquire.params import Data, Limits, Source
from dermoscopy.core.errors import MAX_NAMES, DatasetError
from dermoscopy.ham10000.problems import Problem, summarize

FATAL = Problem("table missing", "x", outcome="fatal")
LEFT_OUT = Problem("lesion with several diagnoses", "HAM_0", "mel, nv", ("ISIC_0", "ISIC_7"))
KEPT = Problem("grey image", "ISIC_1", "", ("ISIC_1",), "kept")


def settings(strict: bool, source: Source = "directory") -> Data:
    return Data(source=source, path="here", strict=strict, limits=Limits(pixels=1, unpacked=1.0), weights={})


def test_a_kind_is_one_line_with_its_count_and_first_names() -> None:
    problems = [Problem("row without a image", f"ISIC_{number}") for number in range(1200)]
    [line] = summarize(problems)
    assert line.startswith("row without a image, 1,200: ISIC_0, ISIC_1,")
    assert line.endswith(f"ISIC_{MAX_NAMES - 1}, and 1,195 more")


def test_refusal_names_the_archive_and_what_to_do() -> None:
    with pytest.raises(DatasetError) as refusal:
        settle([KEPT, LEFT_OUT], settings(strict=True))
    assert str(refusal.value) == (
        "The dataset here cannot be used:\n"
        "  lesion with several diagnoses, 1: HAM_0 (mel, nv)\n"
        "Mend the dataset or set data.path to a sound one, or go on with the sound part: -S data.strict=false. "
        "Nothing in data/ was changed but source.json."
    )


@pytest.mark.parametrize("strict", [True, False])
def test_what_is_fatal_is_always_refused(strict: bool) -> None:
    with pytest.raises(DatasetError, match=r"(?s)table missing.*a sound one\. Nothing"):
        settle([LEFT_OUT, FATAL], settings(strict))


def test_a_row_for_each_photograph_concerned(caplog: pytest.LogCaptureFixture) -> None:
    nameless = Problem("missing image_id", "line 4")
    with caplog.at_level(logging.INFO):
        table = settle([KEPT, LEFT_OUT, nameless], settings(strict=False))
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


def test_what_is_kept_does_not_refuse() -> None:
    assert settle([KEPT], settings(strict=True))["outcome"].tolist() == ["kept"]
    assert settle([], settings(strict=True)).empty


@pytest.mark.parametrize("source", ["download", "simulated"])
def test_the_remedy_is_one_of_the_source(source: Source) -> None:
    with pytest.raises(DatasetError, match=r"data\.limits.*-S data\.strict=false") as refusal:
        settle([LEFT_OUT], settings(strict=True, source=source))
    assert str(refusal.value).startswith(f"The dataset {source} cannot be used:")
    assert "data.path" not in str(refusal.value)


def test_nothing_a_terminal_would_obey_is_told() -> None:
    [line] = summarize([Problem("image without a row", "a\r\x1b[2Jb\udcff é", "\x9b")])
    assert line == "image without a row, 1: a\\r\\x1b[2Jb\\udcff é (\\x9b)"
