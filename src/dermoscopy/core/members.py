"""The names of the members: params.yaml has a block for each, and dvc.yaml trains each."""

from collections.abc import Iterable
from pathlib import Path

from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.nearest import nearest_word
from dermoscopy.core.params import REMEDY, read, read_yaml

PIPELINE = Path("dvc.yaml")


def member_names() -> list[str]:
    """Return the members' names, in the order of params.yaml.

    Only the keys of `models` are read. A stage that uses them needs no parameter: dvc.yaml lists the files of
    each member among its deps or outs, so another list of members re-runs it.

    Raises:
        ParameterError: params.yaml has no members.
    """
    tree = read()
    models = tree.get("models") if isinstance(tree, dict) else None
    if not isinstance(models, dict) or not models:
        raise ParameterError(
            "params.yaml has 1 problem", ["models: expected a block with a key for each member."], REMEDY
        )
    return [str(name) for name in models]


def require_member(name: str) -> None:
    """Refuse a name that is no key of `models`.

    Raises:
        UserError: It is none.
    """
    known = member_names()
    if name not in known:
        raise UserError(f"{name} is not a member; params.yaml has {', '.join(known)}.{did_you_mean(name, known)}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question with the known name that is nearest, or nothing if none is near."""
    near = nearest_word(name, known)
    return f" Did you mean {near}?" if near else ""


def trained_members() -> list[str]:
    """Return the members that dvc.yaml trains: the matrix of its stage `train`."""
    matrix = read_yaml(PIPELINE.read_text(encoding="utf-8"))["stages"]["train"]["matrix"]
    return [str(name) for name in matrix["member"]]
