"""Describe the errors in params.yaml in words: one line each, with the value received and what is expected."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from dermoscopy.core.suggestions import nearest_value, nearest_word, question

MAX_LENGTH = 60  # of a received value in a message, in characters
KINDS = {
    "boolean": "a boolean",
    "integer": "a whole number",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "a block",
    "null": "nothing",
}


def expected(schema: dict[str, Any]) -> str:
    """Return what a JSON schema without references allows, in words."""
    branches = schema.get("anyOf", [schema])
    words = sorted((word for branch in branches for word in _names(branch)), key=lambda word: word != "null")
    others = [_branch(branch) for branch in branches if not _names(branch)]
    if len(words) > 1:
        return " or ".join([*others, f"one of {', '.join(words)}"])
    return " or ".join([*others, *words])


def _names(schema: dict[str, Any]) -> list[str]:
    """Return the words that a schema allows, if it lists them."""
    if schema.get("type") == "null":
        return ["null"]
    if "const" in schema:
        return [str(schema["const"])]
    return [str(word) for word in schema.get("enum", ())]


def _branch(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if "discriminator" in schema:
        return f"a block whose {schema['discriminator']['propertyName']} is one of {', '.join(_branches(schema))}"
    if kind == "boolean":
        return "true or false"
    if kind == "array":
        length = " of at least one" if schema.get("minItems") else ""
        return f"a list{length}, written [a, b], each {expected(schema['items'])}"
    if kind == "object" and "properties" in schema:
        return f"a block with the keys {', '.join(schema['properties'])}"
    if kind == "object" and schema.get("minProperties"):
        return "a block with at least one key"
    if "expected" in schema:
        return str(schema["expected"])
    if kind == "string" and schema.get("minLength"):
        return "a string that is not empty"
    return KINDS.get(str(kind), "something else") + _range(schema)


def _branches(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the branches of a discriminated union: value of the discriminator to a reference to a block's schema."""
    if "discriminator" not in schema:
        return {}
    values = {reference: value for value, reference in schema["discriminator"]["mapping"].items()}
    return {values[branch["$ref"]]: branch for branch in schema["oneOf"]}


def _range(schema: dict[str, Any]) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']:g} to {schema['maximum']:g}"
    words = {
        "minimum": ", at least",
        "exclusiveMinimum": " above",
        "maximum": " at most",
        "exclusiveMaximum": " below",
    }
    return " and".join(f"{word} {schema[key]:g}" for key, word in words.items() if key in schema)


def received(value: object, schema: dict[str, Any]) -> str:
    """Return a value as YAML would write it, followed by its type if the type is wrong."""
    kind = kind_of(value)
    if kind == "null":
        return "null"
    written = repr(value) if kind == "string" else str(value).lower() if kind == "boolean" else str(value)
    if len(written) > MAX_LENGTH:
        written = written[:MAX_LENGTH] + "…"
    allowed = {branch.get("type") for branch in schema.get("anyOf", [schema])}
    if kind in allowed or (kind == "integer" and "number" in allowed):
        return written
    return f"{written} ({KINDS[kind]})"


def kind_of(value: object) -> str:
    """Return the JSON type of a value read from YAML."""
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return kinds.get(type(value), "string")


def describe(error: ValidationError, section: str, kind: Any) -> list[str]:
    """Return one line for each problem: the key, the value received, what is expected, and a suggestion.

    A union gives one problem, not one for each branch. A missing key is not reported if an unknown key in the same
    block is probably that key, misspelt.

    Args:
        error: The error that validation raised.
        section: Key of the section that was validated; "" means the whole file.
        kind: Type that the section was validated against.
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
        elif problem["type"].startswith("union_tag"):
            key, block = schema["discriminator"]["propertyName"], problem["input"]
            tag, values = _join(section, *map(str, keys), key), {"type": "string", "enum": list(_branches(schema))}
            unknown = nearest_word(key, map(str, block))
            if key in block:
                lines[tag] = f"{tag}: {_unexpected(block[key], values)}"
            elif unknown:
                lines[tag] = f"{_join(section, *map(str, keys), unknown)}: no such key.{question(tag)}"
            else:
                missing[tag] = f"{tag}: missing; expected {expected(values)}."
        elif problem["type"] == "extra_forbidden":
            meant = _nearest_key(problem["loc"], root)
            misspelt.add(_join(section, meant or ""))
            lines[path] = f"{path}: no such key.{question(_join(section, meant) if meant else None)}"
        else:
            lines[path] = f"{path}: {_invalid(problem, schema)}"
    return [*lines.values(), *(line for path, line in missing.items() if path not in misspelt)]


def _invalid(problem: ErrorDetails, schema: dict[str, Any]) -> str:
    value = problem["input"]
    if problem["type"] == "value_error":
        rule = str(problem["ctx"]["error"])
        # The message of a rule about several keys of a block contains their values.
        return rule if schema.get("type") == "object" else f"received {received(value, schema)}; {rule}"
    if problem["loc"] and problem["loc"][-1] == "[key]":
        return f"a key must be {schema.get('description', 'a string')}."
    return _unexpected(value, schema)


def _unexpected(value: object, schema: dict[str, Any]) -> str:
    return f"received {received(value, schema)}; expected {expected(schema)}.{question(nearest_value(value, schema))}"


def _join(*keys: str) -> str:
    return ".".join(filter(None, keys))


def _nearest_key(location: tuple[int | str, ...], root: dict[str, Any]) -> str | None:
    """Return the dotted key in `root` that an unknown key probably means.

    That is a similar key of the same block, else a key of exactly this name in another block.
    """
    unknown = str(location[-1])
    block, schema = _walk(location[:-1], root)
    similar = nearest_word(unknown, schema["properties"])
    if similar:
        return _join(*map(str, block), similar)
    return next((path for path in _leaves(root, root) if path.rpartition(".")[2] == unknown), None)


def _leaves(schema: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield the dotted keys of all values below a schema."""
    schema = _resolve(schema, root)
    children = [("", branch) for branch in _branches(schema).values()]
    children += [("<name>", value) for value in _named(schema)]
    children += schema.get("properties", {}).items()
    if not children:
        yield path
    for key, value in children:
        yield from _leaves(value, root, _join(path, key))


def _named(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas of the values of a block whose keys are free names."""
    yield from schema.get("patternProperties", {}).values()
    if isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Return a schema, or the one it refers to."""
    reference = schema.get("$ref")
    resolved: dict[str, Any] = root["$defs"][reference.rpartition("/")[2]] if reference else schema
    return resolved


def _walk(location: tuple[int | str, ...], root: dict[str, Any]) -> tuple[tuple[int | str, ...], dict[str, Any]]:
    """Return the keys of a location in the file, and the schema of the value there.

    Pydantic adds the branch of a union to a location; it is not a key of the file and is left out. If the key itself
    is wrong, the schema is that of the keys.
    """
    schema, parent = root, root
    keys: list[int | str] = []
    for element in location:
        schema = _resolve(schema, root)
        if element == "[key]":
            return tuple(keys), parent.get("propertyNames", {})
        if element in (branches := _branches(schema)):
            schema = branches[str(element)]
            continue
        parent = schema
        if element in schema.get("properties", ()):
            schema = schema["properties"][element]
        elif isinstance(element, int) and "items" in schema:
            schema = schema["items"]
        elif named := next(_named(schema), None):
            schema = named
        elif schema.get("type") == "object":
            schema = {}
        else:
            break
        keys.append(element)
    return tuple(keys), _resolve(schema, root)
