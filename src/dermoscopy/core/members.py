"""Names of the members: each has a block in params.yaml, and dvc.yaml trains each."""

from pathlib import Path
from typing import Any

from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.params import REMEDY, read, read_yaml
from dermoscopy.core.suggestions import did_you_mean

PIPELINE = Path("dvc.yaml")
MEMBER = "${item.member}"  # in the paths of the stage train


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


def pipeline_stages() -> dict[str, Any]:
    """Return the stages of dvc.yaml by name."""
    stages: dict[str, Any] = read_yaml(PIPELINE.read_text(encoding="utf-8"))["stages"]
    return stages


def trained_members() -> list[str]:
    """Return the members that dvc.yaml trains: the matrix of its stage `train`."""
    return [str(name) for name in pipeline_stages()["train"]["matrix"]["member"]]


def output_paths() -> list[Path]:
    """Return the paths of all outputs of dvc.yaml, which DVC may delete and write anew; ${item.member} is replaced."""
    paths = []
    for definition in pipeline_stages().values():
        names = definition.get("matrix", {}).get("member", [""])
        entries = [entry for key in ("outs", "metrics") for entry in definition.get(key, [])]
        texts = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
        paths += [Path(text.replace(MEMBER, str(name))) for name in names for text in texts]
    return paths
