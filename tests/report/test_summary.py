"""The summary answers five questions, each in a sentence with a link."""

import re

import pytest

from dermoscopy.report.decisions import missed_counts
from tests.report.conftest import render, write_project

QUESTIONS = {
    "How good is it?": "decisions",
    "On what data?": "data",
    "Compared with what?": "comparison",
    "Where does it fail?": "missed",
    "May I use it?": "limits",
}


def answers(page: str) -> dict[str, str]:
    """Return the answer to each question, with its links."""
    summary = page[page.index('<h2 id="summary"') : page.index('<nav aria-label="Contents"')]
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", summary, re.DOTALL)
    return {question: " ".join(answer.split()) for question, answer in found}


def test_each_question_has_an_answer_with_a_link(project) -> None:
    found = answers(project())
    assert list(found) == list(QUESTIONS)
    for question, section in QUESTIONS.items():
        assert f'<a href="#{section}">' in found[question]


def test_the_answers_come_before_the_contents_and_the_sections(project) -> None:
    page = project()
    assert page.index("May I use it?") < page.index('<nav aria-label="Contents"') < page.index("<main>")


def test_the_numbers_are_those_of_the_run(project) -> None:
    found = answers(project())
    assert "174 test images of 125 lesions" in found["On what data?"]
    assert (
        "ensemble 0.894, best member (CNN A) 0.874, best baseline (Colour statistics) 0.851"
        in (found["Compared with what?"])
    )
    assert re.search(r"\d+ of \d+ malignant lesions are predicted malignant", found["How good is it?"])


@pytest.mark.parametrize(
    ("changes", "use"),
    [
        ({}, "clinical care, and simulated images say nothing about real skin."),
        ({"source": "ham10000"}, "clinical care."),
        ({"source": "ham10000", "audited": "image leaky"}, "clinical care, and the results are too optimistic."),
    ],
)
def test_nobody_may_use_it_for_patients(tmp_path, changes, use) -> None:
    answer = answers(render(write_project(tmp_path, **changes)))["May I use it?"]
    assert answer.startswith("Not for patients: it has not been tested in")
    assert use in answer


def missed(*counts: tuple[str, int, int]) -> list[dict]:
    return [{"name": name, "lesions": lesions, "missed": {"sensitive": number}} for name, number, lesions in counts]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([("melanoma", 0, 30)], ""),
        ([("melanoma", 1, 30), ("basal cell carcinoma", 0, 9)], "1 of 30 (melanoma) is"),
        (
            [("melanoma", 1, 30), ("basal cell carcinoma", 2, 9)],
            "1 of 30 (melanoma) and 2 of 9 (basal cell carcinoma) are",
        ),
        ([("melanoma", 2, 30)], "2 of 30 (melanoma) are"),
    ],
)
def test_missed_lesions_are_named_by_diagnosis(counts, words) -> None:
    assert missed_counts(missed(*counts)) == words
