"""Undo in a git repository, with a fake dvc; tests/pipeline/test_undo.py has the real one."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from dermoscopy.check import locks
from dermoscopy.check.head import KilledExperiment
from dermoscopy.cli import undo as module
from dermoscopy.cli.undo import bring_back, return_to, undo
from dermoscopy.core.errors import UserError
from dermoscopy.core.pipeline import output_paths
from tests.cli.conftest import PARAMS, git
from tests.cli.fake_dvc import FakeDvc

# Like dvc checkout, which lists the files that it would delete though they are not in its cache, and exits.
REFUSES = """
unsaved = [path for path in {paths} if os.path.lexists(path)]
if unsaved and stage == "--allow-missing":
    sys.exit("ERROR: Can't remove the following unsaved files without confirmation.\\n" + "\\n".join(
        os.path.abspath(path) for path in unsaved))
"""


def output(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def commit(name: str, text: str, message: str = "commit") -> str:
    Path(name).write_text(text)
    git(Path.cwd(), "add", "--force", name)
    git(Path.cwd(), "commit", "--quiet", "--message", message)
    return output("rev-parse", "HEAD").strip()


@pytest.fixture
def start(project) -> str:
    return output("rev-parse", "HEAD").strip()


@pytest.fixture
def dvc(project, monkeypatch):
    """Function that replaces dvc by a body of Python."""

    def make(body: str = "") -> None:
        fake = FakeDvc(project, body)
        monkeypatch.setenv("PYTHONPATH", fake.environment["PYTHONPATH"])

    commit(".gitignore", "runs/\ncalls\n/data/*/\n")
    return make


@pytest.fixture
def computed() -> None:
    """Write every output."""
    for path in output_paths():
        if path.suffix:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("committed")
        else:
            path.mkdir(parents=True, exist_ok=True)


def printed(capsys, folder: Path = Path("runs")) -> str:
    names = [path.name for path in folder.glob("undo-*")]
    text = capsys.readouterr().out
    for name in names:
        text = text.replace(name, "undo-20260101-120000")
    return re.sub(r"lacks \d+ of its", "lacks <number> of its", text)  # a new out changes no message


def test_parameters_and_results_are_restored_and_kept_as_a_diff(project, dvc, computed, capsys, wording):
    dvc()
    git(project, "add", "--all", "--force", "data", "metrics", "plots")
    commit("params.yaml", PARAMS + "\n# committed\n")
    Path("params.yaml").write_text(PARAMS)
    git(project, "add", "params.yaml")
    Path("metrics/val.json").write_text("other")
    Path("metrics/test.json").unlink()
    Path("dvc.yaml").write_text(Path("dvc.yaml").read_text() + "# of the user\n")
    changed = output("diff", "HEAD", "params.yaml", "metrics")
    undo()
    assert output("status", "--porcelain") == " M dvc.yaml\n"
    text = printed(capsys)
    wording(text)
    [diff] = Path("runs").glob("undo-*/changes.diff")
    git(project, "apply", str(diff))
    assert output("diff", "HEAD", "params.yaml", "metrics") == changed


def test_nothing_to_undo(project, dvc, computed, capsys, wording):
    dvc()
    git(project, "add", "--all", "--force", "data", "metrics", "plots")
    commit("params.yaml", PARAMS + "\n")
    undo()
    assert not Path("runs").exists()
    wording(capsys.readouterr().out)


def test_outputs_that_the_cache_lacks_are_named_with_the_command_that_computes_them(
    project, dvc, capsys, monkeypatch, wording
):
    dvc()
    Path("params.yaml").write_text(PARAMS + "\n")
    undo()
    wording(printed(capsys))
    monkeypatch.setenv("MAKELEVEL", "1")
    undo()
    assert "make run" in capsys.readouterr().out


def test_value_of_the_same_length_in_the_same_second_is_undone(project, dvc):
    dvc()
    commit("params.yaml", PARAMS.replace("seed: 1", "seed: 2"))
    stat = Path("params.yaml").stat()
    Path("params.yaml").write_text(PARAMS.replace("seed: 1", "seed: 3"))
    os.utime("params.yaml", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    undo()
    assert Path("params.yaml").read_text() == PARAMS.replace("seed: 1", "seed: 2")


def test_new_results_that_no_commit_has_are_kept(project, dvc):
    dvc()
    Path("metrics").mkdir()
    for name in ("staged", "untracked"):
        Path(f"metrics/{name}.json").write_text(name)
    git(project, "add", "metrics/staged.json")
    undo()
    assert output("status", "--porcelain", "metrics/*") == "?? metrics/\n"
    assert Path("metrics/staged.json").read_text() == "staged"


def test_files_that_dvc_would_delete_and_has_not_saved_are_moved(project, dvc, capsys, wording):
    dvc(REFUSES.format(paths=["data/report/mine.txt", "data/models/cnn_a/part.h5"]))
    for name in ("data/report/mine.txt", "data/models/cnn_a/part.h5"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text(name)
    undo()
    [saved] = Path("runs").glob("undo-*")
    assert (saved / "data/report/mine.txt").read_text() == "data/report/mine.txt"
    assert (saved / "data/models/cnn_a/part.h5").exists()
    wording(printed(capsys))


def test_links_to_files_that_the_cache_lacks_are_removed(project, dvc):
    dvc(
        REFUSES.format(paths=["data/report/index.html"])
        + "if stage == '--allow-missing':\n    Path('data/search').symlink_to('/nowhere')\n"
    )
    Path("data/report").mkdir(parents=True)
    Path("data/report/index.html").symlink_to("/nowhere")
    Path("data/ensemble").mkdir()
    Path("data/ensemble/weights.csv").symlink_to("/nowhere")
    undo()
    assert not os.path.lexists("data/report/index.html")
    assert not os.path.lexists("data/ensemble")
    assert not os.path.lexists("data/search")
    assert not Path("runs").exists()


def test_files_that_are_in_the_cache_though_dvc_does_not_find_them_are_not_moved(project, dvc):
    """DVC does not find them if the committed dvc.lock does not have their output."""
    dvc(REFUSES.format(paths=["data/report/index.html"]) + "print(Path('cache').resolve())")
    file = Path("cache/files/md5/5d/41402abc4b2a76b9719d911017c592")
    file.parent.mkdir(parents=True)
    Path("data/report").mkdir(parents=True)
    for path in (file, Path("data/report/index.html")):
        path.write_text("hello")
    undo()
    assert not Path("data/report/index.html").exists()
    assert not Path("runs").exists()


def test_other_error_of_dvc_is_shown(project, dvc):
    dvc("sys.exit('ERROR: dvc.yaml is invalid')")
    with pytest.raises(UserError, match="is invalid"):
        undo()


def test_undo_is_refused_while_a_run_is_at_work(project, dvc, monkeypatch):
    dvc()
    monkeypatch.setattr(locks, "at_work", lambda: "process 123")
    Path("params.yaml").write_text("other")
    with pytest.raises(UserError, match="process 123"):
        undo()
    assert Path("params.yaml").read_text() == "other"


def test_undo_from_a_subfolder_and_after_a_killed_experiment(project, dvc, monkeypatch, capsys, wording):
    dvc()
    git(project, "checkout", "--quiet", "--detach")
    monkeypatch.setattr(module, "killed_experiment", lambda: KilledExperiment("main"))
    monkeypatch.chdir("profiles")
    undo()
    assert output("symbolic-ref", "HEAD") == "refs/heads/main\n"
    wording(capsys.readouterr().out.splitlines()[0])


def test_branch_gets_the_commits_of_the_user_but_none_of_dvc(project, start):
    git(project, "checkout", "--quiet", "--detach")
    own = commit("mine", "mine")
    commit("params.yaml", "other", message="dvc: commit experiment 123")
    return_to("main")
    assert output("rev-parse", "refs/heads/main").strip() == own
    assert output("symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert output("status", "--porcelain") == " M params.yaml\n"


def test_experiment_with_a_message_of_its_own_is_recognised(project, start):
    git(project, "checkout", "--quiet", "--detach")
    experiment = commit("params.yaml", "other", message="my message")
    git(project, "update-ref", f"refs/exps/{start[:2]}/{start[2:]}/my-name", experiment)
    return_to("main")
    assert output("rev-parse", "HEAD").strip() == start
    assert output("status", "--porcelain") == " M params.yaml\n"


def test_branch_with_other_commits_is_refused_and_nothing_changes(project, start, wording):
    git(project, "checkout", "--quiet", "--detach")
    own = commit("mine", "mine")
    other = output("commit-tree", "-p", start, "-m", "other", f"{start}^{{tree}}").strip()
    git(project, "update-ref", "refs/heads/main", other)
    with pytest.raises(UserError) as error:
        return_to("main")
    assert output("rev-parse", "HEAD").strip() == own
    assert output("rev-parse", "refs/heads/main").strip() == other
    wording(str(error.value).replace(own[:10], "0123456789"))


def test_changes_that_dvc_was_bringing_back_are_completed(project):
    names = ("untouched", "half", "gone", "changed")
    for name in names:
        commit(name, "committed")
        Path(name).write_text("of the user")
    put_aside = output("stash", "create").strip()
    Path("untouched").write_text("committed")
    Path("half").write_text("of the")
    Path("gone").unlink()
    Path("changed").write_text("changed after the kill")
    assert bring_back(put_aside)
    contents = {name: Path(name).read_text() for name in names}
    assert contents == dict.fromkeys(names, "of the user") | {"changed": "changed after the kill"}
    assert not bring_back(put_aside)


def test_changes_of_another_commit_are_not_brought_back(project):
    commit("code", "committed")
    Path("code").write_text("of the user")
    put_aside = output("stash", "create").strip()
    git(project, "restore", "code")
    commit("code", "newer")
    assert not bring_back(put_aside)
    assert Path("code").read_text() == "newer"
