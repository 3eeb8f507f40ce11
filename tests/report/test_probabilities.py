"""The page shows the four essential results of a prediction model; F1 and the calibration error in bins step back."""

import re

import pandas as pd
import pytest

from dermoscopy.core.splits import LABELS
from dermoscopy.evaluate.tables import CALIBRATION, CALIBRATION_CURVE, RISK_QUARTILES, RISKS, SAMPLE_SIZE
from dermoscopy.report.formatting import rate, signed
from dermoscopy.report.probabilities import risk_chart
from tests.report.conftest import render, write_project


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_project(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(root):
    return " ".join(render(root).split("</style>")[1].split())


def table(page, caption):
    """Return the rows of a table as lists of the texts of their cells."""
    (found,) = re.findall(rf"<table[^>]*> ?<caption>{caption}.*?</table>", page)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", found.split("<tbody>")[1])
    return {
        re.sub("<.*?>", "", cells[0]).strip(): [re.sub("<.*?>", " ", cell).split("  ") for cell in cells[1:]]
        for cells in (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows)
    }


def test_the_calibration_measures_are_those_of_the_evaluation(root, page):
    measures = CALIBRATION.read(root / "data/evaluation/calibration.csv").set_index(["name", "metric"])
    shown = table(page, "Calibration on the test split, by lesion")
    for name in ("before", "after"):
        cells = [cell[0].split() for cell in shown[f"{name} calibration"]]
        for metric, cell, write in zip(
            ("oe_ratio", "intercept", "slope"), cells[:3], (rate, signed, rate), strict=True
        ):
            row = measures.loc[(name, metric)]
            assert cell == [write(row["value"]), write(row["low"]), "to", write(row["high"])]


def test_distances_from_perfect_calibration_have_a_bound_by_chance_and_no_interval(root, page):
    measures = CALIBRATION.read(root / "data/evaluation/calibration.csv").set_index(["name", "metric"])
    shown = table(page, "Distance of the smooth curve")
    for metric, cell in zip(("ici", "e50", "e90"), shown["after calibration"], strict=True):
        row = measures.loc[("after", metric)]
        assert " ".join(cell[0].split()) == f"{rate(row['value'])} by chance up to {rate(row['chance'])}"


def test_quartiles_and_sample_sizes_are_those_of_the_evaluation(root, page):
    quartiles = RISK_QUARTILES.read(root / "data/evaluation/risk_quartiles.csv").set_index("label")
    shown = table(page, "Calibrated probabilities on the test split")
    assert [cell[0] for cell in shown["median"]] == [rate(quartiles.loc[label, "median"]) for label in LABELS]
    sizes = SAMPLE_SIZE.read(root / "data/evaluation/sample_size.csv").set_index("metric")
    shown = table(page, "Lesions that a 95 % confidence interval needs")
    assert shown["ROC AUC"][1][0] == f"{sizes.loc['roc_auc', 'needed']:,.0f}"
    assert {cells[2][0] for cells in shown.values()} == {"60"}


def test_f1_and_the_expected_calibration_error_are_only_in_details_and_glossary(page):
    main = re.sub(r"<details>.*?</details>", "", page).split('id="words"')[0]
    assert "expected calibration error" in page.lower()
    assert not re.search(r"\bF1\b|expected calibration error", main, re.I)
    assert "F1" in page


def test_the_smooth_curve_is_drawn_with_its_band(root, page):
    curves = CALIBRATION_CURVE.read(root / "data/evaluation/calibration_curve.csv")
    (chart,) = re.findall(r'<svg class="chart roc"[^>]*aria-label="Calibration.*?</svg>', page)
    (band,) = re.findall(r'class="band" d="([^"]*)"', chart)
    points = (curves["name"] == "after").sum()
    assert band.count("M") == 1
    assert band.count("L") == 2 * points - 1
    assert band.endswith("Z")
    assert re.search(r'class="c-ensemble" d="M', chart)


def test_the_outline_of_the_histogram_starts_and_ends_at_zero(root):
    risks = RISKS.read(root / "data/evaluation/risks.csv")
    chart = risk_chart(risks, "title")
    for line, label in zip(chart.lines, LABELS, strict=True):
        points = [tuple(map(float, point.split())) for point in re.findall(r"[ML]([\d. ]+)", line.path)]
        assert line.css == f"label-{label}"
        assert points[0] == (chart.x_scale(0), chart.y_scale(0))
        assert points[-1] == (chart.x_scale(1), chart.y_scale(0))
        heights = risks.loc[risks["label"] == label, "proportion"]
        assert [y for _, y in points[1:-1:2]] == [chart.y_scale(height) for height in heights]


def test_a_label_without_lesions_has_no_outline():
    risks = pd.DataFrame({"label": ["benign"], "start": [0.0], "end": [1.0], "lesions": [3], "proportion": [1.0]})
    assert [line.css for line in risk_chart(risks, "title").lines] == ["label-benign"]


def test_the_card_states_the_calibration_by_lesion(root, page):
    card = (root / "data/report/model_card.md").read_text(encoding="utf-8")
    (line,) = (line for line in card.splitlines() if line.startswith("| Calibration"))
    measures = CALIBRATION.read(root / "data/evaluation/calibration.csv").set_index(["name", "metric"])
    assert "on the test split, by lesion" in line
    assert rate(measures.loc[("after", "slope"), "value"]) in line
