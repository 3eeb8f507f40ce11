"""The figures of the paper in their order, with links to what the run shows in their place."""

import re
from itertools import pairwise

from dermoscopy.report.paper_figures import paper_figures
from tests.report.conftest import render, write_project
from tests.report.test_page import Page


def numbers() -> list[list[int]]:
    figures = paper_figures(["mel", "bcc"], ["cnn_a"], 2, "balanced", wrong=True)
    return [[int(number) for number in figure.number.split(" to ")] for figure in figures]


def test_all_eighteen_figures_are_there_in_their_order() -> None:
    assert numbers()[0][0] == 1
    assert numbers()[-1][-1] == 18
    assert all(before[-1] + 1 == after[0] for before, after in pairwise(numbers()))


def test_each_figure_links_to_a_place_in_the_page(tmp_path) -> None:
    page = render(write_project(tmp_path))
    section = page[page.index('<h2 id="paper-figures"') : page.index('<h2 id="limits"')]
    links = re.findall(r'<a href="#([^"]*)">', section)
    assert len(links) == len(numbers()) - 1  # the made-up project has no basal cell carcinomas
    assert section.count("not in this run") == 1
    ids = {attributes["id"] for _, attributes in Page(page).tags if "id" in attributes}
    assert set(links) <= ids


def test_the_activations_are_those_of_the_network_of_the_paper() -> None:
    anchors = {figure.anchor for figure in paper_figures([], ["vgg19", "inception_v3"], 0, "balanced", wrong=False)}
    assert "activations-inception_v3" in anchors
    assert "activations-vgg19" not in anchors


def test_what_a_run_does_not_have_is_no_link() -> None:
    missing = [figure.number for figure in paper_figures([], [], 1, "balanced", wrong=False) if figure.anchor is None]
    assert missing == ["1", "6", "8", "9", "12", "13 to 17", "18"]
