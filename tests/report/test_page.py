import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from dermoscopy.evaluate.tables import SCORES
from dermoscopy.stats.metrics import METRICS, Metric, from_confusion
from tests.report.conftest import TEST, evaluated, render, write_project


class Page(HTMLParser):
    """Tags, their attributes, and the text of captions and titles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "line", "path", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.texts.append((tuple(self.open), " ".join(data.split())))

    def text_in(self, *path):
        return [text for opened, text in self.texts if opened[-len(path) :] == path and text]


def test_the_headline_is_the_metrics_file(project, tmp_path):
    page = project()
    test = json.loads((tmp_path / "metrics" / "test.json").read_text())
    for metric in ("roc_auc", "sensitivity", "specificity", "ppv", "accuracy", "average_precision"):
        of = test[metric]
        assert f"<dd>{of['value']:.3f}<small>{of['low']:.3f} to {of['high']:.3f}</small>" in page
    assert "Of 56 malignant images it finds 44 and misses 12." in page
    assert "Of 118 benign images it leaves 101 alone and calls 17 malignant." in page
    rows = re.findall(r'<th scope="row">(benign|malignant)</th><td>(\d+)</td><td>(\d+)</td></tr>', page)
    assert rows == [("benign", "101", "17"), ("malignant", "12", "44")]


def test_nothing_is_loaded_from_anywhere(project):
    page = project()
    assert not re.search(r"https?://|//\w", re.sub(r"data:image/[^\"]+", "", page))
    assert "default-src 'none'" in page
    tags = Page(page).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object", "use"}
    sources = [attributes["src"] for tag, attributes in tags if tag == "img"]
    assert len(sources) == 7
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert all(attributes["href"].startswith("#") for tag, attributes in tags if tag == "a")
    assert "url(" not in page


def test_who_cannot_see_is_told(project):
    tags = Page(project()).tags
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    assert all(
        attributes.get("aria-label") or attributes.get("aria-hidden") for tag, attributes in tags if tag == "svg"
    )
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")
    targets = {attributes["id"] for _, attributes in tags if "id" in attributes}
    assert {attributes["href"][1:] for tag, attributes in tags if tag == "a"} <= targets


def test_pictures_are_shown_and_never_spelt_out(project):
    page = Page(project())
    assert any(attrs.get("src", "").startswith("data:image") for tag, attrs in page.tags if tag == "img")
    assert not [text for _, text in page.texts if "data:image" in text]


def test_training_and_validation_are_drawn_by_epoch_for_every_metric(project):
    page = Page(project())
    titles = page.text_in("figcaption", "b")
    assert {"CNN A: accuracy", "CNN A: ROC AUC", "CNN A: loss"} <= set(titles)
    [chart] = [
        attrs for tag, attrs in page.tags if tag == "svg" and "ROC AUC of CNN A by" in attrs.get("aria-label", "")
    ]
    assert "training 0." in chart["aria-label"]
    assert "validation 0." in chart["aria-label"]
    assert "0.930" in page.text_in("tbody", "tr", "td")


def test_a_leak_is_said_in_every_title(project):
    page = Page(project(audited="image leaky"))
    titles = page.text_in("caption") + page.text_in("figcaption", "b") + page.text_in("title") + page.text_in("h1")
    assert len(titles) > 15
    assert [title for title in titles if "leaky protocol" not in title] == []
    charts = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "role" in attributes]
    assert len(charts) == 16
    assert all("leaky protocol" in label for label in charts)


def test_a_clean_protocol_claims_no_leak(project):
    assert "leaky" not in project().replace(".notice.leaky", "")


NOTHING = {"value": None, "low": None, "high": None}


@pytest.mark.parametrize(
    "odd",
    [
        {"roc_auc": {"value": 1.0, "low": None, "high": None}},
        {"roc_auc": NOTHING, "ppv": NOTHING},
        {"specificity": NOTHING},
        {"images": 0, "lesions": 0, "sensitivity": NOTHING},
    ],
)
def test_what_is_undefined_is_a_dash(project, odd):
    page = project(test=odd)
    assert "–" in Page(page).text_in("dd", "small") + Page(page).text_in("dd")
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", re.sub(r"data:image/[^\"]+", "", page))


def test_a_missing_metric_is_a_dash(tmp_path):
    write_project(tmp_path)
    (tmp_path / "metrics" / "test.json").write_text("{}\n")
    (tmp_path / "metrics" / "val.json").write_text("{}\n")
    page = render(tmp_path)
    assert "<dd>–<small>" in page


def test_simulated_photographs_are_called_drawings(project):
    page = project()
    assert "These images are drawings." in page
    assert "made by the project’s simulator" in page


def test_real_photographs_come_with_their_licence(project):
    page = project(source="directory")
    assert "drawings" not in page
    assert "CC BY-NC 4.0" in page
    assert "doi:10.7910/DVN/DBW86T" in page
    assert "name the source when you pass it on" in page


def rewrite_choice(root, **changes):
    path = root / "data" / "ensemble" / "ensemble.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_an_ensemble_of_one(tmp_path):
    write_project(tmp_path)
    rewrite_choice(tmp_path, members=["cnn_a"], method="single")
    page = " ".join(render(tmp_path).split())
    assert "An ensemble of one, CNN A, tells" in page
    assert "It is one member alone." in page


def test_a_fallback_is_told(tmp_path):
    write_project(tmp_path)
    rewrite_choice(tmp_path, members=["cnn_a"], method="single", fell_back=True, p=0.31)
    page = " ".join(render(tmp_path, fallback=0.05).split())
    assert (
        "VGG19, Inception V3, CNN A and CNN B together (mean) did not earn their place on val (p = 0.31, over 0.05)"
        in page
    )


def test_missing_pictures_leave_no_hole(tmp_path):
    write_project(tmp_path)
    for image in (tmp_path / "data").rglob("*.png"):
        image.unlink()
    assert "<img" not in render(tmp_path)


def test_the_card_says_the_same(project, tmp_path):
    project()
    card = (tmp_path / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    assert f"{TEST['roc_auc']['value']:.3f} (95 % interval 0.842 to 0.939)" in card
    assert "Not a medical device" in card


def test_two_processes_write_the_same_bytes(tmp_path):
    write_project(tmp_path)
    pages = []
    for seed in ("1", "2"):
        code = f"import pathlib; from tests.report.conftest import render; render(pathlib.Path({str(tmp_path)!r}))"
        environment = {**os.environ, "PYTHONPATH": "src:.", "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        pages.append([path.read_bytes() for path in sorted((tmp_path / "data" / "report").iterdir())])
    assert pages[0] == pages[1]


def test_a_row_added_to_the_table_of_metrics_is_a_column_and_an_entry_of_the_glossary(monkeypatch, tmp_path):
    added = Metric(
        "added",
        "Added metric",
        from_confusion(lambda counts: counts.sensitivity + counts.specificity - 1),
        needs="predictions",
        scale="correlation",
        interval="bootstrap",
        description="Sensitivity and specificity, less 1.",
    )
    monkeypatch.setitem(METRICS, "added", added)
    evaluated.cache_clear()
    root = write_project(tmp_path)
    page, scores = render(root), SCORES.read(root / "data" / "evaluation" / "scores.csv")
    evaluated.cache_clear()
    assert page.count('<th scope="col">Added metric</th>') == 2  # by image, by lesion
    own = scores[(scores["metric"] == "added") & (scores["name"] == "ensemble") & (scores["point"] == "half")]
    assert len(own) == 2
    for row in own.itertuples():
        assert f"<td>{row.value:.3f}<small>{row.low:.3f} to {row.high:.3f}</small></td>" in page
    assert "<dt>Added metric</dt><dd>Sensitivity and specificity, less 1.</dd>" in page
