"""`dermoscopy undo` after runs of the real dvc that finished, failed or were killed, and runs that are refused."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.conftest import once
from tests.pipeline.fake_stages import hang_in, small_project
from tests.pipeline.project import Project
from tests.processes import wait_until, wait_until_nothing_runs

pytestmark = [pytest.mark.slow, pytest.mark.long]

DERMOSCOPY = [sys.executable, "-c", "from dermoscopy.cli.app import main; main()"]
IDEA = ["-S", "models.cnn_a.dropout=0.25"]
REPORT = "data/report/index.html"


@pytest.fixture(scope="session")
def small(shared: Path) -> Project:
    """A clone with four stages, run and committed. Copy or clone it before you change it."""

    def make() -> None:
        project = small_project(folder)
        project.done("dvc", "repro")
        project.commit("run")

    folder = shared / "small"
    once(folder, make)
    return Project(folder)


@pytest.fixture
def finished(small: Project, tmp_path) -> Project:
    """A copy in which the committed results were computed."""
    project = small.copy(tmp_path / "project")
    (project.folder / "README.md").write_text("A change of another file.\n")
    return project


@pytest.fixture
def fresh(small: Project, tmp_path) -> Project:
    """A fresh clone, without data and without a cache."""
    project = Project(tmp_path / "project")
    small.done("git", "clone", "--quiet", str(small.folder), str(project.folder))
    (project.folder / "README.md").write_text("A change of another file.\n")
    return project


@pytest.fixture(params=["finished", "fresh"])
def project(request) -> Project:
    return request.getfixturevalue(request.param)


def profile(project: Project) -> list[str]:
    """Return the command that runs a profile."""
    path = project.folder.parent / "idea.yaml"
    path.write_text("models:\n  cnn_a:\n    dropout: 0.25\n")
    return [*DERMOSCOPY, "run", "--profile", str(path)]


def report(project: Project) -> str | None:
    path = project.folder / REPORT
    return path.read_text() if path.exists() else None


def undo(project: Project, small: Project, command: tuple[str, ...] = (*DERMOSCOPY, "undo")) -> str:
    """Undo, and assert that all is as committed; return the output."""
    output = project.done(*command)
    assert project.done("git", "status", "--porcelain") == " M README.md\n"
    assert (project.folder / "README.md").read_text() == "A change of another file.\n"
    assert project.done("git", "symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert project.done("git", "rev-parse", "HEAD") == small.done("git", "rev-parse", "HEAD")
    assert report(project) in (None, report(small))  # never that of the idea
    if report(project) is None:
        assert "dermoscopy run" in output
    assert "Checkout failed" not in output
    return output


def start_and_hang(project: Project, command: list[str], stage: str = "train") -> subprocess.Popen[str]:
    """Start a run and wait until one of its stages hangs."""
    hangs = hang_in(project.folder, stage)
    log = project.folder.parent / "log"
    process = project.start(*command, log=log)
    wait_until(hangs.exists, log.read_text)
    return process


def end(project: Project, process: subprocess.Popen[str], how: signal.Signals, group: bool = True) -> None:
    (os.killpg if group else os.kill)(process.pid, how)
    process.wait()
    wait_until_nothing_runs(project.folder)
    (project.folder / "runs" / "hang").unlink()


def test_finished_profile_run(project: Project, small: Project):
    before = report(project)
    output = project.done(*profile(project))
    assert output.endswith("\n  dermoscopy undo\n")
    assert report(project) not in (None, report(small))
    undone = undo(project, small)
    assert report(project) == before
    assert "changes.diff" in undone
    assert undo(project, small) != undone


def test_results_of_another_processor_come_back_from_the_run_cache(fresh: Project, small: Project):
    (fresh.folder / "runs").mkdir()
    (fresh.folder / "runs" / "processor").write_text("other")
    fresh.done(*DERMOSCOPY, "run")
    own = report(fresh)
    assert own != report(small)
    fresh.done(*profile(fresh))
    undo(fresh, small)
    assert report(fresh) is None
    ran = fresh.done(*DERMOSCOPY, "run")
    assert "Running stage 'train" not in ran
    assert "Running stage 'report" not in ran
    assert report(fresh) == own


def test_undone_change_can_be_brought_back(finished: Project, small: Project):
    finished.done(*profile(finished))
    text = {path: (finished.folder / path).read_text() for path in ("params.yaml", "dvc.lock", REPORT)}
    output = undo(finished, small)
    finished.done("git", "apply", output.split("git apply ")[1].strip())
    ran = finished.done("dvc", "repro")
    assert "Running stage 'train" not in ran
    assert {path: (finished.folder / path).read_text() for path in text} == text


def test_make_undo_needs_no_activated_environment(finished: Project, small: Project):
    finished.done("dvc", "exp", "run", *IDEA)
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part not in sys.executable)
    undo(finished, small, ("env", f"PATH={path}", *finished.make("undo")))
    assert report(finished) == report(small)


@pytest.mark.parametrize("command", ["make run", "profile", "dvc exp run", "dvc repro"])
def test_interrupted_run(project: Project, small: Project, command: str):
    before = report(project)
    commands = {
        "make run": [*DERMOSCOPY, "run"],
        "profile": profile(project),
        "dvc exp run": ["dvc", "exp", "run", *IDEA],
        "dvc repro": ["dvc", "repro"],
    }
    if command in ("make run", "dvc repro"):
        project.change({"models": {"cnn_a": {"dropout": 0.25}}})
    end(project, start_and_hang(project, commands[command]), signal.SIGINT)
    if command in ("make run", "profile"):
        assert (project.folder.parent / "log").read_text().endswith("\n  dermoscopy undo\n")
    undo(project, small)
    assert report(project) == before


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP], ids=lambda how: how.name)
@pytest.mark.parametrize("stage", ["acquire", "train"])
def test_killed_experiment(project: Project, small: Project, how: signal.Signals, stage: str):
    before = report(project)
    if stage == "acquire":
        project.change({"simulate": {"lesions": 70}})
    end(project, start_and_hang(project, ["dvc", "exp", "run", *IDEA], stage), how)
    assert project.run("git", "symbolic-ref", "HEAD").returncode
    output = undo(project, small)
    assert "on the branch main again" in output
    assert report(project) == before
    ran = project.done("dvc", "repro")
    assert ("Running stage 'train" in ran) == (before is None)
    assert report(project) == report(small)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP], ids=lambda how: how.name)
@pytest.mark.parametrize("group", [True, False], ids=["terminal", "process"])
def test_killed_profile_run(project: Project, small: Project, how: signal.Signals, group: bool):
    before = report(project)
    end(project, start_and_hang(project, profile(project)), how, group)
    undo(project, small)
    assert report(project) == before


@pytest.mark.parametrize("number", [1, 2])
def test_experiment_killed_while_it_prepares(finished: Project, small: Project, number: int):
    head = finished.folder / ".git" / "HEAD"
    process = finished.start("dvc", "exp", "run", *IDEA)
    for _ in range(number - 1):
        wait_until(lambda: not head.read_text().startswith("ref"))
        wait_until(lambda: head.read_text().startswith("ref"))
    wait_until(lambda: not head.read_text().startswith("ref"))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    refused = finished.run("dvc", "repro")
    assert "HEAD is detached from main" in refused.stderr
    undo(finished, small)
    assert report(finished) == report(small)


def test_every_run_is_refused_after_a_killed_experiment(finished: Project, small: Project):
    end(finished, start_and_hang(finished, ["dvc", "exp", "run", *IDEA]), signal.SIGKILL)
    files = finished.done("git", "status", "--porcelain")
    for command in (
        [*DERMOSCOPY, "run"],
        [*DERMOSCOPY, "repro"],
        profile(finished),
        ["dvc", "repro"],
        ["dvc", "exp", "run", "-S", "seed=2"],
    ):
        done = finished.run(*command)
        assert done.returncode
        assert done.stderr.count("HEAD is detached from main") == 1, command
        assert "Go back to main and to the parameters and results of its last commit with: dermoscopy undo" in (
            done.stderr
        )
        if "exp" not in command:
            assert finished.done("git", "status", "--porcelain") == files
    undo(finished, small)
    assert report(finished) == report(small)
    finished.done("dvc", "exp", "run", *IDEA)


def test_commit_made_after_a_killed_experiment_is_kept_on_the_branch(finished: Project):
    end(finished, start_and_hang(finished, ["dvc", "exp", "run", *IDEA]), signal.SIGKILL)
    finished.commit("mine")
    commit = finished.done("git", "rev-parse", "HEAD")
    finished.done(*DERMOSCOPY, "undo")
    assert finished.done("git", "rev-parse", "refs/heads/main") == commit
    assert finished.done("git", "symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert finished.done("git", "status", "--porcelain") == ""


def test_experiment_killed_after_its_own_commit(finished: Project, small: Project):
    end(finished, start_and_hang(finished, ["dvc", "exp", "run", *IDEA]), signal.SIGKILL)
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    finished.done("git", *identity, "commit", "--quiet", "--all", "--message", "dvc: commit experiment 123")
    undo(finished, small)
    assert report(finished) == report(small)


def test_healthy_experiments_are_not_refused(finished: Project):
    finished.done("dvc", "exp", "run", *IDEA)
    finished.done(*DERMOSCOPY, "undo")
    finished.done("dvc", "exp", "run", "--temp", "-S", "models.cnn_a.dropout=0.3")
    finished.done("dvc", "exp", "run", "--queue", "-S", "models.cnn_a.dropout=0.35", "--name", "queued")
    finished.done("dvc", "queue", "start")
    wait_until(lambda: {"Success", "Failed"} & set(finished.done("dvc", "queue", "status").split()), patience=120)
    assert "Success" in finished.done("dvc", "queue", "status"), finished.run("dvc", "queue", "logs", "queued").stdout


@pytest.mark.parametrize("how", ["commit", "depth 1", "worktree"])
def test_detached_head_of_the_user_is_not_refused(small: Project, tmp_path, how: str):
    project = Project(tmp_path / "project")
    if how == "worktree":
        source = small.copy(tmp_path / "source")
        source.done("git", "worktree", "add", "--quiet", "--detach", str(project.folder))
    else:
        options = ["--depth", "1"] if how == "depth 1" else []
        small.done("git", "clone", "--quiet", *options, f"file://{small.folder}", str(project.folder))
        project.done("git", "checkout", "--quiet", small.done("git", "rev-parse", "HEAD").strip())
    project.done("dvc", "repro")
    project.done("dvc", "exp", "run", *IDEA)
    project.done("dvc", "exp", "run", "-S", "models.cnn_a.dropout=0.3")
    project.done(*DERMOSCOPY, "undo")
    assert project.done("git", "status", "--porcelain") == ""
    assert project.run("git", "symbolic-ref", "HEAD").returncode
    assert report(project) == report(small)


def test_second_run_is_refused_and_the_first_one_goes_on(project: Project, small: Project):
    before = report(project)
    process = start_and_hang(project, ["dvc", "exp", "run", *IDEA])
    params = (project.folder / "params.yaml").read_text()
    for command in (profile(project), [*DERMOSCOPY, "run"], [*DERMOSCOPY, "repro"], [*DERMOSCOPY, "undo"]):
        done = project.run(*command)
        assert done.returncode == 2
        assert done.stdout == ""
        [line] = done.stderr.splitlines()
        assert line.startswith("A run is at work in this folder (process ")
    assert process.poll() is None
    assert (project.folder / "params.yaml").read_text() == params
    end(project, process, signal.SIGINT)
    undo(project, small)
    assert report(project) == before


def test_refused_values_change_nothing(finished: Project):
    path = finished.folder.parent / "bad.yaml"
    path.write_text("optimizer: adma\n")
    before = finished.done("git", "status", "--porcelain")
    done = finished.run(*DERMOSCOPY, "run", "--profile", str(path))
    assert done.returncode == 2
    assert done.stderr.count("'adma'") == 1
    assert "undo" not in done.stdout + done.stderr
    assert finished.done("git", "status", "--porcelain") == before


def test_staged_changes(finished: Project, small: Project):
    finished.done("dvc", "exp", "run", *IDEA)
    finished.done("git", "add", "params.yaml", "dvc.lock", "metrics")
    undo(finished, small)
    assert report(finished) == report(small)


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
@pytest.mark.parametrize("computed", [True, False], ids=["computed", "fresh"])
def test_cache_with_links(small: Project, tmp_path, kind: str, computed: bool):
    project = Project(tmp_path / "project")
    small.done("git", "clone", "--quiet", str(small.folder), str(project.folder))
    (project.folder / "README.md").write_text("A change of another file.\n")
    project.done("dvc", "config", "--local", "cache.type", kind)
    if computed:
        project.done("dvc", "repro")
    project.run("dvc", "exp", "run", *IDEA)  # fails in a fresh clone with links
    undo(project, small)
    assert not [path for path in (project.folder / "data").rglob("*") if path.is_symlink() and not path.exists()]
    assert (report(project) == report(small)) == computed
    project.done("dvc", "repro")
    assert report(project) == report(small)


def test_cache_outside_the_clone(fresh: Project, small: Project):
    fresh.done("dvc", "cache", "dir", "--local", str(fresh.folder.parent / "cache"))
    fresh.done(*DERMOSCOPY, "run")
    fresh.done(*profile(fresh))
    undo(fresh, small)
    assert report(fresh) == report(small)


@pytest.mark.parametrize("path", ["data/report/notes.txt", "data/models/cnn_a/sub/mine.h5", "data/mine/notes.txt"])
def test_files_of_the_user_are_kept(project: Project, path: str):
    project.done(*profile(project))
    mine = project.folder / path
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine")
    output = project.done(*DERMOSCOPY, "undo")
    [kept] = [file for file in project.folder.rglob(Path(path).name) if file.read_text() == "mine"]
    assert kept == mine or str(Path(path)) in output


def test_new_file_that_the_user_has_staged_is_kept(finished: Project):
    finished.done("dvc", "exp", "run", *IDEA)
    (finished.folder / "metrics" / "mine.json").write_text("{}")
    finished.done("git", "add", "metrics")
    finished.done(*DERMOSCOPY, "undo")
    assert (finished.folder / "metrics" / "mine.json").read_text() == "{}"


def test_applied_experiment(finished: Project, small: Project):
    finished.done("dvc", "exp", "run", "--name", "idea", *IDEA)
    idea = report(finished)
    undo(finished, small)
    finished.done("dvc", "exp", "apply", "idea")
    assert report(finished) == idea
    undo(finished, small)
    assert report(finished) == report(small)
