"""Check before a run that all folders can be written that DVC and the stages write to."""

import os
from collections.abc import Iterator
from pathlib import Path

from dermoscopy.core.errors import ProblemsError
from dermoscopy.core.pipeline import PIPELINE, output_paths
from dermoscopy.core.stage import checkpoints, project

OF_DVC = (".git", ".dvc", ".dvc/tmp", ".dvc/cache", ".dvc/cache/files/md5")


def require_writable() -> None:
    """Refuse a run that could not write its results; call it in the project's folder.

    Raises:
        ProblemsError: Folders or files cannot be written; the message lists all of them.
    """
    problems = list(unwritable())
    if problems:
        raise ProblemsError(
            "The pipeline cannot write here",
            problems,
            'Take over the files of another user with: sudo chown -R "$(id -u)" .\n'
            "If the disk is mounted read-only, mount it for writing, or clone the project to another disk.",
        )


def unwritable() -> Iterator[str]:
    """Yield one line for each existing folder or file of a run that this user cannot write.

    What is in a folder that cannot be written for the same reason is left out.
    """
    top = project()
    outputs = output_paths() if PIPELINE.is_file() else []
    parents = {folder for path in outputs for folder in path.parents}
    paths = {
        *(top / name for name in OF_DVC),
        *(top / "runs", checkpoints()),
        *(Path(name) for name in ("params.yaml", "dvc.lock")),
        *parents,
        # DVC removes an output, so it must be able to empty a folder. A file needs only its folder.
        *(path for path in outputs if path.is_dir()),
    }
    reasons: dict[Path, str] = {}
    for path in sorted(paths):
        if path.exists() and not os.access(path, os.W_OK):
            reasons[path] = _reason(path)
            if reasons[path] not in (reasons.get(parent) for parent in path.parents):
                yield f"{'the folder of the project' if path == Path() else path}: {reasons[path]}"


def _reason(path: Path) -> str:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return "the file system is read-only"
    status = path.stat()
    if status.st_uid != os.geteuid():
        return f"it belongs to user {status.st_uid}, and you are user {os.geteuid()}"
    return f"its mode is {status.st_mode & 0o777:o}; allow writing with chmod u+w"
