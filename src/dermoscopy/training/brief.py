"""A training short enough to be done twice: what the parameters say, over a few steps of one epoch a phase."""

import pandas as pd

from dermoscopy.params.models import M, Transfer

STEPS = 4


def one_epoch_a_phase(parameters: M) -> M:
    """Return a member's parameters with one epoch in each of its phases."""
    epochs = {"epochs": 1}
    if isinstance(parameters, Transfer):
        epochs["frozen_epochs"] = min(1, parameters.frozen_epochs)
    return parameters.model_copy(update=epochs)


def few(rows: pd.DataFrame, batch_size: int) -> pd.DataFrame:
    """Return rows of a part for a few steps, as many benign as malignant where there are so many.

    Args:
        rows: Of a part's table.
        batch_size: Photographs a step.
    """
    return rows.groupby("label").head(STEPS * batch_size // 2 + 1)
