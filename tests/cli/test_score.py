"""Score a run under another policy: labels, probabilities, and the files that stay as they are."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from dermoscopy.baselines.params import BASELINES
from dermoscopy.cli.app import app
from dermoscopy.core import params as file
from dermoscopy.core.errors import ParameterError, ProblemsError, TableError, UserError
from dermoscopy.core.members import member_names
from dermoscopy.core.splits import SPLIT, locate
from dermoscopy.core.tables import DIAGNOSES, DIAGNOSIS_PROBABILITIES, LATENT_SCORES, PREDICTIONS
from dermoscopy.ensemble.params import METHODS
from dermoscopy.evaluate.tables import SCORES
from stages.ensemble import ensemble
from stages.evaluate import evaluate
from tests.cli.conftest import git

TRAINED = ("mel", "bcc", "akiec")
BINARY = "vgg19"
COMMON = ("nv", "mel", "bkl", "nv", "bcc")  # diagnoses of val and test; df and vasc have no image


def images(split: str, lesions: int) -> pd.DataFrame:
    lesion = [number for number in range(lesions) for _ in range(1 + (number % 3 == 0))]
    dx = [COMMON[number % len(COMMON)] for number in lesion]
    rows = pd.DataFrame(
        {
            "image_id": [f"ISIC_{split}_{row:03d}" for row in range(len(lesion))],
            "lesion_id": [f"HAM_{split}_{number:03d}" for number in lesion],
            "dx": dx,
            "label": [int(name in TRAINED) for name in dx],
        }
    )
    blank = dict.fromkeys(("dx_type", "sex", "localization", "sha256"), "")
    rows = rows.assign(split=split, age=np.nan, source=rows["image_id"], group=rows["lesion_id"], **blank)
    return rows.assign(path=locate(rows, split))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a run of members with the target dx and one with the target binary, up to the stage predict."""
    folder, generator = tmp_path_factory.mktemp("score"), np.random.default_rng(4)
    shutil.copyfile("params.yaml", folder / "params.yaml")
    for split in ("train", "val", "test"):
        rows = images(split, 60)
        SPLIT.write(rows, folder / "data/split" / f"{split}.csv")
        common = rows[["image_id", "lesion_id", "dx", "label"]]
        for member in member_names():
            logit = generator.normal(size=(len(rows), 7)) + 2 * (rows["dx"].to_numpy()[:, None] == np.array(DIAGNOSES))
            columns = dict(zip(DIAGNOSIS_PROBABILITIES, (np.exp(logit).T / np.exp(logit).sum(axis=1)), strict=True))
            probability = sum(columns[f"p_{dx}"] for dx in TRAINED)
            table = common.assign(**({} if member == BINARY else columns), probability=probability)
            PREDICTIONS.write(table, folder / "data/predictions" / split / f"{member}.csv")
        for name in BASELINES:
            PREDICTIONS.write(common.assign(probability=0.3), folder / "data/baselines" / split / f"{name}.csv")
    LATENT_SCORES.write(rows[["image_id", "lesion_id"]].iloc[:0].assign(score=0.0), folder / "data/latent.csv")
    (folder / "data/audited").write_text("lesion clean\n")
    policy = {"params": {"params.yaml": {"policy": {"malignant": "+".join(TRAINED)}}}}
    (folder / "dvc.lock").write_text(yaml.safe_dump({"stages": {"split": policy, "predict": {}}}))
    git(folder, "init", "--quiet")
    git(folder, "add", "params.yaml")
    git(folder, "commit", "--quiet", "--message", "start")
    return folder


