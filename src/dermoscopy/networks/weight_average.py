"""Moving averages of the weights, which an optimizer keeps: beside the weights of the training, not in their place.

Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging. Keras's optimizers keep exponential
averages, but give them to the model at the end of each call of fit; here, a training is one call per epoch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class WeightAverage:
    """Change between the weights of the training and their averages. Call its methods in the scope of the devices.

    Args:
        model: Keras model.
        optimizer: Its optimizer, from `make_optimizer` with a `weight_average`.

    Attributes:
        trained: Weights of the training while the model has the averages; empty before the first epoch.
    """

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.model, self.optimizer = model, optimizer
        self.trained: Sequence[NDArray[np.floating]] = []

    def use_trained(self) -> None:
        """Give the model the weights of the training, before an epoch."""
        if self.trained:
            self._assign(self.trained)

    def use_averages(self) -> None:
        """Keep the weights of the training and give the model the averages, after an epoch."""
        self.trained = [variable.numpy() for variable in self.model.trainable_variables]
        # As Keras's callback SwapEMAWeights, which keeps no state between calls of fit.
        self._assign([average.numpy() for average in self.optimizer._model_variables_moving_average])

    def _assign(self, values: Sequence[NDArray[np.floating]]) -> None:
        for variable, value in zip(self.model.trainable_variables, values, strict=True):
            variable.assign(value)


def without_overwriting(kind: Any) -> Any:
    """Return a subclass of an optimizer whose averages do not replace the weights at the end of each call of fit.

    Args:
        kind: Class of a Keras optimizer.
    """

    class Keeping(kind):  # type: ignore[misc]
        def finalize_variable_values(self, var_list: Any) -> None:
            """Leave the weights as they are."""

    Keeping.__name__ = kind.__name__
    return Keeping
