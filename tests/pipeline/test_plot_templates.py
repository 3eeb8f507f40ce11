"""The entries of `plots` in dvc.yaml and their templates, also as the extension of VS Code uses them."""

import csv
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dvc_render.vega import OPTIONAL_ANCHORS, SPLIT_ANCHORS
from ruamel.yaml import YAML

from tests.pipeline.browser import charts
from tests.pipeline.plots import (
    PLOTS,
    SEARCH,
    TABLES,
    charts_of_own_templates,
    charts_of_tables,
    plots,
    project_of_plots,
)
from tests.pipeline.project import TOP

ANCHORS = {
    f"<DVC_METRIC_{name.upper()}>" for name in ("title", "x", "y", "x_label", "y_label", "data", *OPTIONAL_ANCHORS)
}


def test_every_template_of_the_project_is_used():
    assert {path.stem for path in PLOTS.glob("*.json")} == set(charts_of_own_templates().values())


@pytest.mark.parametrize("template", sorted(set(charts_of_own_templates().values())))
def test_template_has_only_anchors_of_dvc(template: str):
    text = (PLOTS / f"{template}.json").read_text()
    json.loads(text)
    anchors = set(re.findall(r"<DVC_METRIC_\w+>", text))
    assert "<DVC_METRIC_DATA>" in anchors
    assert anchors <= ANCHORS
    # The extension of VS Code fills these anchors. It replaces whole strings only.
    for name in SPLIT_ANCHORS:
        anchor = f"<DVC_METRIC_{name.upper()}>"
        assert text.count(anchor) == text.count(f'"{anchor}"'), anchor


@pytest.mark.parametrize("template", sorted(set(charts_of_own_templates().values())))
def test_template_is_readable_in_a_dark_window(template: str):
    specification = json.loads((PLOTS / f"{template}.json").read_text())
    assert specification["background"] == "white"
    texts = {(part, key) for part in ("axis", "header", "legend") for key in ("labelColor", "titleColor")}
    assert {specification["config"][part][key] for part, key in texts} == {"#1f2933"}
    assert specification["config"]["title"]["color"] == "#1f2933"


@pytest.mark.parametrize("name", sorted(charts_of_tables()))
def test_title_fits_the_extension_of_vs_code(name: str):
    assert len(charts_of_tables()[name]["title"]) <= 50


@pytest.mark.parametrize("name", sorted(charts_of_tables()))
def test_plot_names_an_out_and_its_columns(name: str):
    plot = charts_of_tables()[name]
    [(path, y)] = plot["y"].items()
    columns = next(csv.reader({**TABLES, **{f"search_{key}": lines for key, lines in SEARCH.items()}}[Path(path).name]))
    assert {plot["x"], *([y] if isinstance(y, str) else y)} <= set(columns)
    outs = [
        out for stage in YAML(typ="safe", pure=True).load(TOP / "dvc.yaml")["stages"].values() for out in stage["outs"]
    ]
    assert {path: {"cache": False}} in outs or str(Path(path).parent) in outs


def filled(value: Any, anchors: dict[str, Any]) -> Any:
    """Return a template whose strings that are an anchor are replaced, as the extension of VS Code does."""
    if isinstance(value, dict):
        return {key: filled(item, anchors) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, anchors) for item in value]
    return anchors.get(value, value) if isinstance(value, str) else value


def test_every_plot_renders_as_in_the_extension_of_vs_code(tmp_path: Path):
    """The extension gets templates and data apart. It fits plots without facets into a box and leaves out legends."""
    project = project_of_plots(tmp_path / "project")
    plots = json.loads(project.done("dvc", "plots", "diff", "HEAD", "workspace", "--split", "--json"))["data"]
    divs, titles = [], {}
    for name, [plot] in ((name, plots[name]) for name in charts_of_tables()):
        anchors, template = plot["anchor_definitions"], plot["content"]
        for anchor in {"<DVC_METRIC_COLOR>", "<DVC_METRIC_STROKE_DASH>", "<DVC_METRIC_SHAPE>"} & set(anchors):
            anchors[anchor]["legend"] = None
        size = 300 if "facet" in template else "container"
        anchors |= {"<DVC_METRIC_PLOT_WIDTH>": size, "<DVC_METRIC_PLOT_HEIGHT>": size, "<DVC_METRIC_ZOOM_AND_PAN>": {}}
        specification = json.dumps(filled(template, anchors))
        assert "<DVC_METRIC_" not in specification
        chart = name.replace(" ", "_")
        titles[chart] = anchors["<DVC_METRIC_TITLE>"]
        divs.append(
            f'<div id="{chart}" style="width: 400px; height: 300px"></div>'
            f"<script>vegaEmbed('#{chart}', {specification})</script>"
        )
    page = tmp_path / "extension.html"
    text = (PLOTS / "page.html").read_text().replace("{plot_divs}", "\n".join(divs)).replace("{refresh_tag}", "")
    page.write_text(text)
    texts = charts(page)
    assert set(texts) == {name.replace(" ", "_") for name in charts_of_tables()}
    for chart, title in titles.items():
        assert title in texts[chart]


def test_all_charts_have_committed_data():
    """So that nothing fails to load in a fresh clone."""
    committed = subprocess.run(["git", "ls-files", "plots"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    sources = {path for plot in charts_of_tables().values() for path in plot["y"]}
    assert sources <= set(committed.splitlines())
    assert [entry for entry in plots() if isinstance(entry, str)] == []
