"""Run the pipeline, as it stands or with a profile."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dermoscopy.cli.leaves import Leaves, differences, flatten
from dermoscopy.cli.process import run_dvc
from dermoscopy.cli.profile import DATA_HELP, data_leaves, override, read_profile
from dermoscopy.cli.repository import committed_params, results_differ, top_folder
from dermoscopy.errors import ParameterError
from dermoscopy.params.file import read

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
    """Run the pipeline: dvc repro, or dvc exp run with a profile and an archive."""
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
