"""Digest of the source code that a module's results depend on."""

import ast
import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def code_digest(module: str) -> str:
    """Return the SHA-256 of a module's source and of all modules of its package that it imports, transitively.

    It does not depend on where the files are, nor on what else the process has imported. So two machines can
    compare whether they run the same code.

    Args:
        module: Dotted name of the module.
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
    """Return a module's file, or None if the name is not a module's (but, say, a function's)."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _imports(source: bytes) -> Iterator[str]:
    """Yield the dotted names that a source imports, modules or not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
