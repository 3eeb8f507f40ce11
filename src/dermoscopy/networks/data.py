"""Images, or features stored of them, to batches.

The images of one split, decoded once.

What a network says of images.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import DISK_FULL, TrainingError
from dermoscopy.core.images import read_image
from dermoscopy.core.params import GIGABYTE
from dermoscopy.core.splits import LABELS


def batches(
    inputs: Sequence[NDArray[Any]],
    batch_size: int,
    *,
    labels: NDArray[np.float32] | None = None,
    weights: NDArray[np.float32] | None = None,
    order: NDArray[np.int64] | None = None,
    augment: Callable[[Any, Any], Any] | None = None,
) -> Any:
    """Return a dataset of batches, the last one smaller where they do not divide.

    The arrays are read a batch at a time, wherever they are kept; a memory map is never loaded whole.
    Equal arguments give equal batches. Nothing is tuned while it runs: tf.data's autotuner makes short
    epochs erratic.

    Args:
        inputs: What the network takes, arrays of equal length: images of shape (images, side,
            side, 3), uint8, which become float32 from 0 to 255; or features, which stay as they are.
        batch_size: Images at a time.
        labels: 0 or 1, shape (images,).
        weights: How much each counts, shape (images,); only with labels.
        order: Positions of the images in the order wanted, any of them as often as wanted; as
            they stand where None.
        augment: Changes a batch of the only input, float32, given the places of its images in the order.

    Returns:
        A dataset of the inputs (a tensor, or a tuple where there are several), or of tuples of them,
        labels of shape (batch, 1), and weights of shape (batch,). Several inputs alone come as a tuple
        of one tuple, since Keras would take the second of them for labels.
    """
    import tensorflow as tf

    order = np.arange(len(inputs[0])) if order is None else order
    told = [] if labels is None else [labels[order][:, np.newaxis]]
    told += [] if weights is None else [weights[order]]

    def read(positions: NDArray[np.int64]) -> list[NDArray[Any]]:
        return [np.take(array, positions, axis=0) for array in inputs]

    def load(positions: Any, places: Any, *told: Any) -> Any:
        # What is read never changes; called stateful, it would lose its prefetching to determinism.
        taken = tf.numpy_function(read, [positions], [array.dtype for array in inputs], stateful=False)
        for tensor, array in zip(taken, inputs, strict=True):
            tensor.set_shape((None, *array.shape[1:]))
        taken = [tf.cast(tensor, tf.float32) if tensor.dtype == tf.uint8 else tensor for tensor in taken]
        if augment is not None:
            taken = [augment(taken[0], places)]
        if len(taken) > 1:
            return (tuple(taken), *told)
        return (taken[0], *told) if told else taken[0]

    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    columns = (order, np.arange(len(order)), *told)
    return tf.data.Dataset.from_tensor_slices(columns).batch(batch_size).map(load).prefetch(1).with_options(options)


CHUNK = 64  # images in memory on their way to the disk


@dataclass(frozen=True)
class Examples:
    """Images and what they are.

    Attributes:
        images: Red, green, blue; shape (images, side, side, 3), uint8; in memory, or a map of a file.
        labels: 0 benign, 1 malignant; shape (images,), float32.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]


def read_examples(frame: pd.DataFrame, size: int, threads: int, *, memory: float, folder: Path) -> Examples:
    """Decode the images of a split once, in the order of its table.

    Args:
        frame: Rows of a split's table.
        size: ImageSize of the square wanted, in pixels.
        threads: Decoding at a time.
        memory: Gigabytes they may take in memory; more of them are kept in a file.
        folder: Where that file is made. It has no name, so that nothing is left of it however the process ends.

    Raises:
        TrainingError: The disk has no room for them.
    """
    paths = [Path(path) for path in frame["path"]]
    wanted = len(paths) * size * size * 3 / GIGABYTE
    read = _read_to_disk(paths, size, threads, folder) if wanted > memory else read_images(paths, size, threads)
    return Examples(read, frame["label"].to_numpy(np.float32))


def sha256_of_arrays(arrays: Iterable[NDArray[Any]]) -> str:
    """Return the sha256 of arrays, one after the other, each with its type and shape, in hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def read_images(paths: list[Path], size: int, threads: int) -> NDArray[np.uint8]:
    """Decode images into one array of shape (images, size, size, 3)."""
    images = np.empty((len(paths), size, size, 3), np.uint8)

    def decode(place: int) -> None:
        images[place] = read_image(paths[place], size)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(len(paths))))
    return images


def _read_to_disk(paths: list[Path], size: int, threads: int, folder: Path) -> NDArray[np.uint8]:
    shape = (len(paths), size, size, 3)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # Written rather than mapped: a full disk is then an error, and not the end of the process.
            for start in range(0, len(paths), CHUNK):
                file.write(read_images(paths[start : start + CHUNK], size, threads).data)
            file.flush()
            return np.memmap(file, np.uint8, mode="r", shape=shape)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise TrainingError(
            f"The disk of {folder} has no room for {len(paths):,} images of {size} pixels, "
            f"{np.prod(shape) / GIGABYTE:.1f} GB: free some, or allow more of the memory (runtime.memory)."
        ) from error


def require_both_labels(examples: Examples, split: str) -> None:
    """Refuse a split that no classifier can be trained or chosen on.

    Raises:
        TrainingError: A label has no image.
    """
    for label, name in enumerate(LABELS):
        if not np.any(examples.labels == label):
            raise TrainingError(
                f"{split} holds no {name} image among its {len(examples.labels)}: "
                "take more lesions (merge.lesions, simulate.lesions) or a larger share (split)."
            )


def probabilities(
    model: Any, inputs: Sequence[NDArray[Any]], batch_size: int, *, eager: bool = False
) -> NDArray[np.float64]:
    """Return the probability that each image shows a malignant lesion.

    Args:
        model: A member's Keras model, or its last layers.
        inputs: What it takes, as `batches` does: images, or the features stored of them.
        batch_size: Images at a time; changes nothing beyond rounding.
        eager: Without a graph, which costs seconds to trace.

    Returns:
        Shape (images,).
    """
    model.run_eagerly = eager
    model.jit_compile = False
    predictions = model.predict(batches(inputs, batch_size), verbose=0)
    return np.asarray(predictions[:, 0], dtype=np.float64)


@contextmanager
def memory_guard(batch_size: int, key: str = "training.batch_size") -> Iterator[None]:
    """Tell a user whose memory does not suffice what would.

    Args:
        batch_size: Images a step.
        key: The parameter that says so.

    Raises:
        TrainingError: What is done in the block takes more memory than there is.
    """
    import tensorflow as tf

    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        if batch_size > 1:
            remedy = f"Take smaller batches, {key}: {batch_size // 2}, or smaller images (image_size)."
        else:
            remedy = "Take smaller images (image_size)."
        raise TrainingError(f"The memory does not suffice for batches of {batch_size} images.\n{remedy}") from error
