"""Each recipe of CONTRIBUTING.md works as its text says, in a clone, with the real dvc."""

import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core.members import member_names
from tests.pipeline.project import Project, stages_run
from tests.pipeline.recipes import add_backbone, add_member, add_metric

pytestmark = pytest.mark.slow

MEMBERS = member_names()
AFTER_TRAINING = ["predict", "ensemble", "evaluate", "explain", "report", "bundle"]


def run_tests(project: Project, *arguments: str) -> None:
    """Run tests of the clone."""
    project.done(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)


def test_every_recipe_has_a_test():
    recipes = re.findall(r"^## (Add .*)$", Path("CONTRIBUTING.md").read_text(), flags=re.M)
    assert recipes == ["Add a fifth member", "Add a backbone", "Add a metric"]


@pytest.mark.long
@pytest.mark.parametrize("like", MEMBERS)
def test_a_fifth_member_trains_only_itself(finished: Project, tmp_path, like):
    project = finished.copy(tmp_path / "project")
    add_member(project, "fifth", like)
    assert stages_run(project.done("dvc", "repro", "audit")) == ["check", "acquire"]
    ran = stages_run(project.done("dvc", "repro", "--dry", "train", "search"))
    assert set(ran) == {"check", "train@fifth"}


@pytest.mark.long
def test_a_fifth_member_is_in_every_result(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    before = project.lock()
    add_member(project, "cnn_c", "cnn_b")
    ran = stages_run(project.done("dvc", "repro"))
    assert sorted(ran) == sorted(["check", "acquire", "train@cnn_c", *AFTER_TRAINING])
    after = project.lock()
    for stage in (f"train@{member}" for member in MEMBERS):
        assert after[stage]["outs"] == before[stage]["outs"]
    assert "cnn_c" in set(pd.read_csv(project.folder / "data/evaluation/scores.csv")["name"])
    assert "cnn_c" in (project.folder / "data/report/index.html").read_text()
    assert list((project.folder / "data/explain").rglob("*cnn_c*"))


@pytest.mark.long
def test_with_a_fifth_member_no_test_needs_a_change(tiny: Project, tmp_path):
    project = tiny.copy(tmp_path / "project")
    project.done("git", "restore", "--source", "HEAD~1", "params.yaml")
    add_member(project, "cnn_c", "cnn_b")
    for script in ("docs/parameters.py", "docs/pages.py"):
        project.done(sys.executable, script)
    folders = ("check", "core", "docs", "ensemble", "evaluate", "explain", "report", "search", "stats")
    run_tests(project, "-m", "not slow", *(f"tests/{name}" for name in folders), "tests/pipeline/test_dag.py")


def test_a_backbone_without_a_measured_pace_is_accepted(tiny: Project, tmp_path):
    project = tiny.copy(tmp_path / "project")
    add_backbone(project)
    project.change({"models": {"vgg19": {"backbone": "mobilenet", "image_size": 32}}, "search": {"trials": 9000}})
    result = project.run("dvc", "repro", "check")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "The time of vgg19 is unknown" in result.stdout + result.stderr


def test_a_backbone_needs_no_other_change(tiny: Project, tmp_path):
    project = tiny.copy(tmp_path / "project")
    project.done("git", "restore", "--source", "HEAD~1", "params.yaml")
    add_backbone(project)
    project.done(sys.executable, "docs/parameters.py")
    assert "mobilenet" in (project.folder / "params.yaml").read_text()
    run_tests(project, "tests/networks/test_backbones.py", "tests/networks/test_every_backbone.py", "-k", "mobilenet")
    run_tests(
        project, "tests/check/test_cost.py", "tests/check/test_layers.py", "tests/check/test_weights.py", "tests/docs"
    )


def test_a_metric_is_in_every_table_and_in_the_report(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    headline = json.loads((project.folder / "metrics/test.json").read_text())
    add_metric(project)
    ran = stages_run(project.done("dvc", "repro"))
    assert not [stage for stage in ran if stage.startswith("train")]
    scores = pd.read_csv(project.folder / "data/evaluation/scores.csv")
    rows = scores[scores["metric"] == "youden"]
    assert rows[["value", "low", "high"]].notna().all(axis=None)
    page = (project.folder / "data/report/index.html").read_text()
    assert "Youden index" in page
    assert "Sensitivity plus specificity minus 1" in page
    assert headline.items() <= json.loads((project.folder / "metrics/test.json").read_text()).items()
    run_tests(project, "tests/stats/test_metrics.py")
