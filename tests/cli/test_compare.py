"""Two commits whose predictions DVC keeps, compared without touching the workspace."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dermoscopy.cli.app import app
from dermoscopy.core import params as file
from dermoscopy.core.errors import UserError
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.fit import POINTS
from tests.cli.conftest import git
from tests.simulated import simulate

MEMBERS = ("vgg19", "inception_v3", "cnn_a", "cnn_b")
ROWS = simulate(80, np.random.default_rng(9), (1.0, 2.5))
NAMED = ROWS.assign(image_id=[f"ISIC_{row:04d}" for row in ROWS.index], dx="nv")[
    ["image_id", "lesion_id", "dx", "label"]
]


def keep(folder: Path, column: str, rows: pd.DataFrame, tag: str) -> None:
    """Write predictions, keep them with DVC, commit and tag."""
    told = rows.assign(probability=ROWS.loc[rows.index, column])
    for split, path in {"val": "data/ensemble/val.csv", "test": "data/evaluation/predictions.csv"}.items():
        PREDICTIONS.write(told, folder / path)
        for member in MEMBERS:
            other = told if member == "cnn_a" else rows.assign(probability=0.5)
            PREDICTIONS.write(other, folder / f"data/predictions/{member}/{split}.csv")
    blank = dict.fromkeys(("sensitivity", "specificity", "expected_sensitivity", "low", "high"), 0.5)
    points = pd.DataFrame([{"name": "ensemble", "point": "balanced", "threshold": 0.5, **blank}])
    POINTS.write(points, folder / "data/ensemble/points.csv")
    outs = ["data/ensemble", "data/evaluation", *(f"data/predictions/{member}" for member in MEMBERS)]
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
    keep(folder, "p0", NAMED, "before")
    keep(folder, "p1", NAMED, "after")
    keep(folder, "p1", NAMED.iloc[3:], "other")
    return folder


@pytest.fixture
def told(stored: Path, monkeypatch: pytest.MonkeyPatch):
    """What the command prints."""
    monkeypatch.chdir(stored)
    file.read.cache_clear()

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["compare", *arguments], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    yield run
    file.read.cache_clear()


@pytest.mark.parametrize("split", ["val", "test"])
def test_what_differs_and_whether_chance_would_do_it(told, split):
    lines = told("before", "after", "--split", split).splitlines()
    assert f"images of 80 lesions of {split}" in lines[0]
    (area,) = (line.split() for line in lines if line.startswith("ensemble") and "roc_auc" in line)
    assert float(area[3]) > float(area[2])
    assert float(area[-2]) < 0.05
    assert area[-1] == "DeLong"
    of_member = {line.split()[0]: line.split()[-2] for line in lines if line.startswith(MEMBERS)}
    assert of_member == {"vgg19": "1.000", "inception_v3": "1.000", "cnn_a": area[-2], "cnn_b": "1.000"}


def test_only_members_of_both_are_compared(told, monkeypatch):
    of = {"before": ["vgg19", "cnn_a"], "after": ["cnn_c", "cnn_a"]}
    monkeypatch.setattr("dermoscopy.cli.compare._members", of.__getitem__)
    lines = told("before", "after").splitlines()
    assert [line.split()[0] for line in lines if line.startswith((*MEMBERS, "cnn_c"))] == ["cnn_a"]


def test_val_is_where_ideas_are_compared(told):
    assert told("before", "after") == told("before", "after", "--split", "val")


def test_the_workspace_stays(told, stored):
    told("before", "after")
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=stored, capture_output=True, text=True, check=True)
    assert changed.stdout == ""


def test_other_photographs_are_refused(told):
    with pytest.raises(UserError, match=r"3 of before's \d+ and 0 of other's \d+ are not in the other"):
        told("before", "other")


def test_what_is_no_revision_is_refused(told):
    with pytest.raises(UserError, match="nowhere is no commit"):
        told("nowhere", "after")


def test_predictions_that_are_not_here_are_refused(told, stored, monkeypatch, tmp_path):
    git(tmp_path, "clone", "--quiet", str(stored), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    with pytest.raises(UserError, match=r"has no data/ensemble/val\.csv here"):
        told("before", "after")
