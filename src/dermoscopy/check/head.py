"""Detect that a killed `dvc exp run` has left git's HEAD detached.

`dvc exp run` detaches HEAD twice, from its reflog:

    checkout: moving from main to <commit>     while it prepares the experiment
    dvc: Restore HEAD to 'main'
    checkout: moving from main to <commit>     while it runs the stages
    dvc: Restore HEAD to 'main'

Each time it first puts the uncommitted changes aside and then brings them back. If it is killed, the last entry is
missing. `git checkout <commit>` writes the same entry as the first; the entries before it, or the lock that the killed
process left, show which of the two it was.
"""

import os
import re
import subprocess
from dataclasses import dataclass

from dermoscopy.check.locks import experiment_started, killed_while_preparing
from dermoscopy.core.errors import UserError

SECONDS_BETWEEN = 5  # at most, between the restoring and the second detaching of one `dvc exp run`
SECONDS_OF_PREPARATION = 60  # at most, between the lock and the detaching
RESTORED = "dvc: Restore HEAD to "
DETACHED = re.compile(r"checkout: moving from (\S+) to ([0-9a-f]{40,64})")
ENTRIES = 200  # of the reflog that are read


def refuse_killed_experiment() -> None:
    """Raise an error if a killed `dvc exp run` has left HEAD detached.

    Raises:
        UserError: It has; the message has the command that goes back to the branch.
    """
    left = killed_experiment()
    if left:
        raise UserError(
            f"A killed dvc exp run has left git without a branch (HEAD is detached from {left.branch}). "
            "A commit would belong to no branch.\n"
            f"Go back to {left.branch} and to the parameters and results of its last commit with: {undo_command()}"
        )


def undo_command() -> str:
    """Return the command that undoes a run: make's target if make has started this process."""
    return "make undo" if "MAKELEVEL" in os.environ else "dermoscopy undo"


@dataclass(frozen=True)
class Entry:
    """Entry of HEAD's reflog.

    Attributes:
        commit: Hash of the commit after the change.
        time: Time of the change, in seconds since 1970.
        text: What changed HEAD.
    """

    commit: str
    time: int
    text: str


@dataclass(frozen=True)
class KilledExperiment:
    """What a killed `dvc exp run` has left.

    Attributes:
        branch: Branch that HEAD was detached from.
        put_aside: Commit with the uncommitted changes of before the run, if it was killed while they were put aside.
    """

    branch: str
    put_aside: str | None = None


def killed_experiment() -> KilledExperiment | None:
    """Return what a killed `dvc exp run` has left, if it has left HEAD detached.

    HEAD is also detached during `dvc exp run`, and after `git checkout <commit>`; for these it is None.
    """
    if _git("symbolic-ref", "--quiet", "HEAD") is not None:
        return None
    entries = _reflog()
    position = next((number for number, entry in enumerate(entries) if "moving from" in entry.text), None)
    if position is None:
        return None
    detached, *earlier = entries[position:]
    branch = _branch_detached(detached)
    if branch is None or not earlier or earlier[0].commit != detached.commit:
        return None
    prepared = None
    if "DVC_EXP_NAME" in os.environ:
        started = experiment_started()
        if started is None or started - 1 <= detached.time:
            return None  # this experiment has detached HEAD itself, or runs in a folder of its own
    else:
        prepared = killed_while_preparing()
    preparing = prepared is not None and abs(detached.time - prepared) <= SECONDS_OF_PREPARATION
    if _second_of_experiment(detached, branch, earlier):
        return KilledExperiment(branch, "refs/exps/exec/EXEC_MERGE" if preparing else None)
    return KilledExperiment(branch, _stashed_before(detached)) if preparing else None


def _second_of_experiment(detached: Entry, branch: str, earlier: list[Entry]) -> bool:
    """Return whether the entries before are those that `dvc exp run` writes before it detaches HEAD again."""
    if len(earlier) < 2 or earlier[0].text != f"{RESTORED}'{branch}'":
        return False
    return _branch_detached(earlier[1]) == branch and detached.time - earlier[0].time <= SECONDS_BETWEEN


def _branch_detached(entry: Entry) -> str | None:
    """Return the branch from which HEAD was moved to a commit, if the entry says so and the branch exists."""
    match = DETACHED.fullmatch(entry.text)
    if not match or match[2] != entry.commit:
        return None
    exists = _git("rev-parse", "--quiet", "--verify", f"refs/heads/{match[1]}") is not None
    return match[1] if exists else None


def _stashed_before(detached: Entry) -> str | None:
    """Return the last stash, if it was made right before HEAD was detached: then DVC has made it."""
    stash = (_git("log", "-1", "--format=%H %P %ct", "refs/stash") or "").split()
    if len(stash) > 2 and stash[1] == detached.commit and 0 <= detached.time - int(stash[-1]) <= SECONDS_BETWEEN:
        return stash[0]
    return None


def _reflog() -> list[Entry]:
    """Return the last entries of HEAD's reflog, newest first."""
    text = _git("reflog", "show", "--date=unix", "--format=%H %gd %gs", f"--max-count={ENTRIES}", "HEAD")
    matches = (re.fullmatch(r"(\w+) HEAD@\{(\d+)\} (.*)", line) for line in (text or "").splitlines())
    return [Entry(match[1], int(match[2]), match[3]) for match in matches if match]


def _git(*arguments: str) -> str | None:
    """Return the output of a git command; None if it fails, as outside a repository, or git is missing."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
