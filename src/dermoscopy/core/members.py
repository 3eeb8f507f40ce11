"""Names of the members: each has a block in params.yaml."""

from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.params import REMEDY, read
from dermoscopy.core.suggestions import did_you_mean


def member_names() -> list[str]:
    """Return the members' names, in the order of params.yaml.

    Only the keys of `models` are read. A stage that uses them needs no `params:` entry, since a change of the members
    re-runs it: dvc.yaml lists the files of each member among its deps or outs, or a folder with a file for each member.

    Raises:
        ParameterError: params.yaml defines no members.
    """
    tree = read()
    models = tree.get("models") if isinstance(tree, dict) else None
    if not isinstance(models, dict) or not models:
        raise ParameterError(
            "params.yaml has 1 problem", ["models: expected a block with a key for each member."], REMEDY
        )
    return [str(name) for name in models]


def require_member(name: str) -> None:
    """Raise an error unless the name is a key of `models`.

    Raises:
        UserError: No member has this name.
    """
    known = member_names()
    if name not in known:
        raise UserError(f"{name} is not a member; params.yaml has {', '.join(known)}.{did_you_mean(name, known)}")
