"""The profiles in profiles/."""

import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides
from pydantic import TypeAdapter

from dermoscopy.check.check import file_problems
from dermoscopy.check.params import Params
from dermoscopy.cli.run import flatten, override, read_profile
from dermoscopy.core.params import read_yaml

COMMITTED = Path("params.yaml").resolve()
PROFILES = sorted(Path("profiles").glob("*.yaml"))


@pytest.fixture
def dataset(tmp_path) -> Path:
    for folder in ("HAM10000_images_part_1", "HAM10000_images_part_2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ISIC_1.jpg").touch()
    (tmp_path / "HAM10000_metadata.csv").touch()
    return tmp_path


def test_names_of_the_profiles():
    assert {path.stem for path in PROFILES} == {
        "ham10000",
        "ham10000-cpu",
        "ham10000-smoke",
        "tiny",
    }


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_profile_is_valid(profile, dataset, tmp_path):
    shutil.copyfile(COMMITTED, tmp_path / "params.yaml")
    leaves = read_profile(profile.stem)
    assert leaves["report.profile"] == profile.stem
    if profile.stem != "tiny":
        leaves |= {"data.path": str(dataset)}
    apply_overrides(tmp_path / "params.yaml", [override(key, value) for key, value in leaves.items()])
    tree = read_yaml((tmp_path / "params.yaml").read_text())
    TypeAdapter(Params).validate_python(tree)
    assert file_problems(tree) == []
    assert flatten(tree) == flatten(read_yaml(COMMITTED.read_text())) | leaves


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_profile_has_only_values_that_differ(profile):
    committed = flatten(read_yaml(COMMITTED.read_text()))
    same = [key for key, value in read_profile(profile.stem).items() if committed.get(key) == value]
    assert same == []


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_profile_describes_its_results_and_its_command(profile):
    head = profile.read_text().split("\n\n")[0]
    assert "Expected" in head
    assert f"make run PROFILE={profile.stem}" in head


@pytest.mark.parametrize("name", ["ham10000", "ham10000-cpu", "ham10000-smoke"])
def test_profiles_of_ham10000_need_the_path_of_the_dataset(name, tmp_path):
    shutil.copyfile(COMMITTED, tmp_path / "params.yaml")
    apply_overrides(tmp_path / "params.yaml", [override(key, value) for key, value in read_profile(name).items()])
    (line,) = file_problems(read_yaml((tmp_path / "params.yaml").read_text()))
    assert "DATA=path" in line
