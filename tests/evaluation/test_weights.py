import numpy as np
import pandas as pd
import pytest

from dermoscopy.evaluation.weights import accuracy_weights, weigh_members
from dermoscopy.params.ensemble import Ensemble

LABEL = np.array([0, 0, 1, 1])
PROBABILITIES = pd.DataFrame(
    {"vgg19": [0.9, 0.1, 0.9, 0.1], "cnn_a": [0.1, 0.1, 0.9, 0.9], "cnn_b": [0.1, 0.1, 0.9, 0.5]},
    index=["i1", "i2", "i3", "i4"],
)


def settings(*members: str, threshold: float = 0.5) -> Ensemble:
    return Ensemble(members=list(members), method="mean", threshold=threshold)


def test_in_proportion_to_accuracy():
    table = weigh_members(LABEL, PROBABILITIES, settings("vgg19", "cnn_a"))
    assert table["member"].tolist() == ["vgg19", "cnn_a", "cnn_b"]
    assert table["accuracy"].tolist() == [0.5, 1, 1]
    assert table["weight"].tolist() == pytest.approx([1 / 3, 2 / 3, 0])


def test_accuracy_is_at_the_threshold():
    assert weigh_members(LABEL, PROBABILITIES, settings("cnn_b", threshold=0.6))["accuracy"].tolist() == [0.5, 1, 0.75]


def test_nobody_is_ever_right():
    assert accuracy_weights({"a": 0.0, "b": 0.0}) == {"a": 0.5, "b": 0.5}
