"""What was probably meant, for a word or a value that cannot be used."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import inf
from typing import Any

NOTHING = ("", "none", "None", "~", "nil")
TRUTHS = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}
CLOSE = 0.5
LEAST_PERCENTAGE = 5  # less is hardly one of a share


def nearest_word(word: str, words: Iterable[str]) -> str | None:
    """Return the spelling that is closest to `word`, or None if all are far."""
    word = word.strip().lower()
    known = {known.lower(): known for known in words}
    # difflib takes two swapped letters for two mistakes: it finds adma closer to adamax than to adam.
    swapped = [other for other in known if sorted(other) == sorted(word)]
    close = swapped or get_close_matches(word, known, n=1, cutoff=CLOSE)
    return known[close[0]] if close else None


def nearest_value(value: object, schema: dict[str, Any]) -> str | None:
    """Return how the nearest valid value is written in YAML, or None if none is near.

    Args:
        value: What was received.
        schema: JSON schema of what is expected, without references.
    """
    branches = schema.get("anyOf", [schema])
    kinds = {branch.get("type") for branch in branches}
    if "null" in kinds and value in NOTHING:
        return "null"
    if isinstance(value, str):
        words = [word for branch in branches for word in (*branch.get("enum", ()), branch.get("const"))]
        word = nearest_word(value, filter(None, words))
        if word:
            return word
    for branch in branches:
        written = _as_kind(value, branch)
        if written is not None:
            return written
    return None


def _as_kind(value: object, schema: dict[str, Any]) -> str | None:
    kind = schema.get("type")
    if kind == "boolean":
        truth = TRUTHS.get(str(value).lower())
        return None if truth is None else str(truth).lower()
    if kind == "array":
        return _as_list(value, schema["items"])
    if kind in ("integer", "number") and not isinstance(value, bool):
        return _as_number(value, schema)
    return None


def _as_list(value: object, items: dict[str, Any]) -> str | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
        return None
    parts = value.replace("+", ",").strip("[] ").split(",") if isinstance(value, str) else [value]
    written = []
    for part in parts:
        part = part.strip() if isinstance(part, str) else part
        written.append(nearest_value(part, items) or str(part))
    return f"[{', '.join(written)}]"


def _as_number(value: object, schema: dict[str, Any]) -> str | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    below = schema.get("exclusiveMaximum", schema.get("maximum"))
    if below == 1 and LEAST_PERCENTAGE <= number < 100 and schema["type"] == "number":
        number /= 100  # a percentage
    whole = schema["type"] == "integer"
    if whole and not number.is_integer():
        return None
    number = min(max(number, schema.get("minimum", -inf)), schema.get("maximum", inf))
    if not schema.get("exclusiveMinimum", -inf) < number < schema.get("exclusiveMaximum", inf):
        return None
    return f"{number:.0f}" if whole else f"{number:g}"
