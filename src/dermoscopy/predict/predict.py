"""A trained member's probabilities for images."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.data import memory_guard, probabilities, read_images
from dermoscopy.networks.params import Runtime, SmallCNN, Transfer


def predict_images(
    model: Any, parameters: Transfer | SmallCNN, paths: list[Path], batch_size: int, runtime: Runtime
) -> NDArray[np.float64]:
    """Return the probability that each image shows a malignant lesion.

    It depends on the image alone: not on its batch, not on the order of the list.

    Args:
        model: A member's Keras model, as `load_member` returns it.
        parameters: Its parameters.
        paths: The images' files.
        batch_size: Images at a time.
        runtime: How the machine is used; `configure` has been called with it.

    Returns:
        From 0 to 1, in the order of the list; shape (images,).
    """
    fitting = int(runtime.memory * GIGABYTE / (3 * parameters.image_size**2))
    at_once = max(fitting // batch_size, 1) * batch_size  # whole batches: the same ones, however many fit
    answers = []
    for start in range(0, len(paths), at_once):
        images = read_images(paths[start : start + at_once], parameters.image_size, runtime.threads)
        with memory_guard(batch_size, "predict.batch_size"):
            answers.append(probabilities(model, [images], batch_size, eager=runtime.eager))
    return np.concatenate(answers)


def predict_split(
    model: Any, parameters: Transfer | SmallCNN, rows: pd.DataFrame, batch_size: int, runtime: Runtime
) -> pd.DataFrame:
    """Return a split's rows of `tables.predictions`; `rows` are those of its own table."""
    paths = [Path(path) for path in rows["path"]]
    answers = predict_images(model, parameters, paths, batch_size, runtime)
    return rows[["image_id", "lesion_id", "dx", "label"]].assign(probability=answers)
