import gc
import weakref
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from dermoscopy.networks.data import batches

IMAGES = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
LABELS = np.array([0, 10, 20, 30, 40], np.float32)


def numbers(batch: Any) -> list[float]:
    """Return the numbers of the images of a batch in IMAGES."""
    return batch.numpy()[:, 0, 0, 0].tolist()


def test_batches_keep_the_order_and_the_remainder() -> None:
    assert [numbers(batch) for batch in batches([IMAGES], 2)] == [[0, 1], [2, 3], [4]]


def test_order_selects_and_repeats_images() -> None:
    order = np.array([4, 0, 3, 0, 0, 1, 4])
    assert [numbers(batch) for batch in batches([IMAGES], 3, order=order)] == [[4, 0, 3], [0, 0, 1], [4]]


def test_labels_and_weights_follow_their_images() -> None:
    order = np.array([4, 0, 3])
    read = list(batches([IMAGES], 2, truth=LABELS[order, None], weights=LABELS[order] + 1, order=order))
    assert [numbers(pixels) for pixels, _, _ in read] == [[4, 0], [3]]
    for pixels, truth, weight in read:
        np.testing.assert_array_equal(truth[:, 0], 10 * pixels[:, 0, 0, 0])
        np.testing.assert_array_equal(weight, 10 * pixels[:, 0, 0, 0] + 1)


def test_images_become_float32_from_0_to_255() -> None:
    (batch,) = batches([np.full((1, 2, 2, 3), 255, np.uint8)], 4)
    assert batch.dtype == "float32"
    assert batch.numpy().max() == 255


def test_cached_features_are_not_changed() -> None:
    wide = np.random.default_rng(1).random((5, 3, 3, 2)).astype(ml_dtypes.bfloat16)
    flat = np.random.default_rng(2).random((5, 4)).astype(np.float32)
    order = np.array([2, 0, 4])
    [(both, truth)] = batches([wide, flat], 8, truth=LABELS[order, None], order=order)
    np.testing.assert_array_equal(both[0].numpy(), wide[order])
    np.testing.assert_array_equal(both[1].numpy(), flat[order])
    assert [tensor.dtype.name for tensor in both] == ["bfloat16", "float32"]
    assert truth.numpy()[:, 0].tolist() == [20, 0, 40]
    # In a tuple of one tuple, or Keras would take the second input for labels.
    [((first, second),)] = batches([wide, flat], 8, order=order)
    assert (first.shape, second.shape) == ((3, 3, 3, 2), (3, 4))


def test_a_memory_map_gives_the_same_batches(tmp_path: Path) -> None:
    IMAGES.tofile(tmp_path / "images")
    mapped = np.memmap(tmp_path / "images", np.uint8, mode="r", shape=IMAGES.shape)
    order = np.array([3, 1, 4])
    for from_disk, from_memory in zip(
        batches([mapped], 2, order=order), batches([IMAGES], 2, order=order), strict=True
    ):
        np.testing.assert_array_equal(from_disk, from_memory)


def test_the_arrays_are_free_after_the_dataset_and_not_before() -> None:
    """TensorFlow keeps the functions of all datasets, so that all arrays would stay in memory."""
    images = IMAGES.copy()
    free = weakref.ref(images)
    derived = batches([images], 2).take(2).repeat(2)
    del images
    gc.collect()
    assert [numbers(batch) for batch in derived] == 2 * [[0, 1], [2, 3]]
    assert free() is not None
    del derived
    gc.collect()
    assert free() is None


def test_augment_receives_the_position_in_the_epoch_and_not_in_the_array() -> None:
    def brighten_by_position(images: Any, positions: Any) -> Any:
        return images + 10 * positions.astype(np.uint8)[:, np.newaxis, np.newaxis, np.newaxis]

    data = batches([IMAGES], 2, order=np.array([4, 0, 3]), augment=brighten_by_position)
    assert [numbers(batch) for batch in data] == [[4, 10], [23]]


def test_shapes_are_known_before_the_images_are_read() -> None:
    pixels, truth = batches([IMAGES], 2, truth=LABELS[:, None]).element_spec
    assert pixels.shape.as_list() == [None, 2, 2, 3]
    assert truth.shape.as_list() == [None, 1]


def test_the_autotuner_is_off_and_the_order_deterministic() -> None:
    options = batches([IMAGES], 2).options()
    assert options.autotune.enabled is False
    assert options.deterministic is True


def test_keras_accepts_several_inputs() -> None:
    import keras

    inputs = [keras.Input((3,)), keras.Input((4,))]
    sums = keras.layers.Concatenate()([keras.layers.Dense(1, kernel_initializer="ones")(x) for x in inputs])
    model = keras.Model(inputs, sums)
    arrays = [np.ones((5, 3), np.float32), np.ones((5, 4), np.float32)]
    np.testing.assert_allclose(model.predict(batches(arrays, 2), verbose=0), np.tile([3.0, 4.0], (5, 1)))
    model.compile(loss="mse")
    assert np.isfinite(
        model.fit(batches(arrays, 2, truth=LABELS[:, None]), shuffle=False, verbose=0).history["loss"][0]
    )
