import json
import os
import sys
from pathlib import Path

import pytest
import typer
from dvc.utils.hydra import apply_overrides

from dermoscopy.check import head
from dermoscopy.cli import run as module
from dermoscopy.cli.run import data_leaves, override, run
from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.params import read_yaml
from tests.cli.conftest import PARAMS, git, write_params

SMALL = ["-S", "runtime.threads=1", "-S", "models.cnn_a.dropout=0.1"]


@pytest.fixture
def dvc(monkeypatch):
    """Replace run_dvc by a function that records its calls and writes the files `writes`; `code` is its exit code."""
    calls: list[tuple[str, ...]] = []

    def run_dvc(*arguments: str) -> int:
        calls.append(arguments)
        for name, text in run_dvc.writes.items():
            Path(name).write_text(text)
        return run_dvc.code

    run_dvc.code = 0
    run_dvc.writes = {}
    run_dvc.calls = calls
    monkeypatch.setattr(module, "run_dvc", run_dvc)
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    return run_dvc


def exit_code(**options) -> int:
    with pytest.raises(typer.Exit) as error:
        run(**options)
    return error.value.exit_code


def test_run_without_a_profile_is_dvc_repro(project, dvc, capsys):
    assert exit_code() == 0
    assert dvc.calls == [("repro",)]
    output = capsys.readouterr().out
    assert "dvc metrics show" in output
    assert "data/report/index.html" in output
    assert "->" not in output
    assert "git" not in output


def test_profile_becomes_options_and_is_printed(project, dvc, capsys, wording):
    assert exit_code(profile="small") == 0
    assert dvc.calls == [("exp", "run", *SMALL)]
    output = capsys.readouterr().out
    assert "runtime.threads: 2 -> 1\n  models.cnn_a.dropout: 0.5 -> 0.1" in output
    assert output.endswith("\n  dermoscopy undo\n")
    wording(output)


def test_run_started_by_make_prints_the_undo_of_make(project, dvc, capsys, monkeypatch):
    monkeypatch.setenv("MAKELEVEL", "1")
    assert exit_code(profile="small") == 0
    assert capsys.readouterr().out.endswith("\n  make undo\n")


def test_path_of_the_dataset_is_added_to_the_profile(project, dvc, dataset):
    dataset.rename(project.parent / "my images")
    assert exit_code(profile="small", data="../my images") == 0
    path = project.parent / "my images"
    assert dvc.calls == [("exp", "run", *SMALL, "-S", "data.source=directory", "-S", f'data.path="{path}"')]


def test_path_of_the_dataset_is_relative_to_the_working_directory(project, dvc, monkeypatch, dataset):
    dataset.rename(project / "profiles" / "ham10000")
    monkeypatch.chdir(project / "profiles")
    exit_code(data="ham10000")
    assert dvc.calls[0][-1] == f"data.path={project / 'profiles' / 'ham10000'}"
    assert Path.cwd() == project


def test_dataset_can_be_downloaded(project, dvc, capsys):
    write_params(project, data__source="directory", data__path="/data/ham10000")
    git(project, "commit", "--quiet", "--all", "--message", "mine")
    assert exit_code(profile="small", data="download") == 0
    assert dvc.calls == [("exp", "run", *SMALL, "-S", "data.source=download", "-S", "data.path=null")]
    assert "data.source: directory -> download\n  data.path: /data/ham10000 -> null" in capsys.readouterr().out


def test_exit_code_of_dvc_is_returned(project, dvc, capsys):
    dvc.code = 255
    assert exit_code(profile="small") == 255
    assert "dvc metrics show" not in capsys.readouterr().out


def test_undo_is_printed_after_a_failed_run_that_has_changed_something(project, dvc, capsys, wording):
    dvc.code = 255
    dvc.writes = {"params.yaml": PARAMS + "\n"}
    exit_code(profile="small")
    output = capsys.readouterr().out
    assert output.endswith("\n  dermoscopy undo\n")
    wording(output)


@pytest.mark.parametrize("options", [{}, {"profile": "small"}])
def test_no_undo_is_printed_after_a_failed_run_that_has_changed_nothing(project, dvc, capsys, options):
    dvc.code = 255
    exit_code(**options)
    assert "undo" not in capsys.readouterr().out


def test_no_undo_is_printed_if_dvc_was_refused_because_another_is_at_work(project, dvc, capsys, monkeypatch):
    dvc.code = 255
    dvc.writes = {"params.yaml": PARAMS + "\n"}
    monkeypatch.setattr(module, "at_work", lambda: "process 123")
    exit_code(profile="small")
    assert "undo" not in capsys.readouterr().out


def test_run_is_refused_while_another_is_at_work(project, dvc):
    Path(".dvc/tmp").mkdir(parents=True)
    Path(".dvc/tmp/rwlock").write_text(json.dumps({"write": {"/out": {"pid": os.getpid(), "cmd": "dvc repro"}}}))
    with pytest.raises(UserError, match=rf"at work in this folder \(process {os.getpid()}\)") as error:
        run(profile="small")
    assert "undo" not in str(error.value)
    assert dvc.calls == []


def test_run_is_refused_after_a_killed_experiment(project, dvc, monkeypatch):
    monkeypatch.setattr(head, "killed_experiment", lambda: head.KilledExperiment("main"))
    with pytest.raises(UserError, match=r"Go back to main .* dermoscopy undo"):
        run(profile="small")
    assert dvc.calls == []


def test_invalid_values_of_a_profile_are_refused_before_dvc_starts(project, dvc, capsys, wording):
    Path("profiles/bad.yaml").write_text("optimizer: adma\nmodels:\n  cnn_a:\n    dropout: 1.5\n  cnn_c: 3\n")
    with pytest.raises(ParameterError) as error:
        run(profile="bad")
    assert len(error.value.problems) == 4  # cnn_c is neither a block nor in dvc.yaml
    assert capsys.readouterr().out == ""
    assert dvc.calls == []
    assert Path("params.yaml").read_text() == PARAMS
    wording(str(error.value))


def test_invalid_values_of_params_yaml_are_refused_before_dvc_starts(project, dvc):
    write_params(project, seed=-1)
    with pytest.raises(ParameterError, match="seed: received -1"):
        run()
    assert dvc.calls == []


@pytest.mark.parametrize("data", ["nowhere", "data/merged/images", "link"])
def test_dataset_that_is_missing_or_in_an_output_is_refused_before_dvc_starts(project, dvc, dataset, data):
    Path("data/merged").mkdir(parents=True)
    dataset.rename("data/merged/images")
    Path("link").symlink_to("data/merged/images")
    before = sorted(Path("data").rglob("*"))
    with pytest.raises(ParameterError, match=r"data\.path"):
        run(data=data)
    assert dvc.calls == []
    assert sorted(Path("data").rglob("*")) == before


def test_uncommitted_values_of_another_profile_are_refused(project, dvc, wording):
    write_params(project, optimizer="adam")
    with pytest.raises(ParameterError) as error:
        run(profile="small")
    assert error.value.problems == ["optimizer: null -> adam"]
    assert "dermoscopy undo" in str(error.value)
    assert dvc.calls == []
    wording(str(error.value))


def test_uncommitted_values_of_the_same_profile_are_accepted(project, dvc):
    write_params(project, models__cnn_a__dropout=0.1, runtime__threads=7)
    assert exit_code(profile="small") == 0
    assert dvc.calls == [("exp", "run", *SMALL)]


def test_run_without_a_profile_prints_uncommitted_values(project, dvc, capsys):
    write_params(project, optimizer="adam")
    assert exit_code() == 0
    assert dvc.calls == [("repro",)]
    assert "optimizer: null -> adam" in capsys.readouterr().out


def test_different_results_with_equal_parameters_suggest_a_baseline(project, dvc, capsys, wording):
    (project / "dvc.lock").write_text("stages: {}\n")
    exit_code()
    output = capsys.readouterr().out
    assert "git switch -c mine" in output
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "baseline")
    exit_code()
    assert "git switch -c mine" not in capsys.readouterr().out
    wording(output)


def test_run_outside_a_repository_is_refused(tmp_path, monkeypatch, dvc):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="git clone"):
        run()
    assert dvc.calls == []


@pytest.mark.parametrize(
    "path",
    [
        "/x/$HOME dir",
        "/x/it's",
        '/x/a "quoted" name',
        "/x/#1 %",
        "/x/a\\b",
        "/x/end\\",
        '/x/a\\"',
        "/x/a,b=[c]",
        "/x/é\xa0",
    ],
)
def test_dvc_reads_the_path_of_the_dataset_as_it_was_given(tmp_path, path):
    file = tmp_path / "params.yaml"
    file.write_text(PARAMS)
    apply_overrides(file, [override(key, value) for key, value in data_leaves(path).items()])
    assert read_yaml(file.read_text())["data"]["path"] == path


@pytest.mark.parametrize("path", ["/x/${HOME}", "/x/a\nb", "/x/a\tb"])
def test_path_that_dvc_cannot_read_is_refused(project, dvc, path):
    with pytest.raises(UserError, match="Rename it") as error:
        run(data=path)
    assert repr(path) in str(error.value)
    assert dvc.calls == []


def test_commands_are_printed_with_the_activation_of_their_environment(project, dvc, capsys, monkeypatch):
    monkeypatch.setattr(module.sys, "prefix", str(project / ".venv"))
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/activate").touch()
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    exit_code()
    assert capsys.readouterr().out.strip().endswith("source .venv/bin/activate")
    monkeypatch.setenv("VIRTUAL_ENV", str(project / ".venv"))
    exit_code()
    assert "activate" not in capsys.readouterr().out


def test_without_a_script_of_activation_none_is_printed(project, dvc, capsys, monkeypatch):
    monkeypatch.setattr(module.sys, "prefix", str(project))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    exit_code()
    assert "activate" not in capsys.readouterr().out
