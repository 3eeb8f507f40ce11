"""Run the pipeline, as it stands or with a profile.

Profiles: the leaves of params.yaml that differ, one file a purpose.

Print a profile as options of `dvc exp run`.

Parameters as flat leaves, `models.cnn_a.dropout` to its value.
"""

import json
import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml.error import YAMLError

from dermoscopy.acquire.sources import expand
from dermoscopy.cli.dvc import committed_params, results_differ, run_dvc, top_folder
from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.nearest import nearest_word
from dermoscopy.core.params import read, read_yaml
from dermoscopy.ham10000.problems import printable

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


PROFILES = Path("profiles")
DOWNLOAD = "download"
DATA_HELP = "The folder or zip file that holds the dataset; or download (a folder called so is ./download)."
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
    """Return the leaves that name where the dataset comes from.

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
            f"The dataset's path {printable(data)} is not UTF-8, as params.yaml is: rename it, or link to it."
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


DONE = """
The results:
  dvc metrics show         ROC AUC, sensitivity, specificity and more, with intervals
  dvc plots show           ROC curves, confusion matrix, training: dvc_plots/index.html
  data/report/index.html   all of it on one page"""
BASELINE = """
They differ from those of the last commit, though no parameter does: another processor or other
code. Make them your own baseline first, so that dvc metrics diff shows your ideas alone:
  git switch -c mine && git add dvc.lock data metrics plots && git commit -m "My baseline\""""
UNDO = """
params.yaml keeps the values above. To go back to the last commit, your code apart:
  git restore params.yaml dvc.lock data metrics plots"""
CHECKOUT = " && dvc checkout"  # names as failed what was never made here, on a first run all of it


def run(
    profile: Annotated[str | None, typer.Option(help="A name in profiles/, or a file.")] = None,
    data: Annotated[str | None, typer.Option(help=DATA_HELP)] = None,
) -> None:
    """Run the pipeline: dvc repro, or dvc exp run with a profile and an dataset."""
    wanted = data_leaves(data) if data else {}
    os.chdir(top_folder())
    if profile:
        wanted = read_profile(profile) | wanted
    committed, present = flatten(committed_params()), flatten(read())
    if profile:
        refuse_leftovers(profile, committed, present, wanted)
    changed = differences(committed, present | wanted)
    if changed:
        print("Other than in the last commit:", *tell(changed, committed, present | wanted), sep="\n  ", flush=True)

    if wanted:
        options = [option for key, value in wanted.items() for option in ("-S", override(key, value))]
        code = run_dvc("exp", "run", *options)
    else:
        code = run_dvc("repro")

    if code == 0:
        print(DONE)
        if not changed and results_differ():
            print(BASELINE)
    if changed:
        print(UNDO + (CHECKOUT if Path(".dvc/cache").is_dir() else ""))
    raise typer.Exit(code)


def refuse_leftovers(profile: str, committed: Leaves, present: Leaves, wanted: Leaves) -> None:
    """Refuse a profile on top of values that neither it nor the last commit sets.

    Args:
        profile: Its name.
        committed: Leaves of the last commit.
        present: Leaves of params.yaml.
        wanted: Leaves the profile sets.

    Raises:
        ParameterError: There are such values.
    """
    leftovers = [key for key in differences(committed, present) if key not in wanted]
    if leftovers:
        raise ParameterError(
            f"params.yaml holds values that neither the last commit nor the profile {profile} sets",
            tell(leftovers, committed, present),
            "Commit them if you want them, or undo them with: git restore params.yaml",
        )


def tell(keys: list[str], old: Leaves, new: Leaves) -> list[str]:
    """Return one line a key: its old value and its new one."""
    return [f"{key}: {_shown(key, old)} -> {_shown(key, new)}" for key in keys]


def _shown(key: str, leaves: Leaves) -> str:
    return override(key, leaves[key]).removeprefix(f"{key}=") if key in leaves else "(none)"


REFUSED = "--refused-by-dermoscopy-overrides"  # an option that dvc does not know


def overrides(
    profile: Annotated[str, typer.Argument(help="Its name in profiles/, or a file.")],
    data: Annotated[str | None, typer.Option(help=DATA_HELP)] = None,
) -> None:
    """Print a profile as options: dvc exp run $(dermoscopy overrides tiny) -S optimizer=adam."""
    try:
        items = _items(profile, data)
    except UserError:
        # Without any option dvc would run something else than was asked for.
        print(REFUSED)
        raise
    for item in items:
        print("-S", item)


def _items(profile: str, data: str | None) -> list[str]:
    leaves = read_profile(profile) | (data_leaves(data) if data else {})
    items = [override(key, value) for key, value in leaves.items()]
    for item in items:
        # The shell splits what is printed at white space and takes no quotes from it.
        if any(letter.isspace() for letter in item):
            raise UserError(f"{item}: the shell would split this at the space; use dermoscopy run instead.")
    return items
