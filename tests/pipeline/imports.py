"""What a Python file of the project imports of the project, read from its text."""

import ast
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
