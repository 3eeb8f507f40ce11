"""Optimizers by name."""

from typing import Any

from dermoscopy.params.optimizers import Optimizer


def make_optimizer(name: Optimizer, learning_rate: float, clip: float | None = None) -> Any:
    """Return a new Keras optimizer.

    Args:
        name: Which.
        learning_rate: Its step.
        clip: No component of a gradient is larger; None does not clip.
    """
    import keras

    config = {"learning_rate": learning_rate, "clipvalue": clip}
    return keras.optimizers.get({"class_name": name, "config": config})
