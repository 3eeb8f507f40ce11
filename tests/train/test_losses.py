from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.target import BINARY
from dermoscopy.train.losses import make_loss
from tests.train.runs import training

LABELS = np.array([[1.0], [0.0], [1.0], [0.0]], np.float32)
PROBABILITIES = np.array([[0.9], [0.2], [0.3], [0.6]], np.float32)
OF_LABEL = np.array([0.9, 0.8, 0.3, 0.4])  # probability of the image's label


def loss(**changes: Any) -> float:
    return float(make_loss(training(**changes), BINARY)(LABELS, PROBABILITIES))


def test_cross_entropy() -> None:
    assert loss() == pytest.approx(-np.log(OF_LABEL).mean(), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
def test_focal_loss_of_lin_2017(gamma: float) -> None:
    expected = -((1 - OF_LABEL) ** gamma * np.log(OF_LABEL)).mean()
    assert loss(loss="focal", focal_gamma=gamma) == pytest.approx(expected, rel=1e-5)


def test_label_smoothing_moves_each_label_by_half() -> None:
    expected = -(0.95 * np.log(OF_LABEL) + 0.05 * np.log(1 - OF_LABEL)).mean()
    assert loss(label_smoothing=0.1) == pytest.approx(expected, rel=1e-5)
