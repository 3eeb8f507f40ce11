"""Write the comments of params.yaml and the reference docs/parameters.md from the descriptions of the parameters.

python docs/parameters.py

The descriptions are those of src/dermoscopy/*/params.py. In params.yaml each is written once, above the first key that
it describes. Its header, its rulers ("# train ----") and notes after a value ("32  # Paper: 224") are written by hand.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

from dermoscopy.check.params import Params
from dermoscopy.core.params import read_yaml
from dermoscopy.core.params_errors import expected

PARAMS, REFERENCE = Path("params.yaml"), Path("docs/parameters.md")
WIDTH = 110
ROOT = Params.model_json_schema()
Schema = dict[str, Any]


def child(schema: Schema, key: str, value: Any) -> Schema:
    """Return the schema of a key of a block, with references resolved; for a block also its class and docstring."""
    found: Schema = schema["properties"][key] if "properties" in schema else named(schema)
    described = {"description": found["description"]} if "description" in found else {}
    if "discriminator" in found:
        kind = found["discriminator"]
        found = {"$ref": kind["mapping"][value[kind["propertyName"]]]}
    if "$ref" not in found:
        return {"about": "", "description": found.get("items", {}).get("description", ""), **found}
    name = found["$ref"].rpartition("/")[2]
    block = ROOT["$defs"][name]
    return {**block, "class": name, "about": block.get("description", ""), "description": "", **described}


def leaves(schema: Schema, values: Any, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield the dotted key and the schema of every parameter that is not a block."""
    for key, value in values.items():
        found = child(schema, key, value)
        if is_block(found):
            yield from leaves(found, value, f"{path}{key}.")
        else:
            yield f"{path}{key}", found


def is_block(schema: Schema) -> bool:
    """Return whether a schema is that of a block of parameters."""
    return "properties" in schema or named(schema) is not None


def named(schema: Schema) -> Any:
    """Return the schema of the values of a mapping by name; None for any other schema."""
    return next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties") or None)


def commented(text: str) -> str:
    """Return params.yaml with new comments; lines with values do not change.

    DVC rewrites lists and drops a comment that follows one, so a key after a list is described above the list.
    """
    values = read_yaml(text)
    header, _, body = text.partition("\n\n")
    keys: list[str] = []
    above: dict[int, list[tuple[str, str]]] = {}  # keys and descriptions above each line
    commentable: dict[tuple[str, ...], int] = {}  # line of the last key of each block that does not follow a list
    written: set[str] = set()
    lines = [line for line in body.splitlines() if not re.match(r" *#", line) or line.endswith("---")]
    for number, line in enumerate(lines):
        match = re.match(r"( *)([^\s#-][^:]*):", line)
        if not match:
            continue
        keys[len(match[1]) // 2 :] = [match[2]]
        if not re.match(r" *- ", lines[number - 1]):
            commentable[tuple(keys[:-1])] = number
        description = describe(values, keys)
        if description not in written:
            above.setdefault(commentable[tuple(keys[:-1])], []).append((match[2], description))
            written.add(description)
    result = []
    for number, line in enumerate(lines):
        indent = re.match(" *", line)[0]
        for key, description in above.get(number, []):
            prefix = f"{key}: " if len(above[number]) > 1 else ""
            result += wrap(
                prefix + description,
                WIDTH,
                initial_indent=f"{indent}# ",
                subsequent_indent=f"{indent}# ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        result.append(line)
    return "\n".join([header, "", *result, ""])


def describe(values: Any, keys: list[str]) -> str:
    """Return the description of a key of params.yaml, with the allowed words that the description does not name."""
    schema = ROOT
    for key in keys:
        schema, values = child(schema, key, values[key]), values[key]
    words = allowed_words(schema)
    unnamed = [word for word in words if word not in schema["description"]]
    if unnamed and not is_block(schema):
        return f"{schema['description']} One of {', '.join(words)}."
    return str(schema["description"])


def allowed_words(schema: Schema) -> list[str]:
    """Return the words that are allowed as the value of a parameter."""
    branches = schema.get("anyOf", [schema.get("items", schema)])
    return [word for branch in branches for word in branch.get("enum", [branch.get("const")]) if word]


def reference(values: Any) -> str:
    """Return the page of all parameters.

    Args:
        values: Content of params.yaml; its values are the defaults.
    """
    head = (
        "# Parameters\n\n"
        "All parameters of params.yaml, with their defaults. `dvc exp run -S optimizer=adam` changes one of them and "
        "runs the pipeline; `make run PROFILE=tiny` changes those that the profile sets. The new values stay in "
        "params.yaml. The stage `check` refuses values that are not allowed.\n\n"
        "This page is written by `python docs/parameters.py` from the descriptions in `src/dermoscopy/*/params.py`."
    )
    blocks = {key: child(ROOT, key, value) for key, value in values.items() if isinstance(value, dict)}
    sections = ["## Top level", "Parameters that several stages use.", table(ROOT, {"default": values})]
    for key, schema in blocks.items():
        sections += section(schema, {key: values[key]}, "##")
    return "\n\n".join([head, *filter(None, sections)]) + "\n"


def section(schema: Schema, blocks: dict[str, Any], level: str) -> list[str]:
    """Return heading, text and table of blocks with the same parameters, then the sections of their inner blocks.

    Args:
        schema: Schema of these blocks.
        blocks: Values of each block, by its dotted key.
        level: Marks of the heading in Markdown, such as "##".
    """
    words = [path.split(".") for path in blocks]
    differing = next((number for number, column in enumerate(zip(*words, strict=True)) if len(set(column)) > 1), -1)
    columns = {path[differing]: values for path, values in zip(words, blocks.values(), strict=True)}
    title = ", ".join(f"`{path}`" for path in blocks)
    result = [f"{level} {title}", schema["description"] or schema["about"]]
    result.append(table(schema, columns if len(blocks) > 1 else {"default": next(iter(columns.values()))}))
    alike: dict[str, tuple[Schema, dict[str, Any]]] = {}  # schema and blocks of each class
    for path, values in blocks.items():
        for key, value in values.items():
            found = child(schema, key, value)
            if is_block(found):
                alike.setdefault(found.get("class", key), (found, {}))[1][f"{path}.{key}"] = value
    for found, inner in alike.values():
        result += section(found, inner, "###")
    return result


def table(schema: Schema, columns: dict[str, Any]) -> str:
    """Return the table of the parameters that are directly in a block; empty if there is none.

    Args:
        schema: Schema of the block.
        columns: Values of the block in each column, by the title of the column.
    """
    first = next(iter(columns.values()))
    rows = [(key, child(schema, key, value)) for key, value in first.items()]
    cells = [
        [
            f"`{key}`",
            expected(found),
            *(f"`{written(values[key])}`" for values in columns.values()),
            found["description"].replace("|", "\\|"),
        ]
        for key, found in rows
        if not is_block(found)
    ]
    head = ["parameter", "allowed", *columns, "description"]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *cells]) if cells else ""


def written(value: Any) -> str:
    """Return a value as one line of YAML."""
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def files() -> dict[Path, str]:
    """Return both files with new text."""
    text = PARAMS.read_text()
    return {PARAMS: commented(text), REFERENCE: reference(read_yaml(text))}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
