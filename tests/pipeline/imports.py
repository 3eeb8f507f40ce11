"""What a Python file of the project imports of the project, read from its text."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

PACKAGE = Path("src/dermoscopy")


@cache
def imported(path: Path) -> frozenset[Path]:
    """Return the first-party files a file imports itself, at its top or inside its functions."""
    found = set()
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
            if name.split(".")[0] != "dermoscopy":
                continue
            file = Path("src", *name.split(".")).with_suffix(".py")
            if file.is_file():
                found.add(file)
    return frozenset(found)


def closure(path: Path) -> set[Path]:
    """Return a file and all first-party files it needs."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += imported(file)
    return seen


@cache
def layers() -> list[list[str]]:
    """Return the packages of each layer, lowest first: the numbered list of CONTRIBUTING.md."""
    text = Path("CONTRIBUTING.md").read_text().partition("## Architecture")[2].partition("\n## ")[0]
    return [re.findall(r"`(\w+)/`", line) for line in re.findall(r"^\d+\. .*$", text, re.MULTILINE)]


def code_deps(script: Path, stages: set[str]) -> set[str]:
    """Return what a stage lists as code: its script, and the folders it imports from, transitively.

    Of another stage's folder it lists a single file where it imports no more than that.

    Args:
        script: stages/<stage>.py.
        stages: The names of all stages; a package of another name is shared.
    """
    modules: dict[str, set[Path]] = defaultdict(set)
    for path in closure(script) - {script}:
        modules[path.relative_to(PACKAGE).parts[0]].add(path)
    others = stages - {script.stem}
    return {str(script)} | {
        str(next(iter(paths)) if package in others and len(paths) == 1 else PACKAGE / package)
        for package, paths in modules.items()
    }
