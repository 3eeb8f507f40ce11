"""Grad-CAM against two other ways to compute it, and the feature map at which networks are split."""

import numpy as np
import pytest

from dermoscopy.explain.gradcam import enlarge, gradcam, split_at_map
from dermoscopy.networks.build import build_member
from dermoscopy.networks.target import BINARY, Target
from tests.tiny import small_cnn

DX = Target({"akiec": 1, "bcc": 1, "bkl": 0, "df": 0, "mel": 1, "nv": 0, "vasc": 0})


@pytest.fixture
def images():
    return np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)


def test_with_global_pooling_it_equals_the_class_activation_map(images, transfer):
    """Zhou et al. 2016: then the weight of a channel is the kernel of the output, divided by the number of pixels."""
    model = build_member("m", transfer(image_size=32, dense=[]), seed=1)
    parts = split_at_map(model, 2)
    features = np.asarray(parts.before(images.astype(np.float32)))
    # Between this map and the output are only max pooling to one pixel and the mean over it.
    assert features.shape[1:3] == (2, 2)
    flat = features.reshape(3, 4, -1)
    highest = flat == flat.max(axis=1, keepdims=True)
    weights = np.where(highest & (flat > 0), 1, 0) * np.asarray(model.layers[-1].kernel)[:, 0]
    expected = np.maximum((weights.mean(axis=1, keepdims=True) * flat).sum(axis=2), 0).reshape(3, 2, 2)
    np.testing.assert_allclose(gradcam(model, BINARY, images, 2), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("target", [BINARY, DX])
def test_it_equals_the_differences_of_the_logit(images, target):
    """Each gradient as a quotient of differences, from the probability that the whole network predicts."""
    parameters = small_cnn(image_size=24, filters=4, conv_layers=2, pool_size=2, pooling="average")
    model = build_member("m", parameters, seed=1, target=target)
    parts = split_at_map(model, 5)
    image = images[:1, :24, :24]
    (features,) = np.asarray(parts.before(image.astype(np.float32)))

    def logits(values):
        hidden = np.asarray(parts.after(values), np.float64)
        scores = hidden @ np.asarray(parts.output.kernel, np.float64) + np.asarray(parts.output.bias, np.float64)
        if target.is_binary:
            return scores[:, 0]
        malignant = np.exp(scores) @ target.malignant / np.exp(scores).sum(axis=1)
        return np.log(malignant / (1 - malignant))

    changes = 0.005 * np.eye(features.size, dtype=np.float32).reshape(-1, *features.shape)
    gradients = ((logits(features + changes) - logits(features - changes)) / 0.01).reshape(features.shape)
    expected = np.maximum((gradients.mean(axis=(0, 1)) * features).sum(axis=2), 0)
    (found,) = gradcam(model, target, image, 5)
    assert found.shape == features.shape[:2]
    assert found.max() > 0
    np.testing.assert_allclose(found, expected, atol=0.02 * expected.max())


@pytest.mark.parametrize(
    ("backbone", "image_size", "min_size", "size"),
    [
        ("vgg19", 32, 5, 8),
        ("vgg19", 32, 2, 2),
        ("vgg19", 32, 99, 32),
        ("inception_v3", 75, 5, 7),
        ("inception_v3", 75, 2, 3),
    ],
)
def test_the_network_is_split_at_the_last_map_that_is_wide_enough(transfer, backbone, image_size, min_size, size):
    model = build_member("m", transfer(backbone=backbone, image_size=image_size), seed=1)
    parts = split_at_map(model, min_size)
    assert parts.before.output.shape[1:3] == (size, size)
    image = np.random.default_rng(1).uniform(0, 255, (1, image_size, image_size, 3)).astype(np.float32)
    hidden = np.asarray(parts.after(parts.before(image, training=False), training=False))
    joined = 1 / (1 + np.exp(-(hidden @ np.asarray(parts.output.kernel) + np.asarray(parts.output.bias))))
    np.testing.assert_allclose(joined, np.asarray(model(image, training=False)), rtol=1e-4)


def test_maps_are_enlarged_to_the_image():
    maps = enlarge(np.array([[[0, 1], [0, 1]]], np.float32), 4)
    np.testing.assert_allclose(maps[0], [[0, 0.25, 0.75, 1]] * 4)
