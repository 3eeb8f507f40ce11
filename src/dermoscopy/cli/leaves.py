"""Parameters as flat leaves, `models.cnn_a.dropout` to its value."""

from typing import Any

Leaves = dict[str, Any]


def flatten(tree: dict[str, Any], above: str = "") -> Leaves:
    """Return every value that is not a block, by its dotted key; a list is one value."""
    leaves: Leaves = {}
    for key, value in tree.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, dict) and value:
            leaves |= flatten(value, path)
        else:
            leaves[path] = value
    return leaves


def differences(old: Leaves, new: Leaves) -> list[str]:
    """Return the keys whose values differ, in the order of `old`, then those only in `new`.

    0 and 0.0 are equal, as they are to every stage; 1 and true are not.
    """
    keys = [*old, *(key for key in new if key not in old)]
    return [key for key in keys if (key in old) != (key in new) or _differ(old[key], new[key])]


def _differ(old: Any, new: Any) -> bool:
    return bool(old != new) or isinstance(old, bool) != isinstance(new, bool)
