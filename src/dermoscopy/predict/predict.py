"""Predict images with a trained member."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.params import GIGABYTE
from dermoscopy.core.sources import image_columns
from dermoscopy.networks.data import memory_guard, probabilities, read_images
from dermoscopy.networks.params import Runtime, SmallCNN, Transfer


def predict_images(
    model: Any, parameters: Transfer | SmallCNN, paths: list[Path], batch_size: int, runtime: Runtime
) -> NDArray[np.float64]:
    """Predict the probability that each image shows a malignant lesion.

    It depends on the image only, not on its batch or on the order of the images.

    Args:
        model: Keras model of a member, as `load_member` returns it.
        parameters: Parameters of the member.
        paths: Files of the images.
        batch_size: Number of images in a batch.
        runtime: The `runtime` block; `configure` has been called with it.

    Returns:
        Probabilities from 0 to 1, in the order of `paths`; shape (images,).
    """
    images_in_memory = int(runtime.memory * GIGABYTE / (3 * parameters.image_size**2))
    # A chunk is whole batches, so that the memory limit does not change the batches.
    chunk_size = max(images_in_memory // batch_size, 1) * batch_size
    chunks = []
    for start in range(0, len(paths), chunk_size):
        images = read_images(paths[start : start + chunk_size], parameters.image_size, runtime.threads)
        with memory_guard(batch_size, "predict.batch_size"):
            chunks.append(probabilities(model, [images], batch_size, eager=runtime.eager))
    return np.concatenate(chunks)


def predict_split(
    model: Any, parameters: Transfer | SmallCNN, rows: pd.DataFrame, batch_size: int, runtime: Runtime
) -> pd.DataFrame:
    """Predict a split: return the table `core.tables.PREDICTIONS` for rows of `core.splits.SPLIT`.

    Args:
        model: Keras model of a member, as `load_member` returns it.
        parameters: Parameters of the member.
        rows: Rows of the split.
        batch_size: Number of images in a batch.
        runtime: The `runtime` block; `configure` has been called with it.
    """
    paths = [Path(path) for path in rows["path"]]
    probability = predict_images(model, parameters, paths, batch_size, runtime)
    return image_columns(rows).assign(probability=probability)
