"""Outputs of the stage acquire, which DVC keeps while the stage runs (`persist` in dvc.yaml)."""

import os
from pathlib import Path

from dermoscopy.core.pipeline import PIPELINE, pipeline_stages


def kept_outputs() -> list[Path]:
    """Return the paths of the outputs of acquire."""
    if not PIPELINE.is_file():
        return []
    return [Path(next(iter(entry))) for entry in pipeline_stages()["acquire"]["outs"]]


def missing_outputs() -> list[str]:
    """Return the paths of the outputs of acquire that do not exist."""
    return [str(path) for path in kept_outputs() if not path.exists()]


def remove_dangling_links() -> None:
    """Remove links to nowhere in the outputs of acquire, so that they count as missing.

    `dvc exp run` makes them in a fresh clone if cache.type is symlink. Then DVC can neither keep nor replace them.
    """
    for output in kept_outputs():
        for path in (output, *(Path(folder, name) for folder, _, names in os.walk(output) for name in names)):
            if path.is_symlink() and not path.exists():
                path.unlink()
