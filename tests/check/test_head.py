"""Who detached HEAD: a killed `dvc exp run`, one that runs, or the user. The entries are those of the real reflog."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dermoscopy.check import head
from dermoscopy.check.head import KilledExperiment, killed_experiment, refuse_killed_experiment
from dermoscopy.core.errors import UserError

NOW = 1_800_000_000


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for key in [key for key in os.environ if key.startswith(("DVC_", "GIT_"))]:
        monkeypatch.delenv(key)
    git("init", "--quiet", "--initial-branch", "main")
    commit(NOW - 1000)
    return tmp_path


@pytest.fixture
def killed_at(monkeypatch) -> Callable[[float | None], None]:
    """Function that sets when a killed `dvc exp run` wrote its lock."""
    return lambda seconds: monkeypatch.setattr(head, "killed_while_preparing", lambda: seconds)


@pytest.fixture
def in_experiment_since(monkeypatch) -> Callable[[float | None], None]:
    """Function that sets that this is a stage of `dvc exp run`, and when that was started in this folder."""

    def start(seconds: float | None) -> None:
        monkeypatch.setenv("DVC_EXP_NAME", "this")
        monkeypatch.setattr(head, "experiment_started", lambda: seconds)

    return start


def git(*arguments: str, at: int = NOW) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "core.hooksPath=/dev/null"]
    done = subprocess.run(
        ["git", *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"GIT_COMMITTER_DATE": f"{at} +0000"},
    )
    return done.stdout.strip()


def commit(at: int, message: str = "commit") -> None:
    git("commit", "--quiet", "--allow-empty", "--message", message, at=at)


def detach(at: int, branch: str = "main") -> None:
    """Detach HEAD as `dvc exp run` does."""
    sha = git("rev-parse", "HEAD")
    git("update-ref", "--no-deref", "-m", f"checkout: moving from {branch} to {sha}", "HEAD", sha, at=at)


def restore(at: int, name: str = "main") -> None:
    """Restore HEAD as `dvc exp run` does."""
    message = f"dvc: Restore HEAD to '{name}'"
    if name == git("rev-parse", "HEAD"):
        lines = Path(".git/logs/HEAD")
        entry = f"{name} {name} test <test@localhost> {at} +0000\t{message}\n"
        lines.write_text(lines.read_text() + entry)
    else:
        git("symbolic-ref", "-m", message, "HEAD", f"refs/heads/{name}", at=at)


def test_fixture_writes_what_git_writes(repository):
    detach(NOW)
    by_hand = Path(".git/logs/HEAD").read_text().splitlines()[-1]
    git("checkout", "--quiet", "main")
    git("checkout", "--quiet", git("rev-parse", "HEAD"))
    assert Path(".git/logs/HEAD").read_text().splitlines()[-1] == by_hand


def test_killed_experiment_is_noticed(repository, wording):
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    assert killed_experiment() == KilledExperiment("main")
    with pytest.raises(UserError) as error:
        refuse_killed_experiment()
    wording(str(error.value))


def test_killed_experiment_is_noticed_after_commits(repository):
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    commit(NOW + 100, "dvc: commit experiment 123")
    commit(NOW + 200)
    assert killed_experiment() == KilledExperiment("main")


def test_branch_of_any_name_is_returned(repository):
    git("switch", "--quiet", "-c", "me/idea-1")
    detach(NOW, "me/idea-1")
    restore(NOW, "me/idea-1")
    detach(NOW, "me/idea-1")
    git("branch", "other")  # at the same commit
    assert killed_experiment() == KilledExperiment("me/idea-1")


def test_killed_experiment_is_noticed_in_the_next_experiment(repository, in_experiment_since):
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    in_experiment_since(NOW + 100)  # HEAD is detached already, so the reflog has nothing of this one
    assert killed_experiment() == KilledExperiment("main")


def test_killed_experiment_is_noticed_after_another_one(repository):
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    sha = git("rev-parse", "HEAD")
    restore(NOW + 100, sha)
    restore(NOW + 110, sha)
    assert killed_experiment() == KilledExperiment("main")


def test_running_experiment_is_none(repository, in_experiment_since):
    in_experiment_since(NOW - 2)
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    assert killed_experiment() is None
    refuse_killed_experiment()


def test_experiment_in_a_folder_of_its_own_is_none(repository, in_experiment_since):
    in_experiment_since(None)
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    assert killed_experiment() is None


def test_experiment_that_the_user_starts_on_a_detached_head_is_none(repository, in_experiment_since):
    git("checkout", "--quiet", git("rev-parse", "HEAD"))
    in_experiment_since(NOW + 100)
    assert killed_experiment() is None


@pytest.mark.parametrize("arguments", [["checkout", "{sha}"], ["checkout", "--detach"], ["switch", "--detach", "main"]])
def test_user_who_detaches_head_is_not_an_experiment(repository, arguments):
    git(*(argument.format(sha=git("rev-parse", "HEAD")) for argument in arguments))
    assert killed_experiment() is None


def test_user_who_detaches_head_after_a_finished_experiment_is_none(repository):
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    commit(NOW + 2, "dvc: commit experiment 123")
    git("symbolic-ref", "-m", "dvc: Restore HEAD to 'main'", "HEAD", "refs/heads/main", at=NOW + 2)
    git("checkout", "--quiet", git("rev-parse", "HEAD"), at=NOW + 2)
    assert killed_experiment() is None


def test_user_who_went_back_and_detaches_head_again_is_none(repository, killed_at):
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    git("switch", "--quiet", "main", at=NOW + 50)
    assert killed_experiment() is None
    git("checkout", "--quiet", git("rev-parse", "HEAD"), at=NOW + 1000)
    killed_at(NOW)
    assert killed_experiment() is None


def test_other_commit_is_the_choice_of_the_user(repository):
    commit(NOW)
    git("checkout", "--quiet", git("rev-parse", "HEAD~1"))
    assert killed_experiment() is None


def test_clone_of_one_commit_is_none(repository, tmp_path_factory, monkeypatch):
    commit(NOW)
    clone = tmp_path_factory.mktemp("clone") / "clone"
    git("clone", "--quiet", "--depth", "1", f"file://{repository}", str(clone))
    monkeypatch.chdir(clone)
    assert killed_experiment() is None
    git("checkout", "--quiet", git("rev-parse", "HEAD"))
    assert killed_experiment() is None


def test_detached_worktree_is_none_while_an_experiment_is_killed_elsewhere(repository, tmp_path_factory, monkeypatch):
    worktree = tmp_path_factory.mktemp("worktree") / "worktree"
    git("worktree", "add", "--quiet", "--detach", str(worktree))
    detach(NOW)
    restore(NOW + 1)
    detach(NOW + 1)
    monkeypatch.chdir(worktree)
    assert killed_experiment() is None


def test_folder_without_git_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert killed_experiment() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert killed_experiment() is None


def test_deleted_branch_is_none(repository):
    git("switch", "--quiet", "-c", "gone")
    detach(NOW, "gone")
    restore(NOW + 1, "gone")
    detach(NOW + 1, "gone")
    git("branch", "-D", "gone")
    assert killed_experiment() is None


def test_experiment_that_is_killed_while_it_prepares_is_noticed(repository, killed_at):
    detach(NOW)
    assert killed_experiment() is None
    killed_at(NOW - 2)
    assert killed_experiment() == KilledExperiment("main")
    killed_at(NOW - 1000)  # an earlier one
    assert killed_experiment() is None


def test_changes_that_an_experiment_had_put_aside_are_named(repository, killed_at):
    Path("code").write_text("one")
    git("add", "code")
    commit(NOW - 900)
    Path("code").write_text("two")
    git("stash", at=NOW - 1)
    detach(NOW)
    killed_at(NOW - 2)
    stash = git("rev-parse", "stash@{0}")
    assert killed_experiment() == KilledExperiment("main", stash)
    restore(NOW + 1)
    detach(NOW + 1)
    assert killed_experiment() == KilledExperiment("main", "refs/exps/exec/EXEC_MERGE")


def test_earlier_stash_of_the_user_is_not_named(repository, killed_at):
    Path("code").write_text("one")
    git("add", "code")
    commit(NOW - 900)
    Path("code").write_text("two")
    git("stash", at=NOW - 100)
    detach(NOW)
    killed_at(NOW - 2)
    assert killed_experiment() == KilledExperiment("main")


def test_command_is_that_of_make_if_make_has_started_the_run(monkeypatch):
    monkeypatch.delenv("MAKELEVEL", raising=False)
    assert head.undo_command() == "dermoscopy undo"
    monkeypatch.setenv("MAKELEVEL", "1")
    assert head.undo_command() == "make undo"
