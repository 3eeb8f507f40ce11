"""`sh stages/run`, which DVC calls: it finds a Python with the packages of the project, or says what to do."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dermoscopy.core import packages
from tests.pipeline.test_layers import third_party

SYSTEM = "/usr/bin:/bin"
# Not imported by a stage, or installed with another package of the list.
OF_NO_STAGE = {
    *("typer", "dvc", "dvc_data", "distributed", "yaml", "urllib3", "pydantic_core"),
    *("onnx", "onnxruntime", "tf2onnx", "ai_edge_litert", "starlette", "uvicorn"),  # of the extras export and demo
}
# Run a module without the installed packages.
BARE = """
import runpy, sys
sys.path.insert(0, "src")
runpy.run_module(sys.argv[2], run_name="__main__")
"""
OLD = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def workspace(tmp_path) -> Path:
    """A folder with the scripts, and a stage that prints its Python and its arguments."""
    (tmp_path / "stages").mkdir()
    shutil.copy("stages/run", tmp_path / "stages/run")
    (tmp_path / "src").symlink_to(Path("src").resolve())
    (tmp_path / "stages/demo.py").write_text("import os, sys\nprint(sys.executable, *sys.argv, os.getppid())\n")
    return tmp_path


def install(folder: Path) -> None:
    (folder / ".venv").symlink_to(sys.prefix)


def add_python(folder: Path, text: str) -> str:
    """Make another `python`, and return its PATH."""
    (folder / "bin").mkdir()
    (folder / "bin/python").write_text(text)
    (folder / "bin/python").chmod(0o755)
    return f"{folder / 'bin'}:{SYSTEM}"


def run_stage(folder: Path, path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "DVC_ROOT": str(folder)}
    return subprocess.run(
        ["/bin/sh", "stages/run", "demo", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_the_python_of_the_active_environment_comes_first(workspace):
    install(workspace)
    done = run_stage(workspace, f"{Path(sys.executable).parent}:{SYSTEM}", "cnn_a")
    assert done.stdout == f"{sys.executable} stages/demo.py cnn_a {os.getpid()}\n"


@pytest.mark.parametrize("python", [None, OLD, "#!/bin/sh\nexec no-such-python\n"])
def test_without_an_active_environment_it_is_that_of_the_project(workspace, python):
    install(workspace)
    path = add_python(workspace, python) if python else str(workspace / "empty") + ":/bin"
    done = run_stage(workspace, path)
    assert done.stdout.startswith(f"{workspace}/.venv/bin/python stages/demo.py")
    assert done.stderr == ""


def test_without_any_python_one_line_says_what_to_do(workspace):
    done = run_stage(workspace, add_python(workspace, OLD))
    assert done.returncode == 2
    first, *tried = done.stderr.splitlines()
    assert "make install" in first
    assert [line.split(":")[0].strip() for line in tried] == ["python", f"{workspace}/.venv/bin/python"]


def test_missing_packages_are_named(workspace):
    (workspace / "bare.py").write_text(BARE)
    python = f'#!/bin/sh\nexec {sys.executable} -I -S bare.py "$@"\n'
    done = run_stage(workspace, add_python(workspace, python))
    assert done.returncode == 2
    assert "python: it lacks dvclive, filelock, " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_python_of_another_version_is_named(monkeypatch):
    monkeypatch.setattr(packages.sys, "version_info", (3, 9, 2))
    assert packages.problem() == "it has version 3.9; 3.11 to 3.13 are needed"


def test_this_python_has_all_packages():
    assert packages.problem() == ""


def test_the_packages_are_those_that_the_code_imports():
    files = [*Path("src").rglob("*.py"), *Path("stages").glob("*.py")]
    imported = set().union(*(third_party(ast.walk(ast.parse(path.read_text()))) for path in files))
    needed = {name for name in imported if name not in sys.stdlib_module_names} - {"dermoscopy", ""}
    assert set(packages.NAMES) == needed - OF_NO_STAGE
