"""Sources of the images on the page and the card: shown if they are known, otherwise absent."""

import pandas as pd
import pytest

from dermoscopy.evaluate.chart_tables import ROC_AUC
from dermoscopy.evaluate.tables import SCORES
from tests.report.conftest import render, write_project


def of_source(benign, malignant):
    counts = {"benign": benign, "malignant": malignant}
    return {
        "images": {"all": 3 * (benign + malignant), "train": counts, "val": counts, "test": counts},
        "lesions": benign + malignant,
        "prevalence": malignant / (benign + malignant),
    }


SOURCES = {
    "sources": {"rosendahl": of_source(60, 40), "vidir_molemax": of_source(99, 1)},
    "lesions_of_several_sources": 9,
    "sources_missing_in_a_split": [],
}


@pytest.fixture
def page(tmp_path):
    """Return the page of a project with two sources."""
    root = write_project(tmp_path, data=SOURCES)
    table = ROC_AUC.read(root / "plots/roc_auc.csv")
    alone = pd.DataFrame([{"name": "source", "kind": "baseline", "protocol": "lesion"}]).assign(
        value=0.783, low=0.752, high=0.814
    )
    table = pd.concat([table, alone]).assign(within_source=0.7654, within_low=0.7, within_high=0.8)
    ROC_AUC.write(table, root / "plots/roc_auc.csv")
    scores = SCORES.read(root / "data/evaluation/scores.csv")
    within = {"unit": "image", "point": "", "metric": "roc_auc_within", "value": 0.8123, "low": 0.77, "high": 0.85}
    row = pd.DataFrame([{"name": "ensemble", "kind": "ensemble", "interval": "Obuchowski", **within}])
    SCORES.write(pd.concat([scores, row]), root / "data/evaluation/scores.csv")
    return " ".join(render(root).split("</style>")[1].split())


def test_the_summary_has_the_roc_auc_within_source_and_that_of_the_source_alone(page):
    summary = page[page.index('<h2 id="summary"') : page.index('<h2 id="decisions"')]
    assert (
        "Among pairs of images from the same source (clinic and camera), it is <b>0.812</b> (0.770 to 0.850)" in summary
    )
    assert "the source alone, without the image, gives 0.783 (0.752 to 0.814) over all pairs" in summary
    assert "within source: 0.812 (0.770 to 0.850)" in page


def test_the_table_of_the_data_has_each_source(page):
    assert '<th scope="row">rosendahl</th><td>300</td><td>100</td><td>40.0 %</td><td>100</td>' in page
    assert '<th scope="row">vidir_molemax</th><td>300</td><td>100</td><td>1.0 %</td>' in page
    assert "9 lesions have images of several sources." in page
    assert "not in every split" not in page


def test_every_classifier_has_its_roc_auc_within_source(page):
    assert page.count("<td>0.765<small>0.700 to 0.800</small></td>") == page.count('<span class="ring"') > 10
    assert "ROC AUC within source" in page  # the column of all metrics and the glossary


def test_a_source_that_a_split_lacks_is_named(tmp_path):
    changed = SOURCES | {"sources_missing_in_a_split": ["vienna_dias"]}
    assert "These sources are not in every split: vienna_dias." in render(write_project(tmp_path, data=changed))


def test_without_sources_everything_about_them_is_absent(project):
    page = project().split("</style>")[1]
    for words in ("within source", "Within source", "same source", "camera alone", "vidir", 'class="ring"'):
        assert words not in page


def test_a_held_out_source_is_named_on_the_page_and_the_card(tmp_path):
    root = write_project(tmp_path, data=SOURCES)
    page = " ".join(render(root, held_out="rosendahl").split("</style>")[1].split())
    card = (root / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    assert "protocol: lesion, test: only images from rosendahl</p>" in page
    assert "Test is one source of the images, rosendahl, which is in no other split." in page
    assert "assigned to three splits" not in page
    assert "| Protocol | lesion; test: only images from rosendahl |" in card
    assert "only images from" not in render(root)
