"""Run the pipeline with a profile and a dataset, or print them as options of `dvc exp run`.

A profile is a file with the values of params.yaml that it changes. Leaves are values by dotted key, such as
`models.cnn_a.dropout`.
"""

import copy
import json
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml.error import YAMLError

from dermoscopy.acquire.sources import expand
from dermoscopy.check.check import file_problems
from dermoscopy.check.head import refuse_killed_experiment, undo_command
from dermoscopy.check.locks import at_work, refuse_while_at_work
from dermoscopy.check.params import Params
from dermoscopy.cli.dvc import run_dvc
from dermoscopy.cli.headline import headline
from dermoscopy.cli.repository import committed_params, differs_from_commit, results_differ, top_folder
from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.params import read, read_yaml, validate
from dermoscopy.core.suggestions import did_you_mean
from dermoscopy.ham10000.problems import printable

Leaves = dict[str, Any]


def flatten(tree: dict[str, Any], prefix: str = "") -> Leaves:
    """Return the values that are not blocks, by dotted key; a list is one value.

    Args:
        tree: Nested blocks.
        prefix: Dotted key of the tree itself; empty for all of params.yaml.
    """
    leaves: Leaves = {}
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict) and value:
            leaves |= flatten(value, path)
        else:
            leaves[path] = value
    return leaves


def replaced(tree: dict[str, Any], leaves: Leaves) -> dict[str, Any]:
    """Return a copy of nested blocks with other values.

    Args:
        tree: Nested blocks.
        leaves: The values to set, by dotted key.
    """
    tree = copy.deepcopy(tree)
    for key, value in leaves.items():
        *blocks, name = key.split(".")
        block = tree
        for parent in blocks:
            if not isinstance(block.get(parent), dict):
                block[parent] = {}
            block = block[parent]
        block[name] = value
    return tree


def differences(old: Leaves, new: Leaves) -> list[str]:
    """Return the keys whose values differ: first those of `old`, then those only in `new`.

    0 and 0.0 are equal, because no stage distinguishes them; 1 and true are not.

    Args:
        old: Leaves before a change.
        new: Leaves after the change.
    """
    keys = [*old, *(key for key in new if key not in old)]
    return [key for key in keys if (key in old) != (key in new) or _differ(old[key], new[key])]


def _differ(old: Any, new: Any) -> bool:
    return bool(old != new) or isinstance(old, bool) != isinstance(new, bool)


PROFILES = Path("profiles")
DOWNLOAD = "download"
PROFILE_HELP = "Name of a profile in profiles/, or path of a YAML file."
DATA_HELP = "Folder or zip file of the dataset, or download. For a folder named download, use ./download."
# Strings that `dvc exp run -S` reads as strings without quotes.
PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_+./-]*")
NOT_STRINGS = {"null", "true", "false", "on", "off", "yes", "no", "nan", "inf"}


def read_profile(name: str) -> Leaves:
    """Return the leaves of a profile.

    Args:
        name: Name of a file in profiles/ without .yaml, or a path that ends with .yaml.

    Raises:
        UserError: The profile does not exist, or is not a block of YAML.
    """
    path = Path(name) if name.endswith(".yaml") else PROFILES / f"{name}.yaml"
    if not path.is_file():
        names = sorted(path.stem for path in PROFILES.glob("*.yaml"))
        suggestion = did_you_mean(path.stem, names)
        raise UserError(f"There is no profile {name}. Profiles: {', '.join(names) or 'none'}.{suggestion}")
    try:
        tree = read_yaml(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path}: expected blocks of params.yaml; received {tree!r}.")
    return flatten(tree)


def data_leaves(data: str) -> Leaves:
    """Return the leaves that select the source of the dataset.

    Args:
        data: "download", or the path of a folder or a zip file. The path is made absolute, because a queued
            experiment runs in another folder.

    Raises:
        UserError: params.yaml or DVC cannot hold the path.
    """
    if data == DOWNLOAD:
        return {"data.source": "download", "data.path": None}
    try:
        data.encode()
    except UnicodeEncodeError:
        raise UserError(
            f"The path of the dataset is not UTF-8, and params.yaml cannot contain it: received {printable(data)}. "
            "Rename it, or use a link."
        ) from None
    if "${" in data or any(letter < " " for letter in data):
        raise UserError(
            f"DVC cannot read the path of the dataset, because of ${{ or a control character: received {data!r}. "
            "Rename it, or use a link."
        )
    # Path.resolve raises if links form a loop; `check` reports that with a better message.
    return {"data.source": "directory", "data.path": os.path.realpath(expand(data))}


def override(key: str, value: Any) -> str:
    """Return `key=value` for `dvc exp run -S`, such that DVC reads the value with its type.

    Args:
        key: Dotted key of params.yaml.
        value: Its new value.
    """
    return f"{key}={_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in NOT_STRINGS:
        return value
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, str):
        # In quotes, DVC takes a backslash as it is, unless a quote or the end follows.
        return '"' + re.sub(r'(\\*)("|\Z)', lambda end: 2 * end[1] + (end[2] and '\\"'), value) + '"'
    return json.dumps(value, ensure_ascii=False)


