import pytest

from dermoscopy.cli.repository import committed_params, results_differ, top_folder
from dermoscopy.core.errors import UserError
from tests.cli.conftest import git


def test_top_folder_from_a_subfolder(project, monkeypatch):
    monkeypatch.chdir(project / "profiles")
    assert top_folder() == project


def test_folder_without_a_repository_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="git clone"):
        top_folder()


def test_repository_of_another_user_is_refused_in_the_words_of_git(project, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    with pytest.raises(UserError) as error:
        top_folder()
    assert "dubious ownership" in str(error.value)
    assert f"git config --global --add safe.directory {project}" in str(error.value)


@pytest.mark.parametrize("language", ["de_DE.UTF-8", "C"])
def test_broken_repository_is_refused_in_the_words_of_git(project, monkeypatch, language):
    monkeypatch.setenv("LANG", language)
    git(project, "config", "core.repositoryFormatVersion", "99")
    with pytest.raises(UserError, match="version") as error:
        top_folder()
    assert "git clone" not in str(error.value)


def test_repository_without_a_commit_is_refused(tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="git commit"):
        top_folder()


def test_missing_git_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git is not installed"):
        top_folder()


def test_committed_params_are_read_from_the_last_commit(project):
    (project / "params.yaml").write_text("optimizer: adam\n")
    assert committed_params()["optimizer"] is None
    git(project, "rm", "--quiet", "-f", "params.yaml")
    git(project, "commit", "--quiet", "--message", "none")
    assert committed_params() == {}


def test_results_differ_ignores_params(project):
    (project / "params.yaml").write_text("optimizer: adam\n")
    assert not results_differ()
    (project / "metrics").mkdir()
    (project / "metrics" / "test.json").write_text("{}")
    assert results_differ()
