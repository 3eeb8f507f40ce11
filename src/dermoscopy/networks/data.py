"""Input of networks and batch inference: decoded images of a split, batches of them, predicted probabilities."""

import hashlib
import tempfile
import weakref
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
from dermoscopy.core.sources import sources
from dermoscopy.core.splits import LABELS


@dataclass(frozen=True, eq=False)
class _Reader:
    """Arrays from which a dataset reads, and the function that augments a batch."""

    inputs: Sequence[NDArray[Any]]
    augment: Callable[[NDArray[np.uint8], NDArray[np.int64]], NDArray[np.uint8]] | None

    def read(self, indices: NDArray[np.int64], positions: NDArray[np.int64]) -> list[NDArray[Any]]:
        taken = [np.take(array, indices, axis=0) for array in self.inputs]
        return taken if self.augment is None else [self.augment(taken[0], positions)]


def batches(
    inputs: Sequence[NDArray[Any]],
    batch_size: int,
    *,
    truth: NDArray[np.float32] | None = None,
    weights: NDArray[np.float32] | None = None,
    order: NDArray[np.int64] | None = None,
    augment: Callable[[NDArray[np.uint8], NDArray[np.int64]], NDArray[np.uint8]] | None = None,
) -> Any:
    """Return a tf.data.Dataset of batches; the last batch may be smaller.

    The arrays are read batch by batch, so that a memory map is never loaded as a whole. Equal arguments give
    equal batches. The autotuner of tf.data is off, since it makes the time of short epochs erratic.

    Args:
        inputs: Inputs of the network, arrays of equal length: images of shape (images, image_size,
            image_size, 3), uint8, which become float32 from 0 to 255; or cached features, which are not changed.
        batch_size: Number of images per batch.
        truth: What the network should predict, in the order in which images are read, shape (images read, classes).
        weights: Sample weights, in the same order, shape (images read,); only with `truth`.
        order: Positions of the images in the arrays, in the order in which they are read; they may repeat.
            None reads each image once, in the order of the arrays.
        augment: Function from a batch of the single input, images of type uint8, and their positions in the
            epoch, shape (batch,), to the augmented batch, of the same shape and type.

    Returns:
        A dataset of the inputs (a tensor, or a tuple if there are several); with `truth`, of tuples of inputs, truth of
        shape (batch, classes), and weights of shape (batch,). Several inputs without `truth` are a tuple of one tuple,
        since Keras would take the second input for it.
    """
    import tensorflow as tf

    order = np.arange(len(inputs[0])) if order is None else order
    targets = [array for array in (truth, weights) if array is not None]

    reader = _Reader(inputs, augment)
    # TensorFlow keeps the function of each dataset, also of those that are no longer used. It must not keep the arrays.
    read: Any = weakref.WeakMethod(reader.read)

    def load(indices: Any, positions: Any, *targets: Any) -> Any:
        # Reading has no state; if it were stateful, TensorFlow's determinism would switch off prefetching.
        dtypes = [array.dtype for array in inputs]
        taken = tf.numpy_function(lambda *order: read()(*order), [indices, positions], dtypes, stateful=False)
        for tensor, array in zip(taken, inputs, strict=True):
            tensor.set_shape((None, *array.shape[1:]))
        taken = [tf.cast(tensor, tf.float32) if tensor.dtype == tf.uint8 else tensor for tensor in taken]
        if len(taken) > 1:
            return (tuple(taken), *targets)
        return (taken[0], *targets) if targets else taken[0]

    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    columns = (order, np.arange(len(order)), *targets)
    dataset = tf.data.Dataset.from_tensor_slices(columns).batch(batch_size).map(load).prefetch(1).with_options(options)
    dataset.reader = reader  # lives as long as the dataset, and those made from it
    return dataset


CHUNK = 64  # images that are decoded before they are written to disk


