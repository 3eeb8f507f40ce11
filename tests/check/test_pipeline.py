"""The members of params.yaml against the paths of dvc.yaml."""

from pathlib import Path

import pytest

from dermoscopy.check.pipeline import pipeline_problems
from dermoscopy.core.members import member_names

DVC = Path("dvc.yaml").resolve()
MEMBERS = member_names()
OTHERS = [name for name in MEMBERS if name != "cnn_b"]


@pytest.fixture
def dvc_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the committed dvc.yaml in the working directory; tests change it."""
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text(DVC.read_text())
    return Path("dvc.yaml")


def without(path: Path, *lines: str) -> None:
    kept = [line for line in path.read_text().splitlines() if line.strip() not in lines]
    path.write_text("\n".join(kept))


def test_the_committed_stages_list_the_files_of_every_member(dvc_yaml: Path) -> None:
    assert pipeline_problems(MEMBERS) == []


def test_each_stage_without_files_of_a_member_is_one_problem(dvc_yaml: Path, wording) -> None:
    without(
        dvc_yaml,
        "- data/acquired/weights/cnn_b: {persist: true}",
        "- data/models/cnn_b",
        "- data/curves/cnn_b.csv",
        "- data/models/cnn_a",
    )
    problems = pipeline_problems(MEMBERS)
    assert [line.split(" of dvc.yaml")[0] for line in problems] == [
        f"models: the stage {stage}" for stage in ("acquire", "predict", "ensemble", "explain", "bundle")
    ]
    assert "data/curves/cnn_b.csv" in problems[2]
    assert "data/models/cnn_a, data/models/cnn_b" in problems[1]
    wording("\n".join(problems))


def test_files_of_a_removed_member_are_a_problem(dvc_yaml: Path, wording) -> None:
    without(dvc_yaml, "- cnn_b")
    problems = pipeline_problems(OTHERS)
    assert len(problems) == 5
    assert all("cnn_b" in line for line in problems)
    wording("\n".join(problems))


def test_files_of_a_member_that_is_not_trained_are_reported_once(dvc_yaml: Path) -> None:
    (line,) = pipeline_problems([*MEMBERS, "other"])
    assert line.startswith("models.other: dvc.yaml does not train it")


def test_a_member_may_have_the_name_of_a_folder(dvc_yaml: Path) -> None:
    dvc_yaml.write_text(dvc_yaml.read_text().replace("cnn_b", "train"))
    assert pipeline_problems([*OTHERS, "train"]) == []
