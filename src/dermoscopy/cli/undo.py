"""Restore the parameters and results of the last commit, whatever a run has left."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from dermoscopy.check.head import killed_experiment
from dermoscopy.check.locks import refuse_while_at_work
from dermoscopy.cli.dvc import command, environment
from dermoscopy.cli.repository import RESTORED, git, top_folder
from dermoscopy.core.errors import UserError, first_few
from dermoscopy.core.pipeline import output_paths
from dermoscopy.use.sources import md5_of_file

SAVED = Path("runs")  # in neither git nor DVC
EXPERIMENT = "dvc: commit experiment"  # how the commits of `dvc exp run` begin
EXPERIMENT_REF = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38,62}/")


def undo() -> None:
    """Undo a run: restore the parameters and results of the last commit. No file of yours is deleted."""
    os.chdir(top_folder())
    refuse_while_at_work()
    saved = SAVED / time.strftime("undo-%Y%m%d-%H%M%S")
    left = killed_experiment()
    if left:
        return_to(left.branch)
        print(f"Git is on the branch {left.branch} again, which a killed dvc exp run had left.")
    if left and left.put_aside and bring_back(left.put_aside):
        print("Your uncommitted changes are back, which it had put aside.")
    changes = restore_files(saved / "changes.diff")
    unsaved, changed = restore_outputs(saved)
    print(state(changed=bool(left or changes or unsaved or changed)))
    if changes:
        print(f"What was undone is in {saved}. To get it back, run the pipeline again after:")
        print(f"  git apply {saved}/changes.diff")
    if unsaved:
        names = ", ".join(first_few([str(path) for path in unsaved]))
        print(f"These files were neither in a commit nor in DVC's cache. They are now in {saved}: {names}")


def return_to(branch: str) -> None:
    """Attach HEAD to a branch again, as `dvc exp run` does at its end: the working tree stays as it is.

    Commits that the user made meanwhile are added to the branch; those of DVC are not.

    Args:
        branch: Branch that HEAD was detached from.

    Raises:
        UserError: The branch has other commits, or git refuses.
    """
    tip = f"refs/heads/{branch}"
    log = _done("log", "--no-show-signature", "--format=%H %s", f"{tip}..HEAD")
    commits = [line.split(" ", 1) for line in log.splitlines()]
    own = [commit for commit, subject in commits if not _is_experiment(commit, subject)]
    if own:
        if git("merge-base", "--is-ancestor", tip, own[0]).returncode:
            raise UserError(
                f"A killed dvc exp run has left HEAD detached from {branch}. Both have new commits now: "
                f"yours end at {own[0][:10]}. Nothing was changed. Keep yours on a branch of their own with: "
                "git switch -c NAME"
            )
        _done("branch", "--force", branch, own[0])
    _done("reset", "--quiet", tip)
    _done("switch", "--quiet", branch)


def _is_experiment(commit: str, subject: str) -> bool:
    """Return whether a commit is one of `dvc exp run`; with its option --message only a ref says so."""
    return subject.startswith(EXPERIMENT) or bool(EXPERIMENT_REF.search(_done("for-each-ref", "--points-at", commit)))


def bring_back(put_aside: str) -> bool:
    """Bring uncommitted changes back, if HEAD is their base; return whether there were any to bring back.

    A file that was changed after the kill stays as it is. One that DVC was writing is the beginning of what it wrote.

    Args:
        put_aside: Commit that contains the changes.
    """
    if _done("rev-parse", f"{put_aside}^1") != _done("rev-parse", "HEAD"):
        return False
    names = _done("diff", "--name-only", "-z", put_aside, "--", ".", ":(exclude).dvc/tmp").split("\0")
    unfinished = [name for name in filter(None, names) if _is_unfinished(Path(name), ("HEAD", put_aside))]
    if unfinished:
        _done("--literal-pathspecs", "restore", f"--source={put_aside}", "--", *unfinished)
    return bool(unfinished)


def _is_unfinished(path: Path, commits: Sequence[str]) -> bool:
    """Return whether a file is missing, or the beginning of its content in one of the commits."""
    content = path.read_bytes() if path.is_file() else b""
    versions = (subprocess.run(["git", "show", f"{commit}:./{path}"], capture_output=True) for commit in commits)
    return any(version.returncode == 0 and version.stdout.startswith(content) for version in versions)


def restore_files(changes: Path) -> bool:
    """Restore params.yaml and the results in git, in the index and the working tree; return whether any differed.

    Args:
        changes: File to write the differences to, for `git apply`.
    """
    _done("reset", "--quiet", "--", *RESTORED)
    paths = [path for path in RESTORED if _done("ls-files", "--", path)]
    for name in _done("ls-files", "-z", "--", *paths).split("\0") if paths else []:
        if name and Path(name).is_file():
            os.utime(name)  # git compares size and seconds, and the same second may have seen another value
    if not paths or git("diff", "--quiet", "HEAD", "--", *paths).returncode == 0:
        return False
    changes.parent.mkdir(parents=True, exist_ok=True)
    for_apply = ("--binary", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")
    _done("diff", *for_apply, f"--output={changes}", "HEAD", "--", *paths)
    _done("restore", "--", *paths)
    return True


def restore_outputs(saved: Path) -> tuple[list[Path], bool]:
    """Restore the outputs of the last commit from DVC's cache, and remove outputs whose committed ones it lacks.

    Args:
        saved: Folder to move files to that would be lost: those in outputs that the cache lacks.

    Returns:
        The files that were moved, and whether an output changed.

    Raises:
        UserError: DVC fails.
    """
    moved: list[Path] = []
    while True:
        done = _dvc("checkout", "--allow-missing")
        if done.returncode == 0:
            break
        # DVC has listed the files that it would delete though the cache lacks them, and has done nothing.
        top = Path.cwd()
        unsaved = [Path(line) for line in done.stderr.splitlines() if line.startswith(f"{top}{os.sep}")]
        unsaved = [path.relative_to(top) for path in unsaved if os.path.lexists(path)]
        if not unsaved:
            raise UserError(f"The files in git are restored, but dvc checkout failed:\n{done.stderr.strip()}")
        cache = Path(_dvc("cache", "dir").stdout.strip())
        for path in unsaved:
            if _is_dvc_link_or_copy(path, cache):
                path.unlink()
                continue
            (saved / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, saved / path)
            moved.append(path)
    dangling = [path for path in output_paths() if _has_dangling_link(path)]
    for path in dangling:
        path.unlink() if path.is_symlink() else shutil.rmtree(path)
    return moved, bool(done.stdout.strip())


def _dvc(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), env=environment(), capture_output=True, text=True)


def _is_dvc_link_or_copy(path: Path, cache: Path) -> bool:
    """Return whether a file is a link to nothing, or is in the cache after all.

    DVC looks for a file at a wrong place of the cache if the committed dvc.lock does not have its output.
    """
    if not path.exists():
        return True
    md5 = md5_of_file(path)
    return (cache / "files" / "md5" / md5[:2] / md5[2:]).exists()


def _has_dangling_link(path: Path) -> bool:
    """Return whether an output is or contains a link to a file that the cache lacks."""
    return any(item.is_symlink() and not item.exists() for item in (path, *path.rglob("*")))


def state(changed: bool) -> str:
    """Return what the working tree has now, and how to compute what it lacks.

    Args:
        changed: Whether something was undone.
    """
    absent = [str(path) for path in output_paths() if not path.exists()]
    if not absent:
        if not changed:
            return "There is nothing to undo: parameters and results are those of the last commit."
        return "Parameters and results are those of the last commit again."
    again = "make run" if "MAKELEVEL" in os.environ else "dermoscopy run"
    absent.sort(key=lambda path: path != "data/report")
    return (
        f"Parameters, metrics and plots are those of the last commit. DVC's cache lacks {len(absent)} of its other\n"
        f"outputs, among them {absent[0]}. To compute them, without a training that was done here before:\n  {again}"
    )


def _done(*arguments: str) -> str:
    """Run git without hooks, since one of DVC checks out all outputs, and return its output.

    Raises:
        UserError: git fails.
    """
    result = git("-c", "core.hooksPath=/dev/null", *arguments)
    if result.returncode:
        raise UserError(f"git {arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout
