import numpy as np

from dermoscopy.networks.batches import batches

IMAGES = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)


def test_keeps_the_order_and_the_remainder() -> None:
    seen = [batch.numpy()[:, 0, 0, 0].tolist() for batch in batches(IMAGES, 2)]
    assert seen == [[0, 1], [2, 3], [4]]


def test_labels_follow_their_photographs() -> None:
    labels = np.array([0, 10, 20, 30, 40], np.float32)
    order = np.array([4, 0, 3])
    pairs = [
        (pixels.numpy()[:, 0, 0, 0], truth.numpy()[:, 0])
        for pixels, truth in batches(IMAGES, 2, labels=labels, order=order)
    ]
    assert [pixels.tolist() for pixels, _ in pairs] == [[4, 0], [3]]
    for pixels, truth in pairs:
        np.testing.assert_array_equal(truth, pixels * 10)


def test_is_float32_from_0_to_255() -> None:
    (batch,) = batches(np.full((1, 2, 2, 3), 255, np.uint8), 4)
    assert batch.dtype == "float32"
    assert float(batch.numpy().max()) == 255
