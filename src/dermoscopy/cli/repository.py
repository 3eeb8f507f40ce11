"""The git repository the pipeline needs around it."""

import subprocess
from pathlib import Path
from typing import Any

from dermoscopy.errors import UserError
from dermoscopy.params.file import read_yaml

RESULTS = ("dvc.lock", "data", "metrics", "plots")


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError("git is not installed: DVC keeps its experiments in it.") from None


def top_folder() -> Path:
    """Return the top folder of the working directory's repository, which has a commit.

    Raises:
        UserError: There is no git, no repository or no commit.
    """
    found = _git("rev-parse", "--show-toplevel")
    if found.returncode:
        raise UserError(
            "This is not a git repository, and DVC needs one (a downloaded zip is none).\n"
            "Get the project with: git clone"
        )
    if _git("rev-parse", "--verify", "--quiet", "HEAD").returncode:
        raise UserError("This git repository has no commit yet: git add . && git commit -m start")
    return Path(found.stdout.strip())


def committed_params() -> dict[str, Any]:
    """Return params.yaml of the last commit; empty if it holds none."""
    shown = _git("show", "HEAD:./params.yaml")
    return (read_yaml(shown.stdout) or {}) if shown.returncode == 0 else {}


def results_differ() -> bool:
    """Return whether the results that git keeps are others than those of the last commit."""
    return bool(_git("status", "--porcelain", "--", *RESULTS).stdout)