@dataclass(frozen=True)
class Examples:
    """Images with their labels.

    Attributes:
        images: Images, red, green, blue, shape (images, image_size, image_size, 3), uint8; in memory or a memory map.
        labels: Labels, 0 benign, 1 malignant, shape (images,), float32.
        sources: Number of the source of each image (`core.sources`), shape (images,); None if no sources are known.
        diagnoses: Diagnosis of each image, shape (images,); needed for the target dx only.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]
    sources: NDArray[np.int64] | None = None
    diagnoses: NDArray[np.str_] | None = None


def read_examples(frame: pd.DataFrame, size: int, threads: int, *, memory: float, folder: Path) -> Examples:
    """Decode the images of a split once, in the order of its table.

    Args:
        frame: Rows of a split's table.
        size: Width and height of the decoded images, in pixels.
        threads: Number of threads that decode.
        memory: Largest size of the images in memory, in GB; larger ones are kept in a file.
        folder: Folder of that file. The file has no name, so that it is removed however the process ends.

    Raises:
        TrainingError: The disk is full.
    """
    paths = [Path(path) for path in frame["path"]]
    needed = len(paths) * size * size * 3 / GIGABYTE
    images = _read_to_disk(paths, size, threads, folder) if needed > memory else read_images(paths, size, threads)
    names = sources(frame)
    numbers = None if names is None else np.unique(names, return_inverse=True)[1].astype(np.int64)
    return Examples(images, frame["label"].to_numpy(np.float32), numbers, frame["dx"].to_numpy(np.str_))


def sha256_of_arrays(arrays: Iterable[NDArray[Any]]) -> str:
    """Return the sha256 of arrays in order, with their types and shapes, in hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def read_images(paths: list[Path], size: int, threads: int) -> NDArray[np.uint8]:
    """Decode images into one array of shape (images, size, size, 3)."""
    images = np.empty((len(paths), size, size, 3), np.uint8)

    def decode(index: int) -> None:
        images[index] = read_image(paths[index], size)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(len(paths))))
    return images


def _read_to_disk(paths: list[Path], size: int, threads: int, folder: Path) -> NDArray[np.uint8]:
    shape = (len(paths), size, size, 3)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # Written, not mapped: with a memory map, a full disk would kill the process instead of raising an error.
            for start in range(0, len(paths), CHUNK):
                file.write(read_images(paths[start : start + CHUNK], size, threads).data)
            file.flush()
            return np.memmap(file, np.uint8, mode="r", shape=shape)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise TrainingError(
            f"Disk full: {folder} has no space for {len(paths):,} images of {size} pixels "
            f"({np.prod(shape) / GIGABYTE:.1f} GB). Free disk space or increase runtime.memory."
        ) from error


def require_both_labels(examples: Examples, split: str) -> None:
    """Raise an error if a split has no image of one of the labels.

    Args:
        examples: Images of the split.
        split: Name of the split: train or val.

    Raises:
        TrainingError: A label has no image.
    """
    for label, name in enumerate(LABELS):
        if not np.any(examples.labels == label):
            raise TrainingError(
                f"{split} has no {name} image among its {len(examples.labels)} images. "
                f"Use more lesions (merge.lesions, simulate.lesions) or increase the proportion of {split} (split)."
            )


def outputs(
    model: Any,
    inputs: Sequence[NDArray[Any]],
    batch_size: int,
    *,
    eager: bool = False,
    order: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the output of a network for each image.

    Args:
        model: Keras model of a member, or of its last layers.
        inputs: Inputs of the model, as `batches` takes them: images, or their cached features.
        batch_size: Number of images per batch; it changes only rounding.
        eager: Run without a graph, whose tracing takes seconds.
        order: Positions of the images in the arrays, as `batches` takes them; None predicts all.

    Returns:
        Probabilities of the classes, float64, shape (images, classes).
    """
    model.run_eagerly = eager
    model.jit_compile = False
    data = batches(
        inputs, batch_size, order=order
    )  # a variable, since the dataset has to live until the end of the prediction
    return np.asarray(model.predict(data, verbose=0), dtype=np.float64)


@contextmanager
def memory_guard(batch_size: int, key: str = "training.batch_size") -> Iterator[None]:
    """Turn out-of-memory errors in the block into an error that names the parameters to reduce.

    Args:
        batch_size: Number of images per step.
        key: Name of the parameter for the batch size.

    Raises:
        TrainingError: The memory is insufficient.
    """
    import tensorflow as tf

    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        if batch_size > 1:
            remedy = f"Reduce {key}, for example to {batch_size // 2}, or image_size."
        else:
            remedy = "Reduce image_size."
        raise TrainingError(f"Out of memory with {key} {batch_size}.\n{remedy}") from error
