"""Members with random weights, images of random pixels, and what Keras predicts for them."""

import numpy as np

from dermoscopy.networks.build import build_member
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.saved import SavedMember
from dermoscopy.networks.target import BINARY, Target

DX = Target({"bcc": 1, "mel": 1, "nv": 0})


def built(parameters: Transfer | SmallCNN, target: Target = BINARY) -> SavedMember:
    """Return a member whose weights, also those of batch normalization, are random."""
    model = build_member("member", parameters, seed=3, target=target)
    rng = np.random.default_rng(3)
    for variable in model.variables:
        if any(part in variable.path for part in ("gamma", "moving_variance")):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif any(part in variable.path for part in ("beta", "bias", "moving_mean")):
            variable.assign(rng.normal(0, 0.1, variable.shape))
    return SavedMember(model, parameters, target)


def pixels(member: SavedMember, count: int = 12) -> np.ndarray:
    """Return images of random pixels, the first two black and white."""
    size = member.parameters.image_size
    images = np.random.default_rng(1).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    images[0], images[1] = 0, 255
    return images


def expected(member: SavedMember, images: np.ndarray) -> np.ndarray:
    """Return the probabilities by Keras."""
    return np.asarray(member.model(images.astype(np.float32), training=False))
