"""The section on the predicted diagnoses: absent with the target binary, complete with the target dx."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.tables import DIAGNOSES
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.evaluate.diagnoses import DiagnosisClassifier, score_diagnoses
from dermoscopy.evaluate.tables import TABLES
from dermoscopy.report.formatting import classifier
from dermoscopy.stats.lesions import by_image, by_lesion
from tests.ensemble import settings
from tests.report.conftest import MEMBERS, render, write_project
from tests.report.test_headline import LEVEL, SPLIT, THRESHOLD, tables
from tests.report.test_page import Page

# Numbers of images by true and predicted diagnosis.
COUNTS = {("mel", "mel"): 6, ("mel", "nv"): 2, ("nv", "nv"): 19, ("nv", "bkl"): 1, ("df", "nv"): 3}


def write_diagnoses(root: Path, *predicting: tuple[str, str]) -> None:
    """Write the tables of classifiers with the predictions of `COUNTS`, and a lesion for each image."""
    pairs = [pair for pair, count in COUNTS.items() for _ in range(count)]
    rows = pd.DataFrame(pairs, columns=["dx", "predicted"])
    rows["lesion_id"] = [f"HAM_{number:07}" for number in rows.index]
    rows["label"] = (rows["dx"] == "mel").astype(int)
    probability = np.full((len(rows), len(DIAGNOSES)), 0.05)
    probability[rows.index, rows["predicted"].map(DIAGNOSES.index)] = 0.7
    classifiers = [DiagnosisClassifier(name, kind, probability) for name, kind in predicting]
    found = score_diagnoses(rows, (by_image(rows), by_lesion(rows)), classifiers, settings.evaluate())
    for name, table in found.items():
        TABLES[name].write(table, root / "data" / "evaluation" / f"{name}.csv")


def section(root: Path) -> str:
    page = render(root)
    return " ".join(page[page.index('<h2 id="diagnoses"') : page.index('<h2 id="comparison"')].split())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project whose ensemble and two members predict diagnoses."""
    root = write_project(tmp_path)
    write_diagnoses(root, ("ensemble", "ensemble"), (MEMBERS[0], "member"), (MEMBERS[1], "member"))
    return root


def test_without_predicted_diagnoses_there_is_no_section(project):
    page = project()
    assert "#diagnoses" not in page
    assert "Mean recall" not in page


def test_each_diagnosis_of_test_has_its_counts_its_recall_and_its_roc_auc(root):
    text = section(root)
    table = re.search(r"<caption>The ensemble’s results by diagnosis.*?</table>", text)[0]
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(\d+)</td><td>(\d+)</td> <td>([\d.]+)<small>(.*?)</small>', table)
    assert [row[:4] for row in rows] == [
        ("Dermatofibroma (df)", "3", "3", "0.000"),
        ("Melanoma (mel)", "8", "8", "0.750"),
        ("Melanocytic naevus (nv)", "20", "20", "0.950"),
    ]
    assert all(re.fullmatch(r"[\d.]+ to [\d.]+", interval) for *_, interval in rows)


def test_the_matrix_has_all_diagnoses_as_columns_and_those_of_test_as_rows(root):
    matrix = re.search(r'<table class="matrix">.*?</table>', section(root))[0]
    assert re.findall(r'<th scope="col">(\w+)</th>', matrix) == list(DIAGNOSES)
    rows = re.findall(r'<tr><th scope="row">(\w+)</th>(.*?)</tr>', matrix)
    counts = {dx: [int(cell) for cell in re.findall(r"<td[^>]*>(\d+)<small>", cells)] for dx, cells in rows}
    expected = {dx: [COUNTS.get((dx, predicted), 0) for predicted in DIAGNOSES] for dx in ("df", "mel", "nv")}
    assert counts == expected


def test_the_mean_recall_of_each_classifier_is_the_mean_over_the_diagnoses(root):
    text = section(root)
    mean = (0 + 6 / 8 + 19 / 20) / 3
    for name in ("Ensemble", classifier(MEMBERS[0]), classifier(MEMBERS[1])):
        assert f'<th scope="row">{name}</th><td>{mean:.3f}<small>' in text


def test_members_of_the_ensemble_without_diagnoses_are_named(root):
    members = read_choice(root / "data" / "ensemble" / "ensemble.json").members
    text = section(root)
    assert f"the mean of those of {classifier(members[0])} and {classifier(members[1])}." in text
    assert "It leaves out the members with the target binary:" in text
    assert all(classifier(member) in text for member in members[2:])


def test_an_ensemble_without_diagnoses_has_no_table_of_its_own(tmp_path):
    root = write_project(tmp_path)
    write_diagnoses(root, ("other", "member"))
    text = section(root)
    assert "No member of the ensemble predicts diagnoses." in text
    assert text.count("<table") == 1


def test_every_table_names_its_split_its_level_and_its_threshold(root):
    captions = [caption for caption, _ in tables(section(root))]
    assert len(captions) == 3
    for pattern in (SPLIT, LEVEL, THRESHOLD):
        assert [caption for caption in captions if not pattern.search(caption)] == []


def test_titles_warn_of_a_leaky_protocol_and_links_lead_to_headings(tmp_path):
    root = write_project(tmp_path, audited="image leaky")
    write_diagnoses(root, ("ensemble", "ensemble"), (MEMBERS[0], "member"))
    page = Page(render(root))
    titles = page.text_in("caption") + [text for text in page.text_in("h2") if text.startswith("Diagnoses")]
    assert "Diagnoses (leaky protocol)" in titles
    assert [title for title in titles if "leaky protocol" not in title] == []
    targets = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {"diagnoses"} <= targets
