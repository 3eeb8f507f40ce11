"""The results that git keeps: their floats, and the width of DVC's tables of them."""

import json
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dermoscopy.core.members import member_names
from tests.committed import long_floats
from tests.pipeline.project import Project

STAGES = YAML(typ="safe", pure=True).load(Path("dvc.yaml"))["stages"]
# As in docs/how-to/compare-ideas.md.
KEEP = "Experiment|metrics/val.json:(protocol|log_loss|roc_auc$)"
DOCUMENTED = f"dvc exp show --drop '.*' --keep '{KEEP}'"
COLUMNS = ["Experiment", *(f"metrics/val.json:{name}" for name in ("protocol", "log_loss", "roc_auc"))]


def committed() -> list[str]:
    """Return the outs that are not in DVC's cache."""
    entries = [entry for stage in STAGES.values() for key in ("outs", "metrics") for entry in stage.get(key, [])]
    options = [option for entry in entries if isinstance(entry, dict) for option in entry.items()]
    paths = [path for path, option in options if not option.get("cache", True)]
    return [path.replace("${item.member}", member) for path in paths for member in member_names()]


def test_committed_floats_have_at_most_twelve_significant_digits():
    paths = sorted(set(committed()))
    assert {"metrics/test.json", "metrics/val/cnn_a.json", "plots/roc.csv", "data/source.json"} <= set(paths)
    assert [(path, floats[:3]) for path in paths if (floats := long_floats(Path(path)))] == []


def test_metrics_files_are_few_and_small():
    metrics = sorted(path for stage in STAGES.values() for entry in stage.get("metrics", []) for path in entry)
    ensemble = {"metrics/val.json", "metrics/test.json", "metrics/test_low.json", "metrics/test_high.json"}
    assert set(metrics) == ensemble | {"metrics/val/${item.member}.json"}
    for path in committed():
        if path.startswith("metrics/val") or path in ensemble:
            assert len(json.loads(Path(path).read_text())) <= 8, path


def test_metrics_show_fits_132_columns(tmp_path):
    project = Project.clone(tmp_path / "project")
    lines = project.done("dvc", "metrics", "show").splitlines()
    paths = [line.split()[0] for line in lines]
    assert paths == [
        "Path",
        *(f"metrics/val/{member}.json" for member in member_names()),
        "metrics/val.json",
        "metrics/test.json",
        "metrics/test_low.json",
        "metrics/test_high.json",
    ]
    assert max(map(len, lines)) <= 132


def test_exp_show_is_documented_and_shows_its_columns(tmp_path):
    assert all(DOCUMENTED in Path(page).read_text() for page in ("README.md", "docs/how-to/compare-ideas.md"))
    project = Project.clone(tmp_path / "project")
    table = project.done("env", "COLUMNS=120", *shlex.split(DOCUMENTED), "--no-pager")
    assert table.splitlines()[1].split() == COLUMNS
    hidden = project.done("env", "COLUMNS=120", *shlex.split(DOCUMENTED), "--hide-workspace", "--no-pager")
    assert "workspace" in table
    assert "workspace" not in hidden


@pytest.mark.slow
def test_exp_show_as_documented_fits_120_columns(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    project.done("dvc", "exp", "run", "--name", "adam-dropout", "-S", "ensemble.fallback=0.05", "ensemble")
    table = project.done("env", "COLUMNS=120", *shlex.split(DOCUMENTED), "--no-pager")
    lines = table.splitlines()
    assert lines[1].split() == COLUMNS
    assert "[adam-dropout]" in table
    assert "…" not in table
    assert max(map(len, lines)) <= 120
