"""Compare two commits by the predictions in DVC's cache, without changing the workspace."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from dermoscopy.cli import compare as module
from dermoscopy.cli.app import app
from dermoscopy.core import params as file
from dermoscopy.core.errors import UserError
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.fit import OUT_OF_FOLD
from dermoscopy.ensemble.thresholds import POINTS
from dermoscopy.use.recorded import is_outdated
from tests.cli.conftest import git
from tests.simulated import simulate

MEMBERS = ("vgg19", "inception_v3", "cnn_a", "cnn_b")
ROWS = simulate(80, np.random.default_rng(9), (1.0, 2.5))
IMAGES = ROWS.assign(image_id=[f"ISIC_{row:04d}" for row in ROWS.index], dx="nv")[
    ["image_id", "lesion_id", "dx", "label"]
]


def entry(deps: dict[str, str], outs: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """Return what dvc.lock records of a stage: the checksums of its deps and outs."""
    lists = {"deps": deps, "outs": outs}
    return {key: [{"path": path, "md5": md5} for path, md5 in paths.items()] for key, paths in lists.items()}


ENDED_BEFORE_TEST = {
    "train@cnn_a": entry({}, {"data/models/cnn_a": "new"}),
    "predict": entry({"data/models/cnn_a": "new"}, {"data/predictions/val": "new"}),
    "ensemble": entry({"data/predictions/val": "new"}, {"data/ensemble": "new"}),
    "evaluate": entry({"data/ensemble": "old"}, {"data/evaluation": "old"}),
}


def store(folder: Path, column: str, rows: pd.DataFrame, tag: str) -> None:
    """Write predictions, add them to DVC, commit and tag."""
    predictions = rows.assign(probability=ROWS.loc[rows.index, column])
    for split, path in {"val": "data/ensemble/val.csv", "test": "data/evaluation/predictions.csv"}.items():
        table = OUT_OF_FOLD if split == "val" else PREDICTIONS
        table.write(
            predictions.assign(score=predictions["probability"])[
                [name for name in table.columns if name not in table.optional]
            ],
            folder / path,
        )
        for member in MEMBERS:
            of_member = predictions if member == "cnn_a" else rows.assign(probability=0.5)
            PREDICTIONS.write(of_member, folder / f"data/predictions/{split}/{member}.csv")
    values = dict.fromkeys(("sensitivity", "specificity", "expected_sensitivity", "low", "high"), 0.5)
    points = pd.DataFrame([{"name": "ensemble", "point": "balanced", "threshold": 0.5, **values}])
    POINTS.write(points, folder / "data/ensemble/points.csv")
    outs = ["data/ensemble", "data/evaluation", "data/predictions/val", "data/predictions/test"]
    subprocess.run([sys.executable, "-m", "dvc", "add", "--quiet", *outs], cwd=folder, check=True)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", tag)
    git(folder, "tag", tag)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "project"
    folder.mkdir()
    shutil.copyfile("params.yaml", folder / "params.yaml")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], cwd=folder, check=True)
    store(folder, "p0", IMAGES, "before")
    store(folder, "p1", IMAGES, "after")
    store(folder, "p1", IMAGES.iloc[3:], "fewer")
    (folder / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": ENDED_BEFORE_TEST}))
    store(folder, "p0", IMAGES, "not-evaluated")
    return folder


@pytest.fixture
def compare(stored: Path, monkeypatch: pytest.MonkeyPatch):
    """Run the command and return its output."""
    monkeypatch.chdir(stored)
    file.read.cache_clear()

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["compare", *arguments], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    yield run
    file.read.cache_clear()


def test_a_revision_that_ended_before_test_is_not_compared_by_the_test_results_of_an_earlier_model(stored, compare):
    """DVC would read the stored predictions of the model before it."""
    assert "not-evaluated - before on the val split" in compare("before", "not-evaluated")
    with pytest.raises(UserError, match=r"not-evaluated has no results on test: its run ended before the stage eval"):
        compare("before", "not-evaluated", "--split", "test")


@pytest.mark.parametrize(
    ("changed", "outdated"),
    [
        ({}, {"evaluate"}),
        ({"evaluate": entry({"data/ensemble": "new"}, {})}, set()),
        (
            {"predict": entry({"data/models/cnn_a": "old"}, {"data/predictions/val": "new"})},
            {"predict", "ensemble", "evaluate"},
        ),
        ({"ensemble": entry({"data/predictions/val": "old"}, {"data/ensemble": "old"})}, {"ensemble", "evaluate"}),
    ],
)
def test_a_stage_is_outdated_if_anything_before_it_was_written_since(changed, outdated):
    """Also if DVC took the stage before it from its cache, so that no code of it ran."""
    recorded = ENDED_BEFORE_TEST | changed
    assert {stage for stage in recorded if is_outdated(recorded, stage)} == outdated
    assert not is_outdated({}, "evaluate")


@pytest.mark.parametrize("split", ["val", "test"])
def test_differences_and_p_values_of_ensemble_and_members(compare, split):
    lines = compare("before", "after", "--split", split).splitlines()
    assert f"after - before on the {split} split" in lines[0]
    assert "80 lesions" in lines[0]
    (roc_auc,) = (line.split() for line in lines if line.startswith("ensemble") and "roc_auc" in line)
    assert float(roc_auc[3]) > float(roc_auc[2])
    assert float(roc_auc[-2]) < 0.05
    assert roc_auc[-1] == "DeLong"
    of_member = {line.split()[0]: line.split()[-2] for line in lines if line.startswith(MEMBERS)}
    assert of_member == {"vgg19": "1.000", "inception_v3": "1.000", "cnn_a": roc_auc[-2], "cnn_b": "1.000"}


def test_only_members_of_both_revisions_are_compared(compare, monkeypatch):
    members = {"before": ["vgg19", "cnn_a"], "after": ["cnn_c", "cnn_a"]}
    monkeypatch.setattr("dermoscopy.cli.compare._members", members.__getitem__)
    lines = compare("before", "after").splitlines()
    assert [line.split()[0] for line in lines if line.startswith((*MEMBERS, "cnn_c"))] == ["cnn_a"]


def test_default_split_is_val(compare):
    assert compare("before", "after") == compare("before", "after", "--split", "val")


def test_workspace_is_unchanged(compare, stored):
    compare("before", "after")
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=stored, capture_output=True, text=True, check=True)
    assert changed.stdout == ""


def test_different_images_are_refused(compare, wording):
    with pytest.raises(UserError, match=r"3 of \d+ of before, 0 of \d+ of fewer") as error:
        compare("before", "fewer")
    wording(str(error.value))


def test_unknown_revision_is_refused(compare):
    with pytest.raises(UserError, match="nowhere"):
        compare("nowhere", "after")


def test_missing_predictions_are_refused(compare, stored, monkeypatch, tmp_path):
    git(tmp_path, "clone", "--quiet", str(stored), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    with pytest.raises(UserError, match=r"data/ensemble/val\.csv of after"):
        compare("before", "after")


def test_revision_that_a_partial_clone_lacks_is_refused_and_does_not_hang(project, monkeypatch):
    (project / "params.yaml").write_text("seed: 2\n")
    git(project, "commit", "--quiet", "--all", "--message", "second")
    git(project, "config", "uploadpack.allowFilter", "true")
    partial = project.parent / "partial"
    git(project.parent, "clone", "--quiet", "--filter=blob:none", f"file://{project}", str(partial))
    monkeypatch.chdir(partial)
    with pytest.raises(UserError, match=r"^HEAD~1: .*git fetch --refetch"):
        module.compare("HEAD", "HEAD~1")