NOTHING_CHANGED = "Nothing was started or changed. Correct the value and run the same command again."
DONE = """
Results:
  dvc metrics show         ROC AUC, sensitivity, specificity and more, with confidence intervals
  dvc plots show           ROC curves, confusion matrix, training curves: dvc_plots/index.html
  data/report/index.html   report on one page"""
BASELINE = """
These results differ from the committed ones, though no parameter differs. Differences in the last
digits are normal on another CPU; other code also changes results. Commit them as your own baseline,
so that dvc metrics diff shows only the effect of your changes:
  git switch -c mine && git add dvc.lock data metrics plots && git commit -m "My baseline\""""
STAY = """
The values listed above stay in params.yaml. To undo them and restore the results of the last commit:
  {undo}"""
UNFINISHED = """
Run the same command again to continue. Or restore the parameters and results of the last commit:
  {undo}"""


def run(
    profile: Annotated[str | None, typer.Option(help=PROFILE_HELP)] = None,
    data: Annotated[str | None, typer.Option(help=DATA_HELP)] = None,
) -> None:
    """Run the pipeline: with a profile or a dataset as dvc exp run, otherwise as dvc repro."""
    wanted = data_leaves(data) if data else {}
    os.chdir(top_folder())
    if profile:
        wanted = read_profile(profile) | wanted
    refuse_while_at_work()
    refuse_killed_experiment()
    committed, present = flatten(committed_params()), flatten(read())
    if profile:
        refuse_other_changes(profile, committed, present, wanted)
    # `dvc exp run` would change params.yaml, and delete files in outputs, before the stage check refuses.
    validate(replaced(read(), wanted), "", Params, file_problems, "The parameters have", NOTHING_CHANGED)
    changed = differences(committed, present | wanted)
    if changed:
        lines = change_lines(changed, committed, present | wanted)
        print("Parameters that differ from the last commit:", *lines, sep="\n  ", flush=True)

    if wanted:
        options = [option for key, value in wanted.items() for option in ("-S", override(key, value))]
        code = run_dvc("exp", "run", *options)
    else:
        code = run_dvc("repro")

    if code == 0:
        print(headline() + DONE + activation())
        if changed:
            print(STAY.format(undo=undo_command()))
        elif results_differ():
            print(BASELINE)
    elif differs_from_commit() and not at_work():
        print(UNFINISHED.format(undo=undo_command()))
    raise typer.Exit(code)


def activation() -> str:
    """Return the line that says how to activate the environment; empty if it is active."""
    script = Path(sys.prefix, "bin/activate")
    if os.environ.get("VIRTUAL_ENV") == sys.prefix or not script.is_file():
        return ""
    return f"\nFor these commands, first activate the environment: source {os.path.relpath(script)}"


def refuse_other_changes(profile: str, committed: Leaves, present: Leaves, wanted: Leaves) -> None:
    """Refuse a profile if params.yaml has uncommitted values of other parameters.

    Args:
        profile: Name of the profile.
        committed: Leaves of params.yaml in the last commit.
        present: Leaves of params.yaml in the working tree.
        wanted: Leaves that the profile and the dataset set.

    Raises:
        ParameterError: There are such values.
    """
    others = [key for key in differences(committed, present) if key not in wanted]
    if others:
        raise ParameterError(
            f"params.yaml has uncommitted values that the profile {profile} does not set",
            change_lines(others, committed, present),
            f"Commit them to keep them, or undo them and their results with: {undo_command()}",
        )


def change_lines(keys: list[str], old: Leaves, new: Leaves) -> list[str]:
    """Return one line per key, with its old and its new value."""
    return [f"{key}: {_value_text(key, old)} -> {_value_text(key, new)}" for key in keys]


def _value_text(key: str, leaves: Leaves) -> str:
    return override(key, leaves[key]).removeprefix(f"{key}=") if key in leaves else "(none)"


REFUSED = "--refused-by-dermoscopy-overrides"  # an option that dvc does not know


def overrides(
    profile: Annotated[str, typer.Argument(help=PROFILE_HELP)],
    data: Annotated[str | None, typer.Option(help=DATA_HELP)] = None,
) -> None:
    """Print a profile as -S options: dvc exp run $(dermoscopy overrides tiny) -S optimizer=adam."""
    try:
        items = _items(profile, data)
    except UserError:
        # Without any option, dvc would run the pipeline without the profile.
        print(REFUSED)
        raise
    for item in items:
        print("-S", item)


def _items(profile: str, data: str | None) -> list[str]:
    leaves = read_profile(profile) | (data_leaves(data) if data else {})
    items = [override(key, value) for key, value in leaves.items()]
    for item in items:
        # The shell splits the output at white space and does not interpret quotes in it.
        if any(letter.isspace() for letter in item):
            raise UserError(f"{item}: the shell would split this at the space. Use dermoscopy run instead.")
    return items
