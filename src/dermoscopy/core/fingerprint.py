"""What of this package a module's results depend on."""

import ast
import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def code_digest(module: str) -> str:
    """Return a digest of a module's source and of all it imports of its package.

    It depends on neither the place of the files nor on what else the process has imported, so that
    two machines can tell whether they run the same code.

    Args:
        module: Its name, dotted.
    """
    package = module.partition(".")[0]
    sources: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = None if name in sources or name.partition(".")[0] != package else _file(name)
        if path:
            sources[name] = path.read_bytes()
            waiting += _imports(sources[name])
    digest = hashlib.sha256()
    for name, source in sorted(sources.items()):
        digest.update(f"{name}\0{len(source)}\0".encode() + source)
    return digest.hexdigest()


def _file(name: str) -> Path | None:
    """Return a module's file; None for what is a name within a module."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _imports(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
