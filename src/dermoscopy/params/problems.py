"""What is wrong with params.yaml, one line a problem."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from dermoscopy.params.nearest import nearest_value, nearest_word
from dermoscopy.params.wording import expected, received


def describe(error: ValidationError, section: str, kind: Any) -> list[str]:
    """Return one line a problem: the key, the value received, what would do, what was probably meant.

    A union counts once, not once a branch. A missing key is not told where an unknown key
    beside it is probably that one, misspelt.

    Args:
        error: What validation raised.
        section: Key of what was validated; "" means the whole file.
        kind: What it was validated as.
    """
    root = TypeAdapter(kind).json_schema()
    lines: dict[str, str] = {}
    missing: dict[str, str] = {}
    misspelt: set[str] = set()
    for problem in error.errors(include_url=False):
        keys, schema = _walk(problem["loc"], root)
        path = _join(section, *map(str, keys)) or "params.yaml"
        if path in lines:
            continue
        if problem["type"] == "missing":
            missing[path] = f"{path}: missing; expected {expected(schema)}."
        elif problem["type"] == "extra_forbidden":
            meant = _nearest_key(keys, root)
            misspelt.add(_join(section, meant or ""))
            lines[path] = f"{path}: no such key.{_question(_join(section, meant) if meant else None)}"
        else:
            lines[path] = f"{path}: {_judge(problem, schema)}"
    return [*lines.values(), *(line for path, line in missing.items() if path not in misspelt)]


def _judge(problem: ErrorDetails, schema: dict[str, Any]) -> str:
    value = problem["input"]
    if problem["type"] == "value_error":
        rule = str(problem["ctx"]["error"])
        # A rule between several keys of a block names their values itself.
        return rule if schema.get("type") == "object" else f"received {received(value, schema)}; {rule}"
    if problem["loc"] and problem["loc"][-1] == "[key]":
        return "a key has to be a string."
    return f"received {received(value, schema)}; expected {expected(schema)}.{_question(nearest_value(value, schema))}"


def _question(spelling: str | None) -> str:
    return f" Did you mean {spelling}?" if spelling else ""


def _join(*keys: str) -> str:
    return ".".join(filter(None, keys))


def _nearest_key(keys: tuple[int | str, ...], root: dict[str, Any]) -> str | None:
    """Return the dotted key, within `root`, beside an unknown one or of its very name elsewhere."""
    *above, unknown = map(str, keys)
    beside = nearest_word(unknown, _walk(keys[:-1], root)[1]["properties"])
    if beside:
        return _join(*above, beside)
    return next((path for path in _leaves(root, root) if path.rpartition(".")[2] == unknown), None)


def _leaves(schema: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[str]:
    properties = _resolve(schema, root).get("properties")
    if not properties:
        yield path
        return
    for key, value in properties.items():
        yield from _leaves(value, root, _join(path, key))


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the reference it may consist of followed."""
    reference = schema.get("$ref")
    resolved: dict[str, Any] = root["$defs"][reference.rpartition("/")[2]] if reference else schema
    return resolved


def _walk(location: tuple[int | str, ...], root: dict[str, Any]) -> tuple[tuple[int | str, ...], dict[str, Any]]:
    """Return the keys of a location in the file, and the schema of what stands there.

    What pydantic adds to a location (the branch of a union) is no key of the file and left out.
    """
    schema = root
    keys: list[int | str] = []
    for element in location:
        schema = _resolve(schema, root)
        if element == "[key]":
            break
        if element in schema.get("properties", ()):
            schema = schema["properties"][element]
        elif isinstance(element, int) and "items" in schema:
            schema = schema["items"]
        elif isinstance(schema.get("additionalProperties"), dict):
            schema = schema["additionalProperties"]
        elif schema.get("type") == "object":
            schema = {}
        else:
            break
        keys.append(element)
    return tuple(keys), _resolve(schema, root)
