"""One headline; every other table of results names its split, its level and, where it matters, its threshold."""

import re

import pytest

from tests.report.conftest import render, write_project

METRIC = re.compile(
    r"ROC AUC|accuracy|sensitivity|specificity|PPV|log loss|Brier|predicted malignant|missed"
    r"|calibration|probabilities|net benefit",
    re.I,
)
SPLIT = re.compile(r"\b(test|val|validation)\b")
LEVEL = re.compile(r"\bby (image|lesion)\b")
THRESHOLD = re.compile(r"operating point|threshold|before calibration", re.I)
NEEDS_THRESHOLD = re.compile(r"accuracy|sensitivity|specificity|PPV|predicted malignant|missed", re.I)
OF_ALL_THRESHOLDS = ("Class-conditional conformal sets",)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return " ".join(render(write_project(tmp_path_factory.mktemp("report"))).split("</style>")[1].split())


def tables(page):
    """Return the caption of each table with its column titles."""
    for table in re.findall(r"<table.*?</table>", page):
        caption = re.sub("<.*?>", "", re.search(r"<caption>(.*?)</caption>", table)[1])
        yield caption, re.sub("<.*?>", " ", re.search(r"<thead>(.*?)</thead>", table)[1])


def test_every_table_of_metrics_names_its_split_and_its_level(page):
    of_metrics = [caption for caption, columns in tables(page) if METRIC.search(f"{caption} {columns}")]
    assert len(of_metrics) > 15
    assert [caption for caption in of_metrics if not SPLIT.search(caption) or not LEVEL.search(caption)] == []


def test_every_table_of_predictions_names_its_threshold(page):
    of_predictions = [
        f"{caption} {columns}" for caption, columns in tables(page) if NEEDS_THRESHOLD.search(f"{caption} {columns}")
    ]
    of_predictions = [text for text in of_predictions if not text.startswith(OF_ALL_THRESHOLDS)]
    assert len(of_predictions) > 10
    assert [text for text in of_predictions if not THRESHOLD.search(text)] == []


@pytest.mark.parametrize(
    "chart", ["ROC curves", "Metrics by threshold", "Calibration", "Distribution", "Decision curves"]
)
def test_every_chart_of_metrics_names_its_split_and_its_level(page, chart):
    (title,) = re.findall(rf"<figcaption><b>({chart}[^<]*)</b>", page)
    assert SPLIT.search(title)
    assert LEVEL.search(title)


def test_the_card_names_the_headline_once_and_the_level_of_other_numbers(tmp_path):
    root = write_project(tmp_path)
    render(root)
    card = (root / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    assert card.count("the ensemble on the test split, by image, at the operating point") == 1
    (other,) = (line for line in card.splitlines() if line.startswith("| Another operating point"))
    assert "On test, by lesion: sensitivity" in other
