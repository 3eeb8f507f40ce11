"""Query the git repository of the project."""

import os
import subprocess
from pathlib import Path
from typing import Any

from dermoscopy.core.errors import UserError
from dermoscopy.core.params import PARAMS, read_yaml

RESULTS = ("dvc.lock", "data", "metrics", "plots")
RESTORED = (str(PARAMS), *RESULTS)


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git and return its exit code and output.

    Raises:
        UserError: git is not installed.
    """
    try:
        # In English, so that `top_folder` can read the reason.
        return subprocess.run(["git", *arguments], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    except FileNotFoundError:
        raise UserError("git is not installed, and DVC needs it to store experiments.") from None


def top_folder() -> Path:
    """Return the top folder of the git repository of the working directory.

    Raises:
        UserError: git is not installed or refuses the repository, or there is no repository or no commit.
    """
    result = git("rev-parse", "--show-toplevel")
    if "not a git repository (or any" in result.stderr:
        raise UserError(
            "This folder is not in a git repository, and DVC needs one (a downloaded zip has none).\n"
            "Get the project with: git clone"
        )
    if result.returncode:  # such as a folder of another user; git says how to allow it
        raise UserError(f"git reports:\n{result.stderr.strip()}")
    if git("rev-parse", "--verify", "--quiet", "HEAD").returncode:
        raise UserError("This git repository has no commit yet. Make one: git add . && git commit -m start")
    return Path(result.stdout.strip())


def committed_params() -> dict[str, Any]:
    """Return the content of params.yaml in the last commit; empty if the commit has none."""
    result = git("show", "HEAD:./params.yaml")
    return (read_yaml(result.stdout) or {}) if result.returncode == 0 else {}


def results_differ() -> bool:
    """Return whether the results in the working tree differ from those of the last commit."""
    return bool(git("status", "--porcelain", "--", *RESULTS).stdout)


def differs_from_commit() -> bool:
    """Return whether params.yaml or the results in the working tree differ from those of the last commit."""
    return bool(git("status", "--porcelain", "--", *RESTORED).stdout)
