"""The layers of CONTRIBUTING.md: a module imports from lower layers and from its own package only."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.pipeline.imports import PACKAGE, imported

MODULES = sorted(PACKAGE.rglob("*.py"))
INITS = [path for path in MODULES if path.name == "__init__.py"]
# Each takes seconds to import, so it is imported inside functions.
HEAVY = {"tensorflow", "keras", "scipy", "sklearn", "matplotlib"}
TENSORFLOW_PACKAGES = {"networks", "train", "explain", "predict", "search", "export"}


@cache
def layers() -> list[list[str]]:
    """Return the packages of each layer, lowest first: the numbered list of CONTRIBUTING.md."""
    text = Path("CONTRIBUTING.md").read_text().partition("## Architecture")[2].partition("\n## ")[0]
    return [re.findall(r"`(\w+)/`", line) for line in re.findall(r"^\d+\. .*$", text, re.MULTILINE)]


def package(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0] if path.is_relative_to(PACKAGE) else "stages"


def layer(path: Path) -> int:
    return next(number for number, packages in enumerate(layers()) if package(path) in packages)


def third_party(nodes) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def test_every_package_is_in_one_layer():
    packages = {path.parent.name for path in MODULES} - {PACKAGE.name}
    assert sorted(name for names in layers() for name in names) == sorted(packages | {"stages"})


@pytest.mark.parametrize("path", [*MODULES, *sorted(Path("stages").glob("*.py"))], ids=str)
def test_modules_import_from_lower_layers_only(path):
    if path == PACKAGE / "__init__.py":
        return
    for module in imported(path):
        assert package(path) == package(module) or layer(module) < layer(path), f"{path} imports {module}"


@pytest.mark.parametrize("path", [*MODULES, *sorted(Path("stages").glob("*.py"))], ids=str)
def test_heavy_libraries_are_imported_inside_functions(path):
    tree = ast.parse(path.read_text())
    assert not third_party(tree.body) & HEAVY
    if third_party(ast.walk(tree)) & {"tensorflow", "keras"}:
        assert package(path) in TENSORFLOW_PACKAGES


@pytest.mark.parametrize("path", [path for path in INITS if path.parent != PACKAGE], ids=str)
def test_init_files_are_empty(path):
    assert path.read_text() == ""


@pytest.mark.parametrize("path", sorted(Path("stages").glob("*.py")), ids=lambda path: path.stem)
def test_stage_help_imports_no_tensorflow(path):
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


def test_package_import_imports_no_tensorflow():
    code = "import sys, dermoscopy; assert not {'tensorflow', 'keras', 'pandas'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
