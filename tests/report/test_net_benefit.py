import re

import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluate.tables import DECISION_CURVE
from dermoscopy.report.formatting import signed
from dermoscopy.report.net_benefit import decision_chart
from tests.report.conftest import render, write_project


def curves(values, prevalence=0.2):
    """Return decision curves of an ensemble with these net benefits at evenly spaced thresholds."""
    thresholds = np.arange(1, len(values) + 1) / (len(values) + 1)
    of_all = prevalence - (1 - prevalence) * thresholds / (1 - thresholds)
    names = {"ensemble": values, "treat all": of_all, "treat none": np.zeros(len(values))}
    rows = [
        pd.DataFrame({"name": name, "kind": "ensemble", "threshold": thresholds, "value": own, "low": own, "high": own})
        for name, own in names.items()
    ]
    table = pd.concat(rows, ignore_index=True)
    table.loc[table["name"].str.startswith("treat"), ["kind", "low", "high"]] = ["strategy", np.nan, np.nan]
    return table


def lines(chart, css):
    return [line.path for line in chart.lines if line.css == css]


def points(path):
    return [tuple(map(float, point.split())) for point in re.findall(r"[ML]([-\d. ]+)", path)]


def test_curves_are_cut_at_the_bottom_of_the_chart():
    chart = decision_chart(curves([0.15, 0.05, -5.0, -7.0, 0.01]), "title")
    (ensemble,) = lines(chart, "c-ensemble")
    assert ensemble.count("M") == 2  # with a gap
    assert max(y for _, y in points(ensemble)) == pytest.approx(chart.y_scale(chart.y_scale.low))
    assert all(y <= chart.y_scale(chart.y_scale.low) for line in chart.lines for _, y in points(line.path))


def test_treat_all_falls_from_the_prevalence_to_zero_at_the_prevalence():
    chart = decision_chart(curves([0.15, 0.1, 0.05]), "title")
    none, everything = lines(chart, "chance")
    assert {y for _, y in points(none)} == {chart.y_scale(0)}
    start, *_ = found = points(everything)
    assert start == (chart.x_scale(0), pytest.approx(chart.y_scale(0.2), abs=0.1))
    above = [x for x, y in found if y < chart.y_scale(0)]
    assert max(above) < chart.x_scale(0.2) < min(x for x, _ in found if x not in above)


def test_undefined_net_benefits_leave_an_empty_chart():
    table = curves([np.nan, np.nan])
    chart = decision_chart(table, "title")
    assert lines(chart, "band") == [""]
    assert lines(chart, "c-ensemble") == [""]


def test_the_page_shows_the_net_benefits_without_the_leaking_baseline(tmp_path):
    root = write_project(tmp_path)
    page = render(root)
    section = re.search(r'<h2 id="net-benefit">.*?</section>', page, re.DOTALL)[0]
    assert "dx_type" not in section
    table = DECISION_CURVE.read(root / "data/evaluation/decision_curve.csv").set_index(["name", "threshold"])
    rows = dict(re.findall(r'<th scope="row">([\d.]+)</th>(.*?)</tr>', section))
    assert len(rows) == 9
    first = re.findall(r"<td>([^<]*)", rows["0.3"])
    assert first[:2] == [signed(table.loc[(name, 0.3), "value"]) for name in ("treat all", "ensemble")]
