"""The floors of the house: a module imports from lower floors, and beside itself within its folder."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.imports import PACKAGE, imported

FLOORS = [
    {"errors", "code"},
    {"params", "tables", "images", "progress", "parent"},
    {"archive", "evaluation", "networks"},
    {"dataset"},
    {"training", "explain", "baselines"},
    {"search", "predict", "report"},
    {"preflight", "stage"},
    {"stages", "cli"},
]
MODULES = sorted(PACKAGE.rglob("*.py"))
# Each costs seconds a process, so it is imported where it is used.
HEAVY = {"tensorflow", "keras", "scipy", "sklearn", "matplotlib"}
TENSORFLOW_FOLDERS = {"networks", "training", "explain", "predict", "search"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py") if path.is_relative_to(PACKAGE) else "stages"


def floor(path: Path) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room(path) in rooms)


def third_party(nodes) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("path", [*MODULES, *sorted(Path("stages").glob("*.py"))], ids=str)
def test_no_import_upwards(path):
    if path == PACKAGE / "__init__.py":
        return
    for other in imported(path):
        assert room(path) == room(other) or floor(other) < floor(path), f"{path} imports {other}"


@pytest.mark.parametrize("path", [*MODULES, *sorted(Path("stages").glob("*.py"))], ids=str)
def test_heavy_libraries_are_imported_where_they_are_used(path):
    tree = ast.parse(path.read_text())
    assert not third_party(tree.body) & HEAVY
    if third_party(ast.walk(tree)) & {"tensorflow", "keras"}:
        assert room(path) in TENSORFLOW_FOLDERS


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=str)
def test_packages_are_empty(path):
    assert path.read_text() == ""


@pytest.mark.parametrize("path", sorted(Path("stages").glob("*.py")), ids=lambda path: path.stem)
def test_help_works_without_tensorflow(path):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['{path.name}', '--help']\n"
        "try:\n"
        f"    runpy.run_path('{path}', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage:")
    assert len(done.stdout.splitlines()) > 3


def test_import_without_tensorflow():
    code = "import sys, dermoscopy; assert not {'tensorflow', 'keras', 'pandas'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