@pytest.fixture
def project(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy of the run; it is the working directory."""
    shutil.copytree(run, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    file.read.cache_clear()
    yield Path()
    file.read.cache_clear()


def score(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["score", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def scores_of(policy: str) -> pd.DataFrame:
    score("--policy", policy, "--output", "scores.csv")
    return SCORES.read(Path("scores.csv"))


def roc_auc(scores: pd.DataFrame, name: str, unit: str) -> float:
    own = scores[(scores["name"] == name) & (scores["unit"] == unit) & (scores["metric"] == "roc_auc")]
    return own["value"].item()


def test_with_the_policy_of_the_run_the_scores_are_those_of_the_stage_evaluate(project: Path) -> None:
    found = scores_of("+".join(TRAINED))
    for member in member_names():
        path = Path(f"data/curves/{member}.csv")
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            "epoch,phase,train_loss,train_accuracy,train_roc_auc,val_loss,val_accuracy,val_roc_auc,chosen\n"
            "1,trained,0.7,0.5,0.5,0.7,0.5,0.5,1\n"
        )
    Path("data/acquired/truth").mkdir(parents=True)
    shutil.copyfile("data/latent.csv", "data/acquired/truth/scores.csv")
    ensemble()
    evaluate()
    expected = SCORES.read(Path("data/evaluation/scores.csv"))
    expected = expected[expected["kind"].isin(["ensemble", "member"])].reset_index(drop=True)
    assert set(found["name"]) == {"ensemble", *METHODS, *member_names()}
    pd.testing.assert_frame_equal(found, expected, rtol=1e-6)


@pytest.mark.parametrize("unit", ["image", "lesion"])
def test_under_another_policy_the_score_is_the_sum_over_its_malignant_diagnoses(project: Path, unit: str) -> None:
    scores = scores_of("mel+bkl")
    for member in set(member_names()) - {BINARY}:
        table = PREDICTIONS.read(Path(f"data/predictions/test/{member}.csv"))
        table = table.assign(sum=table["p_mel"] + table["p_bkl"], malignant=table["dx"].isin(["mel", "bkl"]))
        if unit == "lesion":
            table = table.groupby("lesion_id")[["sum", "malignant"]].mean()
        expected = roc_auc_score(table["malignant"] == 1, table["sum"])
        # A calibration keeps the order of the images, but not that of the means of lesions.
        assert roc_auc(scores, member, unit) == pytest.approx(expected, abs=0 if unit == "image" else 0.02)


def test_a_member_with_the_target_binary_keeps_its_score_and_is_named(project: Path) -> None:
    output = score("--policy", "mel+bkl")
    table = PREDICTIONS.read(Path(f"data/predictions/test/{BINARY}.csv"))
    expected = roc_auc_score(table["dx"].isin(["mel", "bkl"]), table["probability"])
    assert roc_auc(scores_of("mel+bkl"), BINARY, "image") == pytest.approx(expected)
    (line,) = (line for line in output.splitlines() if "training.target binary" in line)
    assert f": {BINARY}." in line
    assert "+".join(TRAINED) in line


def test_the_tables_are_of_ensemble_and_members_by_image_and_by_lesion(project: Path, wording) -> None:
    output = score("--policy", "mel")
    lines = output.splitlines()
    assert lines[0] == "Policy mel. The run was trained with mel+bcc+akiec."
    names = [line.split()[0] for line in lines if line and line.split()[0] in ("ensemble", *member_names())]
    assert names == 2 * ["ensemble", *sorted(member_names())]
    headings = [line for line in lines if line.startswith("Test, by ")]
    assert headings == [
        "Test, by image: 80 images, 16 of them malignant.",
        "Test, by lesion: 60 lesions, 12 of them malignant.",
    ]
    assert max(map(len, lines)) <= 132
    wording("\n".join(line for line in lines if not line.startswith(("ensemble ", *member_names(), "Ensemble"))))


def test_no_file_of_the_run_changes(project: Path) -> None:
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file() and ".git" not in path.parts}
    score("--policy", "mel")
    after = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file() and ".git" not in path.parts}
    assert after == before


def test_a_leaky_protocol_is_a_warning(project: Path) -> None:
    assert "leaky" not in score("--policy", "mel")
    Path("data/audited").write_text("image leaky\n")
    assert "WARNING: the protocol is leaky" in score("--policy", "mel")


@pytest.mark.parametrize("policy", ["mel+scc", "", "+".join(DIAGNOSES), "mel+mel"])
def test_an_invalid_policy_is_refused(project: Path, policy: str, wording) -> None:
    with pytest.raises(ParameterError, match=r"^--policy has 1 problem") as error:
        score("--policy", policy)
    wording(str(error.value))


@pytest.mark.parametrize("policy", ["vasc", "nv+mel+bkl+bcc"])
def test_a_policy_that_leaves_one_label_is_refused_with_the_splits(project: Path, policy: str, wording) -> None:
    with pytest.raises(ProblemsError, match=r"(?s)val: no (malignant|benign) image.*test: no \1 image") as error:
        score("--policy", policy)
    wording(str(error.value))


def test_splits_of_another_run_than_that_of_the_lock_are_refused(project: Path, wording) -> None:
    """As after git checkout without dvc checkout."""
    Path("dvc.lock").write_text(Path("dvc.lock").read_text().replace("+".join(TRAINED), "mel"))
    with pytest.raises(UserError, match="dvc checkout") as error:
        score("--policy", "mel")
    wording(str(error.value))


def test_the_policy_of_the_run_may_be_a_list(project: Path) -> None:
    lock = yaml.safe_load(Path("dvc.lock").read_text())
    lock["stages"]["split"]["params"]["params.yaml"]["policy"]["malignant"] = list(TRAINED)
    write_lock(**lock["stages"])
    assert score("--policy", "mel").startswith(f"Policy mel. The run was trained with {'+'.join(TRAINED)}.")


def write_lock(**stages: dict) -> None:
    Path("dvc.lock").write_text(yaml.safe_dump({"stages": stages}))


def test_a_run_that_ended_before_predict_is_refused(project: Path, wording) -> None:
    write_lock(split={})
    with pytest.raises(UserError, match=r"dvc\.lock has no finished run"):
        score("--policy", "mel")
    trained = {"outs": [{"path": "data/models/cnn_a", "md5": "new"}]}
    write_lock(**{"train@cnn_a": trained}, predict={"deps": [{"path": "data/models/cnn_a", "md5": "old"}]})
    with pytest.raises(UserError, match="earlier models") as error:
        score("--policy", "mel")
    wording(str(error.value))


def test_a_clone_without_predictions_is_refused(project: Path) -> None:
    Path("data/predictions/val/cnn_a.csv").unlink()
    with pytest.raises(TableError, match=r"val/cnn_a\.csv is missing"):
        score("--policy", "mel")


def test_an_output_that_cannot_be_written_is_refused_first(project: Path) -> None:
    with pytest.raises(UserError, match="--output"):
        score("--policy", "unknown", "--output", "nowhere/scores.csv")
