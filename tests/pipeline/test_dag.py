"""Rules of dvc.yaml; one wrong line can break each of them."""

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dermoscopy.cli.repro import BEFORE_TRAINING, train_stages
from dermoscopy.core.members import member_names
from tests.pipeline.fake_stages import FAKE
from tests.pipeline.imports import PACKAGE, code_deps

DVC = YAML(typ="safe", pure=True).load(Path("dvc.yaml"))
STAGES: dict[str, dict] = DVC["stages"]
MEMBERS = STAGES["train"]["matrix"]["member"]
NAMES = sorted(STAGES)

# The path of the dataset is not a parameter of any stage. data/source.json identifies its content, so a copy in another
# folder runs nothing again, and dvc.lock contains no path of a machine. The workers of a search do not change its
# results.
OF_NO_STAGE = {"data.path", "data.weights", "search.jobs", "search.scheduler"}


def expand(entry: str) -> set[str]:
    return {entry.replace("${item.member}", member) for member in MEMBERS}


def files(stage: str, *keys: str) -> set[str]:
    paths: set[str] = set()
    for key in keys:
        for entry in STAGES[stage].get(key, []):
            paths |= expand(entry if isinstance(entry, str) else next(iter(entry)))
    return paths


def script(stage: str) -> Path:
    return Path("stages", f"{stage}.py")


def is_code(dep: str) -> bool:
    return dep.startswith(("src/", "stages/"))


def upstream(stage: str) -> set[str]:
    needed = files(stage, "deps")
    stages = set()
    for name in NAMES:
        if files(name, "outs", "metrics") & needed:
            stages |= {name} | upstream(name)
    return stages


def sections(stage: str) -> set[str]:
    """Return the sections of params.yaml that the script of a stage loads, read from its source code."""
    found = set()
    for node in ast.walk(ast.parse(script(stage).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load":
            section = node.args[0]
            if isinstance(section, ast.JoinedStr):
                parts = [
                    value.value if isinstance(value, ast.Constant) else "${item.member}" for value in section.values
                ]
                found.add("".join(parts))
            else:
                assert isinstance(section, ast.Constant), f"{stage}: load() takes its section as a literal"
                found.add(section.value)
    return found


def test_every_stage_has_a_script_and_every_script_a_stage():
    assert {path.stem for path in Path("stages").glob("*.py")} == set(NAMES)


@pytest.mark.parametrize("stage", NAMES)
def test_code_deps_are_the_imports_of_the_stage(stage):
    if STAGES[stage].get("always_changed"):
        assert "deps" not in STAGES[stage]
        return
    needed = code_deps(script(stage), set(NAMES))
    listed = {dep for dep in files(stage, "deps") if is_code(dep)}
    assert sorted(needed - listed) == [], "add these to deps"
    assert sorted(listed - needed) == [], "remove these from deps"


def test_every_stage_has_a_folder():
    assert [stage for stage in NAMES if not (PACKAGE / stage.partition("_")[0]).is_dir()] == []


@pytest.mark.parametrize("stage", NAMES)
def test_params_are_the_loaded_sections(stage):
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
def test_every_data_dep_is_an_out(stage):
    outs = set().union(*(files(name, "outs", "metrics") for name in NAMES))
    deps = {dep for dep in files(stage, "deps") if not is_code(dep)}
    assert deps <= outs


def test_every_dep_of_a_fake_stage_is_an_out():
    """The tests with fake stages are long: without this one, nobody notices a renamed out for days."""
    outs = set().union(*(files(name, "outs", "metrics") for name in NAMES))
    assert {dep for deps in FAKE.values() for dep in deps} <= outs


@pytest.mark.parametrize("stage", [name for name in NAMES if name not in ("check", "search_charts")])
def test_every_stage_that_computes_has_a_cached_out(stage):
    assert any(isinstance(out, str) or next(iter(out.values())).get("cache", True) for out in STAGES[stage]["outs"])


def test_shared_folders_are_not_outs():
    outs = set().union(*(files(stage, "outs", "metrics") for stage in NAMES))
    assert not outs & {
        "data",
        "data/split",
        "data/models",
        "data/predictions",
        "data/acquired/weights",
        "metrics",
        "plots",
    }


def test_train_search_and_ensemble_never_read_the_test_split():
    for stage in ("train", "search", "ensemble"):
        assert not {dep for dep in files(stage, "deps") if "test" in dep}
    for stage in upstream("train") | {"train", "search", "ensemble"}:
        assert not {dep for dep in files(stage, "deps") if "predictions" in dep and "test" in dep}


def test_parallel_stages_are_training_after_all_its_inputs():
    assert [f"train@{member}" for member in MEMBERS] == train_stages()
    assert upstream("train") <= {BEFORE_TRAINING} | upstream(BEFORE_TRAINING)


def test_only_explain_and_evaluate_read_test_predictions():
    readers = {stage for stage in NAMES if any("predictions" in dep and "test" in dep for dep in files(stage, "deps"))}
    assert readers == {"evaluate", "explain"}
    assert not {"explain", "report"} & upstream("evaluate")


def test_ensemble_and_evaluate_parameters_train_nothing():
    """A change of their parameters runs only the last five stages."""
    for block, first in (("ensemble", "ensemble"), ("evaluate", "evaluate")):
        readers = {
            stage for stage in NAMES if block in {name.split(".")[0] for name in STAGES[stage].get("params", [])}
        }
        downstream = {stage for stage in NAMES if readers & upstream(stage)}
        assert first in readers
        assert readers | downstream <= {"ensemble", "evaluate", "explain", "report", "bundle"}


def test_every_stage_lists_every_member():
    params = YAML(typ="safe", pure=True).load(Path("params.yaml"))
    assert list(params["models"]) == MEMBERS == member_names()
    for stage in NAMES:
        for key in ("deps", "outs"):
            listed = files(stage, key)
            of_first = {path for path in listed if MEMBERS[0] in path}
            for member in MEMBERS:
                assert {path.replace(MEMBERS[0], member) for path in of_first} <= listed, (
                    f"{stage} does not list {member}"
                )


@pytest.mark.parametrize("stage", NAMES)
def test_commands_have_no_parameters(stage):
    member = " ${item.member}" if "matrix" in STAGES[stage] else ""
    assert STAGES[stage]["cmd"] == f"exec sh stages/run {stage}{member}"


@pytest.mark.parametrize("stage", NAMES)
def test_images_are_cached_outs(stage):
    """The licence of HAM10000 does not allow its images in this repository: git keeps tables and JSON only."""
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
