"""What is expected and what was received, in words."""

from typing import Any

LONGEST = 60
KINDS = {
    "boolean": "a truth value",
    "integer": "a whole number",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "a block",
    "null": "nothing",
}


def expected(schema: dict[str, Any]) -> str:
    """Return what a JSON schema, without references, allows."""
    branches = schema.get("anyOf", [schema])
    words = sorted((word for branch in branches for word in _names(branch)), key=lambda word: word != "null")
    others = [_one(branch) for branch in branches if not _names(branch)]
    if len(words) > 1:
        return " or ".join([*others, f"one of {', '.join(words)}"])
    return " or ".join([*others, *words])


def _names(schema: dict[str, Any]) -> list[str]:
    if schema.get("type") == "null":
        return ["null"]
    if "const" in schema:
        return [str(schema["const"])]
    return [str(word) for word in schema.get("enum", ())]


def _one(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if kind == "boolean":
        return "true or false"
    if kind == "array":
        length = " of at least one" if schema.get("minItems") else ""
        return f"a list{length}, written [a, b], each {expected(schema['items'])}"
    if kind == "object" and "properties" in schema:
        return f"a block with the keys {', '.join(schema['properties'])}"
    if kind == "string" and "description" in schema:
        return str(schema["description"])
    if kind == "string" and schema.get("minLength"):
        return "a string that is not empty"
    return KINDS.get(str(kind), "something else") + _range(schema)


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
    """Return a value as YAML would write it, with its type where that is what is wrong."""
    kind = kind_of(value)
    if kind == "null":
        return "null"
    written = repr(value) if kind == "string" else str(value).lower() if kind == "boolean" else str(value)
    if len(written) > LONGEST:
        written = written[:LONGEST] + "…"
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
