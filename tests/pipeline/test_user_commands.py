"""The commands a user types, with the real dvc, in a temporary clone without a network."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.cli.repro import train_stages
from dermoscopy.ensemble.fit import WEIGHTS
from tests.pipeline.browser import charts
from tests.pipeline.project import FIRST, Project, stages_run

pytestmark = pytest.mark.slow

MEMBERS = train_stages()
BEFORE = ["check", "acquire", "merge", "split", "augment", "audit"]
AFTER = ["search", "predict", "ensemble", "baselines", "evaluate", "explain", "report"]


def test_the_four_user_commands(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    assert sorted(stages_run((finished.folder / FIRST).read_text())) == sorted(BEFORE + MEMBERS + AFTER)

    assert stages_run(project.done("dvc", "repro")) == ["check"]

    ran = stages_run(project.done("dvc", "exp", "run", "-S", "optimizer=adamax"))
    assert sorted(ran) == sorted(["check", *MEMBERS, "predict", "ensemble", "evaluate", "explain", "report"])

    rows = json.loads(project.done("dvc", "metrics", "diff", "--json"))
    # Of twenty test images the ensemble may say the same.
    changed = project.done("git", "diff", "--name-only", "--", "metrics").split()
    assert set(rows) == set(changed)
    assert {"metrics/val.json", "metrics/train/vgg19.json", "metrics/train/cnn_b.json"} <= set(rows)
    assert "metrics/val.json" in project.done("dvc", "metrics", "diff")
    table = project.done("dvc", "metrics", "diff", "--all", "--md")
    assert "metrics/test.json" in table
    assert sum(line.startswith("|") for line in table.splitlines()) <= 2 + 60

    page = project.done("dvc", "plots", "show").strip().removeprefix("file://")
    drawn = charts(Path(page))
    for words in ("ROC on the test split", "sensitivity", "vgg19", "inception_v3", "cnn_a", "cnn_b", "ensemble"):
        assert words in drawn["ROC"]
    for words in ("Confusion matrix of the ensemble", "benign", "malignant"):
        assert words in drawn["Confusion_matrix"]


def test_one_member_s_parameter_trains_that_member(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    ran = stages_run(project.done("dvc", "exp", "run", "-S", "models.cnn_a.dropout=0.4"))
    assert [stage for stage in ran if stage.startswith("train")] == ["train@cnn_a"]
    assert not {"acquire", "merge", "split", "augment", "audit", "baselines"} & set(ran)


def test_the_choice_of_members_trains_none(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    ran = stages_run(project.done("dvc", "exp", "run", "-S", "ensemble.members=[cnn_a,cnn_b]"))
    assert sorted(ran) == ["check", "evaluate", "report", "ensemble"]
    weights = WEIGHTS.read(project.folder / "data/ensemble/weights.csv")
    assert set(weights["members"]) == {"vgg19", "inception_v3", "cnn_a", "cnn_b", "cnn_a+cnn_b"}
    shares = weights[(weights["members"] == "cnn_a+cnn_b") & (weights["method"] == "accuracy_weighted")]["weight"]
    assert shares.sum() == pytest.approx(1)


def test_a_refused_value_touches_nothing(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    result = project.run("dvc", "exp", "run", "-S", "optimizer=adma", "-S", "models.cnn_b.dropout=1.5")
    assert result.returncode != 0
    told = result.stdout + result.stderr
    for words in ("'adma'", "adam", "models.cnn_b.dropout", "1.5", "git restore params.yaml"):
        assert words in told
    assert "Traceback" not in told
    assert project.done("git", "status", "--porcelain") == " M params.yaml\n"
    assert project.done("dvc", "data", "status").startswith("No changes")
    project.done("git", "restore", "params.yaml")
    assert stages_run(project.done("dvc", "repro")) == ["check"]


def test_a_fresh_clone_shows_results_at_once_and_has_nothing_to_run(finished: Project, tmp_path):
    fresh = Project(tmp_path / "fresh")
    finished.done("git", "clone", "--quiet", str(finished.folder), str(fresh.folder))
    assert stages_run(fresh.done("dvc", "repro", "--allow-missing", "--dry")) == ["check"]
    assert "metrics/test.json" in fresh.done("dvc", "metrics", "show")
    assert (fresh.folder / "dvc_plots" / "index.html").exists() is False
    fresh.done("dvc", "plots", "show")
    assert "ROC on the test split" in (fresh.folder / "dvc_plots" / "index.html").read_text()
    assert sorted(stages_run(fresh.done("dvc", "repro"))) == sorted(BEFORE + MEMBERS + AFTER)
    assert fresh.done("git", "status", "--porcelain") == ""


@pytest.mark.long
def test_two_clones_give_the_same_bytes(tiny: Project, finished: Project, tmp_path):
    second = tiny.copy(tmp_path / "second")
    second.done("dvc", "repro")
    assert second.outputs() == finished.outputs()
    for name in finished.done("git", "ls-files", "metrics", "plots", "data").split():
        assert (second.folder / name).read_bytes() == (finished.folder / name).read_bytes(), name


def test_no_path_of_the_machine_in_what_is_committed(finished: Project):
    for name in finished.done("git", "ls-files", "dvc.lock", "metrics", "plots", "data").split():
        assert str(finished.folder) not in (finished.folder / name).read_text(errors="ignore"), name


def test_a_queued_experiment_runs_its_own_code(finished: Project, tmp_path):
    """Without PYTHONPATH=src it would import the workspace's package while recording the snapshot's hash."""
    project = finished.copy(tmp_path / "project")
    project.done("dvc", "exp", "run", "--queue", "-S", "ensemble.method=mean", "--name", "queued")
    with (project.folder / "src/dermoscopy/evaluation/combiners.py").open("a") as module:
        module.write("\nraise RuntimeError('the code of the workspace')\n")
    project.done("dvc", "queue", "start")
    told = project.done("dvc", "queue", "status")
    for _ in range(120):
        if "Success" in told or "Failed" in told:
            break
        project.done("sleep", "1")
        told = project.done("dvc", "queue", "status")
    assert "Success" in told, project.run("dvc", "queue", "logs", "queued").stdout


@pytest.mark.long
def test_a_policy_deals_anew_and_acquires_nothing(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    ran = stages_run(project.done("dvc", "exp", "run", "-S", "policy.malignant=[mel,bcc]", "audit"))
    assert ran == ["check", "split", "augment", "audit"]


def test_histology_alone_judges_anew_and_trains_nothing(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    before = json.loads((project.folder / "metrics/test.json").read_text())
    ran = stages_run(project.done("dvc", "exp", "run", "-S", "split.test_histo_only=true"))
    assert not set(ran) & {*MEMBERS, "acquire", "merge"}
    assert json.loads((project.folder / "metrics/test.json").read_text())["images"] < before["images"]


@pytest.mark.long
def test_a_leaky_protocol_runs_to_the_end_and_everything_says_so(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    project.done("dvc", "exp", "run", "-S", "split.protocol=paper")
    metrics = sorted((project.folder / "metrics").rglob("*.json"))
    assert len(metrics) == 8
    for path in metrics:
        told = json.loads(path.read_text())
        assert "leaky" in told["protocol"] or told["verdict"] == "leaky", path
    for path in (project.folder / "plots").glob("*.csv"):
        assert set(pd.read_csv(path)["protocol"]) == {"paper (leaky protocol)"}, path
    assert "leaky protocol" in (project.folder / "data/report/index.html").read_text()


def test_a_photograph_in_two_parts_stops_the_run_by_name(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    train, test = (project.folder / "data/split" / split / "benign" for split in ("train", "test"))
    name = min(path.name for path in train.iterdir())
    shutil.copy(train / name, test / name)
    result = project.run("dvc", "repro", "--single-item", "audit")
    assert result.returncode != 0
    told = result.stdout + result.stderr
    assert f"same bytes in several splits, 1: data/split/train/benign/{name} = data/split/test/benign/{name}" in told
    assert f"file without a row, 1: data/split/test/benign/{name}" in told
    assert "Traceback" not in told
    project.done("git", "restore", ".")
    project.done("dvc", "checkout", "--force")
    assert stages_run(project.done("dvc", "repro")) == ["check"]
