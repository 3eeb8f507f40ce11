"""Classify skin lesions on dermatoscopic images; `load` gives the ensemble of a finished run or of a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from dermoscopy.use.model import Model


def load(folder: str | Path = ".") -> Model:
    """Load the ensemble of a finished run or of a bundle: `load(folder).predict(["lesion.jpg"])` returns a table.

    TensorFlow is imported here, and its threads, precision and determinism are set as in the run, for the whole
    process.

    Args:
        folder: Top folder of the project, with dvc.lock and data/; or a bundle, see docs/how-to/export.md.

    Returns:
        The ensemble, see `dermoscopy.use.model.Model`.

    Raises:
        UserError: There is no finished run and no bundle, or files are missing or were changed.
    """
    from dermoscopy.use.model import load_model

    return load_model(folder)
