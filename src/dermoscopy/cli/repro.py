"""Run the pipeline with its train stages at the same time."""

import os
import sys
from typing import Annotated, get_args

import typer

from dermoscopy.cli.branches import Branch, run_branches
from dermoscopy.cli.display import display
from dermoscopy.cli.process import run_dvc
from dermoscopy.cli.repository import top_folder
from dermoscopy.networks.gpus import shares, visible
from dermoscopy.params.block import Positive
from dermoscopy.params.file import load
from dermoscopy.params.models import Member

BEFORE = "audit"  # with all it needs, check first, it is all that training needs
BRANCHES = [f"train@{member}" for member in get_args(Member)]
INTERRUPTED = 130
JOBS_HELP = (
    "How many members train at the same time. The results do not depend on it; the time does: "
    "so many times runtime.threads should fit the cores, unless there are GPUs."
)


def repro(jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help=JOBS_HELP)] = len(BRANCHES)) -> None:
    """Run the pipeline as dvc repro does, but train several members at the same time."""
    os.chdir(top_folder())
    code = run_dvc("repro", BEFORE)
    if code != 0:
        raise typer.Exit(code)
    devices = load("runtime.devices", Positive)
    try:
        with display(BRANCHES) as shown:
            failed = run_branches(BRANCHES, jobs, shares(visible(os.environ), devices), shown)
    except KeyboardInterrupt:
        print("Ended: no stage runs any more. To go on: dvc repro, or dermoscopy repro", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if failed:
        print(failure(failed), file=sys.stderr)
        raise typer.Exit(1)
    raise typer.Exit(run_dvc("repro"))


def failure(failed: list[Branch]) -> str:
    """Return what is told of branches that failed: their last lines, and what became of the others."""
    told = [f"\n{branch.stage} failed with:\n  " + "\n  ".join(branch.last) for branch in failed]
    names = {branch.stage for branch in failed}
    done = [stage for stage in BRANCHES if stage not in names]
    kept = f" Done and kept: {', '.join(done)}." if done else ""
    logs = ", ".join(f"runs/{branch.stage}.log" for branch in failed)
    return "\n".join(
        [
            *told,
            f"\nFailed: {', '.join(branch.stage for branch in failed)} ({logs}).{kept}",
            "What follows training was not run. Mend it, then run this again.",
        ]
    )
