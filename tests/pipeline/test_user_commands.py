"""Commands of a user with the real dvc, in a temporary clone without a network."""

import csv
import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.cli.repro import train_stages
from dermoscopy.ensemble.fit import WEIGHTS
from dermoscopy.stats.headline import HEADLINE, read_headline
from tests.pipeline.browser import charts
from tests.pipeline.project import FIRST, Project, stages_run

pytestmark = pytest.mark.slow

TRAIN_STAGES = train_stages()
BEFORE = ["check", "acquire", "merge", "split", "augment", "audit"]
AFTER = [
    *("search", "search_charts", "predict", "ensemble", "baselines", "suitability", "evaluate", "explain", "report"),
    "bundle",
]


def test_repro_exp_run_metrics_diff_and_plots_show(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    assert sorted(stages_run((finished.folder / FIRST).read_text())) == sorted(BEFORE + TRAIN_STAGES + AFTER)

    assert stages_run(project.done("dvc", "repro")) == ["check"]

    ran = stages_run(project.done("dvc", "exp", "run", "-S", "optimizer=adamax"))
    after = ["predict", "ensemble", "evaluate", "explain", "report", "bundle"]
    assert sorted(ran) == sorted(["check", *TRAIN_STAGES, *after])

    rows = json.loads(project.done("dvc", "metrics", "diff", "--json"))
    # There are only twenty test images, so metrics/test.json may stay equal.
    changed = project.done("git", "diff", "--name-only", "--", "metrics").split()
    assert set(rows) == set(changed)
    assert {"metrics/val.json", "metrics/val/vgg19.json", "metrics/val/cnn_b.json"} <= set(rows)
    assert "metrics/val.json" in project.done("dvc", "metrics", "diff")
    table = project.done("dvc", "metrics", "diff", "--all", "--md")
    assert "metrics/test.json" in table
    assert sum(line.startswith("|") for line in table.splitlines()) <= 2 + 60

    page = project.done("dvc", "plots", "show").strip().removeprefix("file://")
    texts = charts(Path(page))
    for words in ("ROC curves on the test split", "sensitivity", "vgg19", "inception_v3", "cnn_a", "cnn_b", "ensemble"):
        assert words in texts["ROC"]
    for words in ("Confusion matrix on the test split", "benign", "malignant"):
        assert words in texts["Confusion_matrix"]


def test_parameter_of_one_member_trains_only_that_member(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    ran = stages_run(project.done("dvc", "exp", "run", "-S", "models.cnn_a.dropout=0.4", "train", "baselines"))
    assert ran == ["check", "train@cnn_a"]


def test_other_members_train_nothing_and_a_run_may_end_before_test(finished: Project, tmp_path):
    """The row of a run that ends before test once had the test metrics of the commit that it started from."""
    project = finished.copy(tmp_path / "project")
    members = "-S", "ensemble.members=[cnn_a,cnn_b]"
    ran = stages_run(project.done("dvc", "exp", "run", "--name", "idea", *members, "ensemble"))
    assert ran == ["check", "ensemble"]
    weights = WEIGHTS.read(project.folder / "data/ensemble/weights.csv")
    assert set(weights["members"]) == {"vgg19", "inception_v3", "cnn_a", "cnn_b", "cnn_a+cnn_b"}
    of_pair = weights[(weights["members"] == "cnn_a+cnn_b") & (weights["method"] == "accuracy_weighted")]["weight"]
    assert of_pair.sum() == pytest.approx(1)
    shown = list(csv.DictReader(project.done("dvc", "exp", "show", "--csv").splitlines()))
    (idea,) = (row for row in shown if row["Experiment"] == "idea")
    (baseline,) = (row for row in shown if row["typ"] == "baseline" and row["rev"] != "workspace")
    of_test = [column for column in idea if column.startswith("metrics/test") and ":" in column]
    assert len(of_test) >= 3 * len(HEADLINE)
    assert all(baseline[column] for column in of_test)
    assert {idea[column] for column in of_test} <= {"", "!"}  # empty, in the words of DVC
    assert idea["metrics/val.json:roc_auc"]
    for command in (("metrics", "show"), ("metrics", "diff"), ("plots", "show"), ("plots", "diff")):
        assert "failed" not in project.run("dvc", *command).stderr
    refused = project.run("dermoscopy", "compare", "--split", "test", "HEAD", "idea")
    assert (refused.returncode, "idea has no results on test" in refused.stderr) == (2, True)
    project.done("dermoscopy", "compare", "HEAD", "idea")

    ran = stages_run(project.done("dvc", "exp", "run", "--name", "idea-test"))
    assert ran == ["check", "evaluate", "explain", "report", "bundle"]
    assert read_headline(project.folder / "metrics")
    project.done("dermoscopy", "compare", "--split", "test", "HEAD", "idea-test")


def test_refused_value_changes_no_output(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    result = project.run("dvc", "exp", "run", "-S", "optimizer=adma", "-S", "models.cnn_b.dropout=1.5")
    assert result.returncode != 0
    output = result.stdout + result.stderr
    for words in ("'adma'", "adam", "models.cnn_b.dropout", "1.5", "git checkout HEAD params.yaml"):
        assert words in output
    assert "Traceback" not in output
    assert project.done("git", "status", "--porcelain") == " M params.yaml\n"
    assert project.done("dvc", "data", "status").startswith("No changes")
    project.done("git", "restore", "params.yaml")
    assert stages_run(project.done("dvc", "repro")) == ["check"]


def test_fresh_clone_shows_metrics_and_plots_before_a_run(finished: Project, tmp_path):
    fresh = Project(tmp_path / "fresh")
    finished.done("git", "clone", "--quiet", str(finished.folder), str(fresh.folder))
    assert stages_run(fresh.done("dvc", "repro", "--allow-missing", "--dry")) == ["check"]
    assert "metrics/test.json" in fresh.done("dvc", "metrics", "show")
    assert (fresh.folder / "dvc_plots" / "index.html").exists() is False
    fresh.done("dvc", "plots", "show")
    assert "ROC curves on the test split" in (fresh.folder / "dvc_plots" / "index.html").read_text()
    assert sorted(stages_run(fresh.done("dvc", "repro", "audit"))) == sorted(BEFORE)
    assert fresh.outputs() == finished.outputs()


@pytest.mark.long
def test_two_clones_write_the_same_bytes(finished: Project, tmp_path):
    fresh = Project(tmp_path / "fresh")
    finished.done("git", "clone", "--quiet", str(finished.folder), str(fresh.folder))
    # git has all outs of search_charts, so it has nothing to do.
    expected = {*BEFORE, *TRAIN_STAGES, *AFTER} - {"search_charts"}
    assert sorted(stages_run(fresh.done("dvc", "repro"))) == sorted(expected)
    assert fresh.done("git", "status", "--porcelain") == ""
    assert fresh.outputs() == finished.outputs()


def test_committed_files_contain_no_path_of_the_machine(finished: Project):
    for name in finished.done("git", "ls-files", "dvc.lock", "metrics", "plots", "data").split():
        assert str(finished.folder) not in (finished.folder / name).read_text(errors="ignore"), name


def test_without_an_active_environment_dvc_finds_the_python_of_the_project(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    (project.folder / ".venv").symlink_to(sys.prefix)
    path = f"PATH={project.folder / 'no python'}:/usr/bin:/bin"
    assert stages_run(project.done("env", path, ".venv/bin/dvc", "repro")) == ["check"]


def test_queued_experiment_runs_its_own_code(finished: Project, tmp_path):
    """Without PYTHONPATH=src it would import the package of the workspace but record the hash of the snapshot."""
    project = finished.copy(tmp_path / "project")
    project.done("dvc", "exp", "run", "--queue", "-S", "ensemble.method=mean", "--name", "queued", "ensemble")
    with (project.folder / "src/dermoscopy/ensemble/combiners.py").open("a") as module:
        module.write("\nraise RuntimeError('the code of the workspace')\n")
    project.done("dvc", "queue", "start")
    status = project.done("dvc", "queue", "status")
    for _ in range(120):
        if "Success" in status or "Failed" in status:
            break
        project.done("sleep", "1")
        status = project.done("dvc", "queue", "status")
    assert "Success" in status, project.run("dvc", "queue", "logs", "queued").stdout


@pytest.mark.long
def test_policy_splits_again_and_acquires_nothing(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    ran = stages_run(project.done("dvc", "exp", "run", "-S", "policy.malignant=[mel,bcc]", "audit"))
    assert ran == ["check", "split", "augment", "audit"]


@pytest.mark.long
def test_histo_only_evaluates_fewer_images_and_trains_nothing(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    before = count_test_images(project)
    ran = stages_run(project.done("dvc", "exp", "run", "-S", "split.test_histo_only=true", "evaluate"))
    assert not set(ran) & {*TRAIN_STAGES, "acquire", "merge"}
    assert count_test_images(project) < before


def count_test_images(project: Project) -> int:
    return len(pd.read_csv(project.folder / "plots/confusion.csv"))


@pytest.mark.long
def test_leaky_protocol_is_named_in_every_result(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    project.done("dvc", "exp", "run", "-S", "split.protocol=paper")
    metrics = sorted((project.folder / "metrics").rglob("*.json"))
    assert len(metrics) == 10
    for path in metrics:
        values = json.loads(path.read_text())
        assert "leaky" in values["protocol"] or values["verdict"] == "leaky", path
    for path in (project.folder / "plots").glob("*.csv"):
        without_rows = path.name in ("diagnoses_confusion.csv", "ensemble_roc.csv")
        assert set(pd.read_csv(path)["protocol"]) == (set() if without_rows else {"paper (leaky protocol)"}), path
    assert "leaky protocol" in (project.folder / "data/report/index.html").read_text()


def test_image_in_two_splits_stops_the_run_and_is_named(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    train, test = (project.folder / "data/split" / split / "benign" for split in ("train", "test"))
    name = min(path.name for path in train.iterdir())
    shutil.copy(train / name, test / name)
    result = project.run("dvc", "repro", "--single-item", "audit")
    assert result.returncode != 0
    output = result.stdout + result.stderr
    in_train, in_test = (f"data/split/{split}/benign/{name}" for split in ("train", "test"))
    (same_bytes,) = (line for line in output.splitlines() if "same bytes" in line)
    (no_row,) = (line for line in output.splitlines() if "without a row" in line)
    assert in_train in same_bytes
    assert in_test in same_bytes
    assert in_test in no_row
    assert "Traceback" not in output
    project.done("git", "restore", ".")
    project.done("dvc", "checkout", "--force")
    assert stages_run(project.done("dvc", "repro")) == ["check"]
