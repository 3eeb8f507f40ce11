"""Predict images with a trained member."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.params import GIGABYTE
from dermoscopy.core.sources import image_columns
from dermoscopy.core.tables import DIAGNOSIS_PROBABILITIES
from dermoscopy.networks.data import memory_guard, outputs, read_images
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.saved import SavedMember
from dermoscopy.networks.views import VIEWS, view_images
from dermoscopy.predict.params import Predict


def predict_images(member: SavedMember, paths: list[Path], settings: Predict, runtime: Runtime) -> NDArray[np.float64]:
    """Predict the classes of images.

    The probabilities depend on the image only, not on its batch or on the order of the images.

    Args:
        member: Trained member.
        paths: Files of the images.
        settings: Parameters of the prediction.
        runtime: The `runtime` block; `configure` has been called with it.

    Returns:
        Probabilities of the classes from 0 to 1, in the order of `paths`; shape (images, classes).
    """
    size, batch_size = member.parameters.image_size, settings.batch_size
    images_in_memory = int(runtime.memory * GIGABYTE / (3 * size**2))
    # A chunk is whole batches, so that the memory limit does not change the batches.
    chunk_size = max(images_in_memory // batch_size, 1) * batch_size
    chunks = []
    for start in range(0, len(paths), chunk_size):
        images = read_images(paths[start : start + chunk_size], size, runtime.threads)
        chunks.append(predict_arrays(member, images, settings, runtime))
    return np.concatenate(chunks)


def predict_arrays(
    member: SavedMember, images: NDArray[np.uint8], settings: Predict, runtime: Runtime
) -> NDArray[np.float64]:
    """Predict the classes of images in memory, the mean over their views.

    Args:
        member: Trained member.
        images: Images, shape (images, image_size, image_size, 3).
        settings: Parameters of the prediction.
        runtime: The `runtime` block; `configure` has been called with it.

    Returns:
        Probabilities of the classes from 0 to 1; shape (images, classes).
    """
    views = range(VIEWS if settings.turns_and_flips else 1)
    with memory_guard(settings.batch_size, "predict.batch_size"):
        predicted = [
            outputs(member.model, [view_images(images, view)], settings.batch_size, eager=runtime.eager)
            for view in views
        ]
    mean: NDArray[np.float64] = np.mean(predicted, axis=0)
    return mean


def predict_split(member: SavedMember, rows: pd.DataFrame, settings: Predict, runtime: Runtime) -> pd.DataFrame:
    """Predict a split: return the table `core.tables.PREDICTIONS` for rows of `core.splits.SPLIT`.

    Args:
        member: Trained member.
        rows: Rows of the split.
        settings: Parameters of the prediction.
        runtime: The `runtime` block; `configure` has been called with it.
    """
    predicted = predict_images(member, [Path(path) for path in rows["path"]], settings, runtime)
    columns = {} if member.target.is_binary else dict(zip(DIAGNOSIS_PROBABILITIES, predicted.T, strict=True))
    return image_columns(rows).assign(probability=member.target.probability(predicted), **columns)
