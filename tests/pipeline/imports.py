"""Imports between the Python files of the project, read from their source code."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

PACKAGE = Path("src/dermoscopy")


@cache
def imported(path: Path) -> frozenset[Path]:
    """Return the files of the project that a file imports, at module level or inside functions."""
    files = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            module = node.module or ""
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] != PACKAGE.name:
                continue
            file = PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py")
            if file.is_file():
                files.add(file)
    return frozenset(files)


def closure(path: Path) -> set[Path]:
    """Return a file and all files of the project that it imports, directly or not."""
    seen: set[Path] = set()
    to_visit = [path]
    while to_visit:
        file = to_visit.pop()
        if file not in seen:
            seen.add(file)
            to_visit += imported(file)
    return seen


def code_deps(script: Path, stages: set[str]) -> set[str]:
    """Return the code deps of a stage: its script and the folders that it imports from, directly or not.

    If it imports a single file of another stage's folder, the dep is that file.

    Args:
        script: Path of stages/<stage>.py.
        stages: Names of all stages; a package with another name is shared.
    """
    modules: dict[str, set[Path]] = defaultdict(set)
    for path in closure(script) - {script}:
        modules[path.relative_to(PACKAGE).parts[0]].add(path)
    other_stages = stages - {script.stem}
    return {str(script)} | {
        str(next(iter(paths)) if package in other_stages and len(paths) == 1 else PACKAGE / package)
        for package, paths in modules.items()
    }
