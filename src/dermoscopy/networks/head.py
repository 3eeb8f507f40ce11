"""What turns features into one probability."""

from collections.abc import Sequence
from typing import Any

from dermoscopy.networks.seeds import derive
from dermoscopy.params.models import Initializer


def head(features: Any, units: Sequence[int], *, dropout: float, l2: float, initializer: Initializer, seed: int) -> Any:
    """Add dense layers with dropout, and the output.

    Args:
        features: A Keras tensor of shape (batch, features).
        units: Of each dense layer, ReLU after it.
        dropout: After each of them; before the output where there is none.
        l2: Weight of the penalty on each of their kernels.
        initializer: Of every kernel.
        seed: Of this head's draws.

    Returns:
        The probability that the lesion is malignant, float32 under every precision; shape (batch, 1).
    """
    import keras

    def kernel(*names: str | int) -> Any:
        return keras.initializers.get(
            {"class_name": initializer, "config": {"seed": derive(seed, *names)}},
        )

    for place, width in enumerate(units, 1):
        features = keras.layers.Dense(
            width,
            activation="relu",
            kernel_initializer=kernel("dense", place),
            kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
            name=f"dense_{place}",
        )(features)
        features = _drop(features, dropout, seed, place)
    if not units:
        features = _drop(features, dropout, seed, 1)
    return keras.layers.Dense(
        1, activation="sigmoid", kernel_initializer=kernel("output"), dtype="float32", name="malignant"
    )(features)


def _drop(features: Any, rate: float, seed: int, place: int) -> Any:
    import keras

    if rate == 0:
        return features
    return keras.layers.Dropout(rate, seed=derive(seed, "dropout", place), name=f"dropout_{place}")(features)
