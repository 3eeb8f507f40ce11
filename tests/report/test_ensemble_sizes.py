"""Charts of the accuracy as members are added, as in figures 5 and 6 of the paper."""

import re

import pandas as pd
import pytest

from dermoscopy.report.ensemble_sizes import DRAWN, ensemble_sizes
from dermoscopy.report.inputs import read_sources
from tests.report.conftest import MEMBERS, render, write_project


@pytest.fixture
def root(tmp_path):
    return write_project(tmp_path)


def test_the_first_chart_adds_all_members_and_the_second_leaves_out_the_first(root) -> None:
    first, second = ensemble_sizes(read_sources(root), 0.5, "")
    assert len(first.added) == len(MEMBERS)
    assert second.added == first.added[1:]
    assert first.chart.title == (
        "Accuracy on the test split, by image, at the threshold 0.5 before calibration, as members are added"
    )
    assert second.chart.title == f"{first.chart.title}, without the first"
    assert [tick.text for tick in first.chart.x_ticks] == [first.added[0], *(f"+ {name}" for name in first.added[1:])]


def test_the_points_are_the_accuracies_of_the_ensemble_and_of_the_members(root) -> None:
    sources = read_sources(root)
    order = ensemble_sizes(sources, 0.5, "")[0]
    rows = sources.ensemble_sizes
    own = rows[(rows["split"] == "test") & (rows["method"] == DRAWN) & (rows["start"] == rows["start"].mode()[0])]
    expected = own.sort_values("size")["accuracy"].tolist()
    y = order.chart.y_scale
    dots = [dot for dot in order.chart.dots if dot.css == "c-ensemble"]
    assert [dot.y for dot in dots] == [y(value) for value in expected]
    members = [dot for dot in order.chart.dots if dot.css != "c-ensemble"]
    assert members[0].y == dots[0].y  # an ensemble of one member is this member
    assert members[0].x < dots[0].x
    assert len([line for line in order.chart.lines if line.css == "whisker"]) == len(members) + len(dots)


def test_both_charts_have_the_same_scale(root) -> None:
    first, second = (order.chart for order in ensemble_sizes(read_sources(root), 0.5, ""))
    assert first.y_scale == second.y_scale
    assert first.width == second.width


def test_one_member_has_a_table_and_no_chart(root) -> None:
    path = root / "plots" / "ensemble_sizes.csv"
    rows = pd.read_csv(path)
    rows[(rows["size"] == 1) & (rows["start"] == rows["start"].mode()[0])].to_csv(path, index=False)
    (order,) = ensemble_sizes(read_sources(root), 0.5, "")
    assert order.chart is None
    page = render(root)
    assert 'id="sizes-1"' not in page
    assert re.search(r"<details open><summary>Accuracy of all methods", page)
