from pathlib import Path

import pytest
import typer

from dermoscopy.cli import run as module
from dermoscopy.cli.run import run
from dermoscopy.core.errors import ParameterError, UserError
from tests.cli.conftest import PARAMS, git

SMALL = ["-S", "runtime.threads=1", "-S", "models.cnn_a.dropout=0.1"]


@pytest.fixture
def dvc(monkeypatch):
    """What dvc was asked, and the code it ends with."""
    asked: list[tuple[str, ...]] = []

    def run_dvc(*arguments: str) -> int:
        asked.append(arguments)
        return run_dvc.code

    run_dvc.code = 0
    run_dvc.asked = asked
    monkeypatch.setattr(module, "run_dvc", run_dvc)
    return run_dvc


def exit_code(**options) -> int:
    with pytest.raises(typer.Exit) as ended:
        run(**options)
    return ended.value.exit_code


def test_without_a_profile_it_is_dvc_repro(project, dvc, capsys):
    assert exit_code() == 0
    assert dvc.asked == [("repro",)]
    told = capsys.readouterr().out
    assert "dvc metrics show" in told
    assert "data/report/index.html" in told
    assert "Other than" not in told
    assert "baseline" not in told


def test_a_profile_becomes_options_and_is_told(project, dvc, capsys):
    assert exit_code(profile="small") == 0
    assert dvc.asked == [("exp", "run", *SMALL)]
    told = capsys.readouterr().out
    assert "runtime.threads: 2 -> 1\n  models.cnn_a.dropout: 0.5 -> 0.1" in told
    assert told.endswith("git restore params.yaml dvc.lock data metrics plots\n")


def test_what_dvc_made_is_undone_too(project, dvc, capsys):
    Path(".dvc/cache").mkdir(parents=True)
    assert exit_code(profile="small") == 0
    assert capsys.readouterr().out.endswith("git restore params.yaml dvc.lock data metrics plots && dvc checkout\n")


def test_a_folder_of_photographs_comes_on_top(project, dvc):
    assert exit_code(profile="small", data="../my images") == 0
    path = project.parent / "my images"
    assert dvc.asked == [("exp", "run", *SMALL, "-S", "data.source=directory", "-S", f'data.path="{path}"')]


def test_a_folder_of_photographs_is_the_caller_s(project, dvc, monkeypatch):
    monkeypatch.chdir(project / "profiles")
    exit_code(data="ham10000")
    assert dvc.asked[0][-1] == f"data.path={project / 'profiles' / 'ham10000'}"
    assert Path.cwd() == project


def test_the_archive_may_be_downloaded(project, dvc, capsys):
    params = PARAMS.replace("simulated", "directory").replace("path: null", "path: /data/ham10000")
    (project / "params.yaml").write_text(params)
    git(project, "commit", "--quiet", "--all", "--message", "mine")
    assert exit_code(profile="small", data="download") == 0
    assert dvc.asked == [("exp", "run", *SMALL, "-S", "data.source=download", "-S", "data.path=null")]
    assert "data.source: directory -> download\n  data.path: /data/ham10000 -> null" in capsys.readouterr().out


def test_dvc_s_exit_code_is_passed_on(project, dvc, capsys):
    dvc.code = 255
    assert exit_code(profile="small") == 255
    told = capsys.readouterr().out
    assert "The results" not in told
    assert "git restore" in told


def test_another_profile_s_leftovers_are_refused(project, dvc):
    (project / "params.yaml").write_text(PARAMS.replace("null", "adam", 1))
    with pytest.raises(ParameterError) as caught:
        run(profile="small")
    assert caught.value.problems == ["optimizer: null -> adam"]
    assert "git restore params.yaml" in str(caught.value)
    assert dvc.asked == []


def test_its_own_leftovers_are_not(project, dvc):
    (project / "params.yaml").write_text(PARAMS.replace("0.5", "0.1").replace("threads: 2", "threads: 7"))
    assert exit_code(profile="small") == 0
    assert dvc.asked == [("exp", "run", *SMALL)]


def test_without_a_profile_one_s_own_changes_run_and_are_told(project, dvc, capsys):
    (project / "params.yaml").write_text(PARAMS.replace("null", "adam", 1))
    assert exit_code() == 0
    assert dvc.asked == [("repro",)]
    assert "optimizer: null -> adam" in capsys.readouterr().out


def test_other_results_from_the_same_parameters_are_a_baseline_first(project, dvc, capsys):
    (project / "dvc.lock").write_text("stages: {}\n")
    exit_code()
    assert "git switch -c mine" in capsys.readouterr().out
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "baseline")
    exit_code()
    assert "git switch -c mine" not in capsys.readouterr().out


def test_outside_a_repository_nothing_runs(tmp_path, monkeypatch, dvc):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="git clone"):
        run()
    assert dvc.asked == []
