"""Warnings about the git clone: files in it that must not be committed, and old files that it lacks."""

import logging
import os
import subprocess

logger = logging.getLogger(__name__)

GET_ALL = "To get them: git fetch --refetch --no-filter"


def _git(*arguments: str) -> list[str]:
    """Return the lines that git prints; none without git, without a repository or if git refuses it."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, errors="backslashreplace")
    except OSError:
        return []
    return done.stdout.split("\0" if "-z" in arguments else "\n")[:-1] if done.returncode == 0 else []


def excluded_files() -> list[str]:
    """Return the files in git's index that .gitignore excludes, such as images and weights."""
    return _git("ls-files", "-z", "--cached", "--ignored", "--exclude-per-directory=.gitignore")


def lacks_files(*revisions: str) -> bool:
    """Return whether the clone was made with `git clone --filter` and lacks files of revisions.

    Args:
        revisions: Arguments of `git rev-list`; a name that is no revision of git lacks nothing.
    """
    if not _git("config", "--get-regexp", r"^remote\..*\.promisor$"):
        return False
    return any(line.startswith("?") for line in _git("rev-list", "--objects", "--missing=print", *revisions))


def warn_about_clone() -> None:
    """Log a line for each problem of the clone; without git there is none."""
    if files := excluded_files():
        logger.warning(
            "git has %d files that .gitignore excludes, such as %s. Images must never be committed.\n"
            "To take them out and keep them on disk: git rm -r --quiet --cached -- '%s'",
            *(len(files), files[0], os.path.commonpath(files) or files[0]),
        )
    if lacks_files("HEAD"):
        logger.warning(
            "This clone lacks files of earlier commits (git clone --filter): dvc metrics diff HEAD~1 would hang.\n%s",
            GET_ALL,
        )
