"""The rules dvc.yaml keeps; each can be broken by one careless line."""

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dermoscopy.cli.repro import BEFORE_TRAINING, train_stages
from dermoscopy.core.members import member_names
from tests.pipeline.imports import PACKAGE, code_deps

DVC = YAML(typ="safe", pure=True).load(Path("dvc.yaml"))
STAGES: dict[str, dict] = DVC["stages"]
MEMBERS = STAGES["train"]["matrix"]["member"]
NAMES = sorted(STAGES)

# Where the dataset lies is no parameter of any stage: data/source.json stands for its content,
# so that the same content elsewhere re-runs nothing and no path of a machine reaches dvc.lock.
# Nor is who does the trials of a search: what comes out is the same.
OF_NO_STAGE = {"data.path", "data.weights", "search.jobs", "search.scheduler"}


def expand(entry: str) -> set[str]:
    return {entry.replace("${item.member}", member) for member in MEMBERS}


def files(stage: str, *keys: str) -> set[str]:
    found: set[str] = set()
    for key in keys:
        for entry in STAGES[stage].get(key, []):
            found |= expand(entry if isinstance(entry, str) else next(iter(entry)))
    return found


def script(stage: str) -> Path:
    return Path("stages", f"{stage}.py")


def is_code(dep: str) -> bool:
    return dep.startswith(("src/", "stages/"))


def upstream(stage: str) -> set[str]:
    needed = files(stage, "deps")
    found = set()
    for other in NAMES:
        if files(other, "outs", "metrics") & needed:
            found |= {other} | upstream(other)
    return found


def sections(stage: str) -> set[str]:
    """The sections of params.yaml a stage script loads, by its own text."""
    found = set()
    for node in ast.walk(ast.parse(script(stage).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load":
            section = node.args[0]
            if isinstance(section, ast.JoinedStr):
                splits = [
                    value.value if isinstance(value, ast.Constant) else "${item.member}" for value in section.values
                ]
                found.add("".join(splits))
            else:
                assert isinstance(section, ast.Constant), f"{stage}: load() takes its section as a literal"
                found.add(section.value)
    return found


def test_every_stage_has_its_script_and_no_script_is_idle():
    assert {path.stem for path in Path("stages").glob("*.py")} == set(NAMES)


@pytest.mark.parametrize("stage", NAMES)
def test_code_deps_are_exactly_what_the_stage_imports(stage):
    if STAGES[stage].get("always_changed"):
        assert "deps" not in STAGES[stage]
        return
    needed = code_deps(script(stage), set(NAMES))
    listed = {dep for dep in files(stage, "deps") if is_code(dep)}
    assert sorted(needed - listed) == [], "add these to deps"
    assert sorted(listed - needed) == [], "remove these from deps"


def test_every_stage_has_a_folder_of_its_name():
    assert [stage for stage in NAMES if not (PACKAGE / stage).is_dir()] == []


@pytest.mark.parametrize("stage", NAMES)
def test_sections_loaded_are_listed(stage):
    listed = set(STAGES[stage].get("params", []))
    if stage == "check":
        assert sections(stage) == {""}
        assert not listed
        return
    for section in sections(stage):
        inside = {name for name in listed | OF_NO_STAGE if name.startswith(f"{section}.")}
        assert section in listed or inside, f"{stage} loads {section}"
    for name in listed:
        assert {name, name.split(".")[0]} & sections(stage), f"{stage} lists {name} and never loads it"


def test_every_parameter_belongs_to_a_stage():
    listed = {name for stage in NAMES for name in STAGES[stage].get("params", [])}
    params = YAML(typ="safe", pure=True).load(Path("params.yaml"))
    assert set(params) == {name.split(".")[0] for name in listed}
    for block in ("data", "search"):
        inside = {name for name in listed | OF_NO_STAGE if name.startswith(f"{block}.")}
        assert {f"{block}.{key}" for key in params[block]} == inside


@pytest.mark.parametrize("stage", NAMES)
def test_every_data_dep_is_exactly_an_out(stage):
    outs = set().union(*(files(other, "outs", "metrics") for other in NAMES))
    deps = {dep for dep in files(stage, "deps") if not is_code(dep)}
    assert deps <= outs


@pytest.mark.parametrize("stage", [name for name in NAMES if name != "check"])
def test_every_stage_has_a_cached_out(stage):
    assert any(isinstance(out, str) or next(iter(out.values())).get("cache", True) for out in STAGES[stage]["outs"])


def test_nobody_owns_a_shared_folder():
    outs = set().union(*(files(stage, "outs", "metrics") for stage in NAMES))
    assert not outs & {"data", "data/split", "data/models", "data/predictions", "data/weights", "metrics", "plots"}


def test_training_and_weighing_never_see_the_test_part():
    for stage in ("train", "search", "ensemble"):
        assert not {dep for dep in files(stage, "deps") if "test" in dep}
    for stage in upstream("train") | {"train", "search", "ensemble"}:
        assert not {dep for dep in files(stage, "deps") if "predictions" in dep and "test" in dep}


def test_what_runs_at_the_same_time_is_training_after_all_it_needs():
    assert [f"train@{member}" for member in MEMBERS] == train_stages()
    assert upstream("train") <= {BEFORE_TRAINING} | upstream(BEFORE_TRAINING)


def test_only_explain_and_evaluate_read_test_predictions():
    readers = {stage for stage in NAMES if any("predictions" in dep and "test" in dep for dep in files(stage, "deps"))}
    assert readers == {"evaluate", "explain"}
    assert not {"explain", "report"} & upstream("evaluate")


def test_combining_and_judging_train_nothing():
    """Their parameters, and all that follows from a change of them, are of the last three stages only."""
    for block, first in (("ensemble", "ensemble"), ("evaluate", "evaluate")):
        readers = {
            stage for stage in NAMES if block in {name.split(".")[0] for name in STAGES[stage].get("params", [])}
        }
        after = {stage for stage in NAMES if readers & upstream(stage)}
        assert first in readers
        assert readers | after <= {"ensemble", "evaluate", "report"}


def test_members_are_the_same_everywhere():
    params = YAML(typ="safe", pure=True).load(Path("params.yaml"))
    assert list(params["models"]) == MEMBERS == member_names()
    for stage in NAMES:
        for key in ("deps", "outs"):
            listed = files(stage, key)
            of_first = {path for path in listed if MEMBERS[0] in path}
            for member in MEMBERS:
                assert {path.replace(MEMBERS[0], member) for path in of_first} <= listed, f"{stage} forgets {member}"


@pytest.mark.parametrize("stage", NAMES)
def test_commands_carry_no_parameter(stage):
    member = " ${item.member}" if "matrix" in STAGES[stage] else ""
    assert STAGES[stage]["cmd"] == f"exec env PYTHONPATH=src python stages/{stage}.py{member}"


@pytest.mark.parametrize("stage", NAMES)
def test_photographs_are_cached_outs(stage):
    """They are under a licence that keeps them out of git: what git keeps is charts and tables."""
    for out in STAGES[stage]["outs"]:
        if not isinstance(out, str) and not next(iter(out.values())).get("cache", True):
            assert next(iter(out)).endswith((".csv", ".json"))


def test_plots_are_declared_at_the_top_only():
    assert not any("plots" in stage for stage in STAGES.values())
    outs = set().union(*(files(stage, "outs") for stage in NAMES))
    for entry in DVC["plots"]:
        plot = next(iter(entry.values())) if isinstance(entry, dict) else None
        for path in plot["y"] if plot else [entry]:
            assert {path, str(Path(path).parent)} & outs
