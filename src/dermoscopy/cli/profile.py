"""Profiles: the leaves of params.yaml that differ, one file a purpose."""

import json
import os
import re
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from dermoscopy.archive.paths import expand
from dermoscopy.archive.problems import printable
from dermoscopy.cli.leaves import Leaves, flatten
from dermoscopy.errors import UserError
from dermoscopy.params.file import read_yaml
from dermoscopy.params.nearest import nearest_word

PROFILES = Path("profiles")
DOWNLOAD = "download"
DATA_HELP = "The folder or zip file that holds the archive; or download (a folder called so is ./download)."
# What `dvc exp run -S` takes without quotes, and does not take for something else than a string.
PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_+./-]*")
NOT_STRINGS = {"null", "true", "false", "on", "off", "yes", "no", "nan", "inf"}


def read_profile(name: str) -> Leaves:
    """Return a profile's leaves.

    Args:
        name: Of a file in profiles/, or the path of one.

    Raises:
        UserError: There is none, or it is no block of YAML.
    """
    path = Path(name) if name.endswith(".yaml") else PROFILES / f"{name}.yaml"
    if not path.is_file():
        names = sorted(path.stem for path in PROFILES.glob("*.yaml"))
        near = nearest_word(path.stem, names)
        meant = f" Did you mean {near}?" if near else ""
        raise UserError(f"There is no profile {name}; there are {', '.join(names) or 'none here'}.{meant}")
    try:
        tree = read_yaml(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise UserError(f"{path} is not YAML: {error}") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path}: expected blocks of params.yaml, received {tree!r}.")
    return flatten(tree)


def data_leaves(data: str) -> Leaves:
    """Return the leaves that name where the archive comes from.

    Args:
        data: "download", or the path of a folder or a zip file; made absolute, since a queued experiment
            runs elsewhere. A folder of that name is "./download".

    Raises:
        UserError: params.yaml cannot hold the path.
    """
    if data == DOWNLOAD:
        return {"data.source": "download", "data.path": None}
    try:
        data.encode()
    except UnicodeEncodeError:
        raise UserError(
            f"The archive's path {printable(data)} is not UTF-8, as params.yaml is: rename it, or link to it."
        ) from None
    # Path.resolve would raise of a loop of links, which the check tells in its words.
    return {"data.source": "directory", "data.path": os.path.realpath(expand(data))}


def override(key: str, value: Any) -> str:
    """Return `key=value` as `dvc exp run -S` reads it, with the value's type kept."""
    return f"{key}={_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in NOT_STRINGS:
        return value
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False)
