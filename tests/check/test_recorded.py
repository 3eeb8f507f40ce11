"""The check stage on a machine without the dataset or the starting weights: a colleague's clone."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from dermoscopy.check.outputs import kept_outputs
from tests.check.test_check import TOP, check, contents

Repository = Path
WEIGHTS = "models.vgg19.weights=mine"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "run")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "vgg19.h5"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def clone(tmp_path: Path, dataset: Path, weights: Path) -> Repository:
    """A repository in which the check has run on the dataset and on starting weights, and was committed."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(TOP / name, folder / name)
    (folder / ".gitignore").write_text("/runs/\n/.checkpoints/\n/data/acquired/\n")
    entry = f'+data.weights.mine={{source: "{weights}", sha256: null}}'
    done = check(folder, "data.source=directory", f'data.path="{dataset}"', entry, WEIGHTS)
    assert done.returncode == 0, done.stderr
    for output in kept_outputs():
        (folder / output).mkdir(parents=True)
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def move_away(path: Path) -> None:
    path.rename(path.with_name("gone"))


@pytest.mark.parametrize("missing", ["dataset", "weights", "both", "an empty folder"])
def test_it_goes_on_without_recorded_sources(clone, dataset, weights, missing):
    before = contents(clone)
    if missing != "weights":
        move_away(dataset)
    if missing == "an empty folder":
        dataset.mkdir()
    if missing in ("weights", "both"):
        move_away(weights)
    done = check(clone, "ensemble.fallback=0.05", "seed=2")
    assert done.returncode == 0, done.stderr
    assert contents(clone) == before
    (line,) = done.stderr.splitlines()
    assert ("data.path" in line) == (missing != "weights")
    assert ("data.weights.mine.source" in line) == (missing in ("weights", "both"))
    assert line.startswith("Not on this machine: ")
    assert "data/source.json" in line


def test_the_message_names_what_dvc_pull_gets(clone, dataset):
    move_away(dataset)
    shutil.rmtree(clone / "data/acquired/weights/vgg19")
    (clone / "data/acquired/truth").rmdir()
    done = check(clone)
    assert done.returncode == 0
    assert done.stderr.splitlines()[1] == (
        "Missing: data/acquired/weights/vgg19, data/acquired/truth. Get them with: dvc pull"
    )


@pytest.mark.parametrize(
    "change",
    ["data.path=/typo", "data.strict=false", "data.limits.pixels=7", "data.weights.mine.source=/typo.h5"],
)
def test_a_changed_block_data_needs_its_sources(clone, dataset, weights, change):
    move_away(dataset)
    move_away(weights)
    before = contents(clone)
    done = check(clone, change)
    assert done.returncode == 2
    assert "data.path: received" in done.stderr
    assert "data.weights.mine.source: received" in done.stderr
    assert contents(clone) == before


def test_a_record_that_is_not_committed_does_not_count(clone, dataset, tmp_path):
    other = shutil.copytree(dataset, tmp_path / "other")
    (other / "HAM10000_metadata.csv").write_text("lesion_id,image_id,dx\n")
    assert check(clone, f'data.path="{other}"').returncode == 0
    git(clone, "restore", "params.yaml")
    move_away(dataset)
    done = check(clone)
    assert done.returncode == 2
    assert "data.path: received" in done.stderr


@pytest.mark.parametrize("without", ["repository", "commit", "record", "params.yaml"])
def test_without_a_committed_record_the_sources_are_needed(clone, dataset, without):
    move_away(dataset)
    if without in ("repository", "commit"):
        shutil.rmtree(clone / ".git")
    if without == "commit":
        git(clone, "init", "--quiet")
    if without == "record":
        git(clone, "rm", "--quiet", "data/source.json")
        commit(clone)
    if without == "params.yaml":
        git(clone, "rm", "--quiet", "--cached", "params.yaml")
        git(clone, "commit", "--quiet", "--message", "without")
    done = check(clone)
    assert done.returncode == 2
    assert "data.path: received" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_record_of_another_source_does_not_count(clone, dataset):
    (clone / "data/source.json").write_text(json.dumps({"source": "simulated", "weights": {}}))
    commit(clone)
    move_away(dataset)
    assert check(clone).returncode == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("models.vgg19.weights=none", "starting weights"),
        ("models.inception_v3.weights=mine", "starting weights"),
        ("content of the weights", "starting weights"),
    ],
)
def test_a_change_of_the_weights_needs_the_dataset(clone, dataset, weights, change, words):
    before = contents(clone)
    move_away(dataset)
    if change == "content of the weights":
        weights.write_bytes(b"other")
        change = "seed=2"
    done = check(clone, change)
    assert done.returncode == 2
    assert words in done.stderr
    assert "data.path" in done.stderr
    assert "git checkout HEAD params.yaml" in done.stderr
    assert contents(clone) == before


def test_a_change_of_the_labels_needs_the_weights(clone, dataset, weights):
    before = contents(clone)
    move_away(weights)
    (dataset / "HAM10000_metadata.csv").write_text("lesion_id,image_ix\n")
    done = check(clone)
    assert done.returncode == 2
    assert "the dataset changed" in done.stderr
    assert contents(clone) == before


def test_other_weights_of_another_name_are_not_taken_from_the_record(clone, dataset, weights):
    entry = f'+data.weights.again={{source: "{weights}", sha256: null}}'
    apply_overrides(clone / "params.yaml", [entry])
    commit(clone)
    move_away(weights)
    done = check(clone, "models.vgg19.weights=again")
    assert done.returncode == 2
    assert "starting weights" in done.stderr


def test_committed_settings_of_other_sources_are_still_checked(clone, dataset, weights):
    """The dataset is missing and recorded; the path of the weights is a folder."""
    move_away(dataset)
    weights.unlink()
    (weights / "folder").mkdir(parents=True)
    done = check(clone)
    assert done.returncode == 2
    assert "data.weights.mine.source" in done.stderr


def test_the_messages(clone, dataset, wording):
    move_away(dataset)
    (clone / "data/acquired/truth").rmdir()
    wording(check(clone).stderr, "goes on")
    wording(check(clone, "models.vgg19.weights=none").stderr, "refused")
