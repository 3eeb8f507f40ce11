import pytest

from dermoscopy.cli.dvc import committed_params, results_differ, top_folder
from dermoscopy.core.errors import UserError
from tests.cli.conftest import git


def test_the_top_folder_from_below(project, monkeypatch):
    monkeypatch.chdir(project / "profiles")
    assert top_folder() == project


def test_a_downloaded_zip_is_no_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="git clone"):
        top_folder()


def test_no_commit_yet(tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no commit yet"):
        top_folder()


def test_no_git(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git is not installed"):
        top_folder()


def test_committed_parameters_are_those_of_the_last_commit(project):
    (project / "params.yaml").write_text("optimizer: adam\n")
    assert committed_params()["optimizer"] is None
    git(project, "rm", "--quiet", "-f", "params.yaml")
    git(project, "commit", "--quiet", "--message", "none")
    assert committed_params() == {}


def test_only_results_count_as_results(project):
    (project / "params.yaml").write_text("optimizer: adam\n")
    assert not results_differ()
    (project / "metrics").mkdir()
    (project / "metrics" / "test.json").write_text("{}")
    assert results_differ()
