import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.ensemble.fit import CANDIDATES
from dermoscopy.ensemble.training import BEST_EPOCH
from dermoscopy.evaluate.tables import SCORES
from dermoscopy.report.formatting import signed
from dermoscopy.stats.metrics import METRICS, Metric, from_confusion
from tests.report.conftest import MEMBERS, TEST, evaluated, render, write_project


class Page(HTMLParser):
    """The tags of a page with their attributes, and its texts with the open tags."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "line", "path", "circle", "rect", "ellipse"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.texts.append((tuple(self.open), " ".join(data.split())))

    def text_in(self, *path):
        return [text for opened, text in self.texts if opened[-len(path) :] == path and text]


def test_the_headline_metrics_are_those_of_the_ensemble_by_image(project):
    page = project()
    for metric in ("roc_auc", "sensitivity", "specificity", "ppv", "accuracy", "average_precision"):
        estimate = TEST[metric]
        interval = f"{estimate['low']:.3f} to {estimate['high']:.3f}"
        assert f"<dd>{estimate['value']:.3f}<small>{interval}</small>" in page
    assert (
        "Of 56 malignant images, 44 are predicted malignant (true positives) and 12 benign (false negatives)." in page
    )
    assert "Of 118 benign images, 101 are predicted benign (true negatives) and 17 malignant (false positives)." in page
    rows = re.findall(r'<th scope="row">(benign|malignant)</th><td>(\d+)</td><td>(\d+)</td></tr>', page)
    assert rows == [("benign", "101", "17"), ("malignant", "12", "44")]


def test_the_page_loads_no_other_file(project):
    page = project()
    assert not re.search(r"https?://|//\w", re.sub(r"data:image/[^\"]+", "", page))
    assert "default-src 'none'" in page
    tags = Page(page).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object", "use"}
    sources = [attributes["src"] for tag, attributes in tags if tag == "img"]
    assert len(sources) == 8
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    links = {attributes["href"] for tag, attributes in tags if tag == "a"}
    assert {link for link in links if not link.startswith("#")} == {"checklists.html"}
    assert "url(" not in page


def test_the_page_is_accessible(project):
    tags = Page(project()).tags
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    assert all(
        attributes.get("aria-label") or attributes.get("aria-hidden") for tag, attributes in tags if tag == "svg"
    )
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")
    targets = {attributes["id"] for _, attributes in tags if "id" in attributes}
    links = {attributes["href"] for tag, attributes in tags if tag == "a"} - {"checklists.html"}
    assert {link[1:] for link in links} <= targets


def test_images_are_embedded_and_data_uris_are_no_text(project):
    page = Page(project())
    assert any(attrs.get("src", "").startswith("data:image") for tag, attrs in page.tags if tag == "img")
    assert not [text for _, text in page.texts if "data:image" in text]


def test_training_curves_are_drawn_for_all_metrics(project):
    page = Page(project())
    titles = page.text_in("figcaption", "b")
    assert {"CNN A: accuracy", "CNN A: ROC AUC", "CNN A: loss"} <= set(titles)
    [chart] = [
        attrs for tag, attrs in page.tags if tag == "svg" and "ROC AUC of CNN A by" in attrs.get("aria-label", "")
    ]
    assert "training 0." in chart["aria-label"]
    assert "validation 0." in chart["aria-label"]
    assert "0.930" in page.text_in("tbody", "tr", "td")


def test_all_titles_warn_of_a_leaky_protocol(project):
    page = Page(project(audited="image leaky"))
    titles = page.text_in("caption") + page.text_in("figcaption", "b") + page.text_in("title") + page.text_in("h1")
    assert len(titles) > 15
    assert [title for title in titles if "leaky protocol" not in title] == []
    charts = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "role" in attributes]
    assert len(charts) == 20 + 1 + len(MEMBERS)  # charts, the diagram of the ensemble, and those of the networks
    assert all("leaky protocol" in label for label in charts)


def test_a_clean_protocol_has_no_warning(project):
    assert "leaky" not in project().replace(".notice.leaky", "")


UNDEFINED = {"value": None, "low": None, "high": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"roc_auc": {"value": 1.0, "low": None, "high": None}},
        {"roc_auc": UNDEFINED, "ppv": UNDEFINED},
        {"specificity": UNDEFINED},
        {"sensitivity": UNDEFINED},
    ],
)
def test_undefined_metrics_become_a_dash(project, changes):
    page = project(test=changes)
    assert "–" in Page(page).text_in("dd", "small") + Page(page).text_in("dd")
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", re.sub(r"data:image/[^\"]+", "", page))


def test_the_metrics_of_the_chosen_epochs_are_in_a_table(tmp_path):
    root = write_project(tmp_path)
    rows = BEST_EPOCH.read(root / "plots" / "best_epoch.csv").set_index(["name", "split"])
    train, val = (rows.loc[("cnn_a", split)] for split in ("train", "val"))
    table = re.search(r"<caption>Metrics at the chosen epoch.*?</table>", render(root), re.DOTALL)[0]
    row = re.search(r"CNN A</th>(.*?)</tr>", table, re.DOTALL)[1]
    assert re.findall(r"<td>(.*?)</td>", row) == [
        "3",
        f"{train['roc_auc']:.3f}",
        f"{val['roc_auc']:.3f}",
        signed(train["roc_auc"] - val["roc_auc"]),
        f"{train['accuracy']:.3f}",
        f"{val['accuracy']:.3f}",
    ]


def test_the_roc_auc_of_the_ensemble_on_val_is_that_of_the_candidate(tmp_path):
    root = write_project(tmp_path)
    choice = read_choice(root / "data" / "ensemble" / "ensemble.json")
    candidates = CANDIDATES.read(root / "data" / "ensemble" / "candidates.csv").set_index(["members", "method"])
    value = candidates.loc[("+".join(choice.members), choice.method), "roc_auc"]
    assert f"There, by image and cross-validated, the ensemble’s ROC AUC is {value:.3f}." in render(root)


def test_simulated_images_are_declared(project):
    page = project()
    assert "Simulated images." in page
    assert "made by the project’s simulator" in page


def test_real_images_have_their_licence(project):
    page = project(source="ham10000")
    assert "Simulated images." not in page
    assert "CC BY-NC 4.0" in page
    assert "doi:10.7910/DVN/DBW86T" in page
    assert "cite the source" in page


def rewrite_choice(root, **changes):
    path = root / "data" / "ensemble" / "ensemble.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_an_ensemble_of_a_single_member(tmp_path):
    write_project(tmp_path)
    rewrite_choice(tmp_path, members=["cnn_a"], method="single")
    page = " ".join(render(tmp_path).split())
    assert "The ensemble consists of a single member, CNN A." in page
    assert "The ensemble is a single member." in page


def test_a_fallback_to_the_best_member_is_reported(tmp_path):
    write_project(tmp_path)
    rewrite_choice(tmp_path, members=["cnn_a"], method="single", fell_back=True, p=0.31)
    page = " ".join(render(tmp_path, fallback=0.05).split())
    assert (
        "VGG19, Inception V3, CNN A and CNN B combined (mean) were not significantly better than it "
        "(p = 0.31, limit 0.05)" in page
    )


def test_missing_images_are_left_out(tmp_path):
    write_project(tmp_path)
    for image in (tmp_path / "data").rglob("*.png"):
        image.unlink()
    assert "<img" not in render(tmp_path)


def test_the_model_card_has_the_same_metrics(project, tmp_path):
    project()
    card = (tmp_path / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    assert f"{TEST['roc_auc']['value']:.3f} (95 % confidence interval 0.842 to 0.939)" in card
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


def test_a_metric_added_to_the_table_gets_a_column_and_a_glossary_entry(monkeypatch, tmp_path):
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
