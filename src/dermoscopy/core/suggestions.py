"""Suggest the nearest valid word or value for an invalid one."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import inf
from typing import Any

NULLS = ("", "none", "None", "~", "nil")
BOOLEANS = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}
MIN_SIMILARITY = 0.5  # of difflib, from 0 to 1
MIN_PERCENTAGE = 5  # a smaller number is hardly meant as a percentage


def nearest_word(word: str, words: Iterable[str]) -> str | None:
    """Return the known word that is most similar to `word`, or None if none is similar."""
    word = word.strip().lower()
    known = {known.lower(): known for known in words}
    # difflib counts two swapped letters as two mistakes: adma would be closer to adamax than to adam.
    swapped = [candidate for candidate in known if sorted(candidate) == sorted(word)]
    close = swapped or get_close_matches(word, known, n=1, cutoff=MIN_SIMILARITY)
    return known[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return " Did you mean <nearest known word>?", or "" if none is similar."""
    return question(nearest_word(word, words))


def question(meant: object) -> str:
    """Return " Did you mean <meant>?", or "" if nothing is meant."""
    return f" Did you mean {meant}?" if meant else ""


def nearest_value(value: object, schema: dict[str, Any]) -> str | None:
    """Return the nearest valid value as YAML, or None if there is none.

    Args:
        value: The value received.
        schema: JSON schema of the expected value, without references.
    """
    branches = schema.get("anyOf", [schema])
    kinds = {branch.get("type") for branch in branches}
    if "null" in kinds and value in NULLS:
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
        boolean = BOOLEANS.get(str(value).lower())
        return None if boolean is None else str(boolean).lower()
    if kind == "array":
        return _as_list(value, schema["items"])
    if kind in ("integer", "number") and not isinstance(value, bool):
        return _as_number(value, schema)
    return None


def _as_list(value: object, schema: dict[str, Any]) -> str | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
        return None
    items = value.replace("+", ",").strip("[] ").split(",") if isinstance(value, str) else [value]
    written = []
    for item in items:
        item = item.strip() if isinstance(item, str) else item
        written.append(nearest_value(item, schema) or str(item))
    return f"[{', '.join(written)}]"


def _as_number(value: object, schema: dict[str, Any]) -> str | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    maximum = schema.get("exclusiveMaximum", schema.get("maximum"))
    if maximum == 1 and MIN_PERCENTAGE <= number < 100 and schema["type"] == "number":
        number /= 100  # a percentage
    whole = schema["type"] == "integer"
    if whole and not number.is_integer():
        return None
    number = min(max(number, schema.get("minimum", -inf)), schema.get("maximum", inf))
    if not schema.get("exclusiveMinimum", -inf) < number < schema.get("exclusiveMaximum", inf):
        return None
    return f"{number:.0f}" if whole else f"{number:g}"
