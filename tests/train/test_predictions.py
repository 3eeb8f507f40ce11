import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dermoscopy.core.metrics import epoch_metrics
from dermoscopy.networks.build import build_member
from dermoscopy.networks.data import Examples, outputs
from dermoscopy.networks.params import SmallCNN
from dermoscopy.networks.target import BINARY
from dermoscopy.train.predictions import EpochPredictions
from tests.train.runs import examples, make_runtime, run

MakeCNN = Callable[..., SmallCNN]


def bunched_model(parameters: SmallCNN) -> object:
    """Return a network whose probabilities are all near 0.5."""
    model = build_member("m", parameters, seed=1)
    *weights, kernel, bias = model.get_weights()
    model.set_weights([*weights, kernel * 0.01, bias])
    return model


@pytest.mark.parametrize("eager", [True, False])
def test_the_metrics_on_train_are_those_of_its_predictions_also_if_these_are_bunched(
    tiny_cnn: MakeCNN, eager: bool
) -> None:
    """200 thresholds, as in the ROC AUC of Keras, do not separate such probabilities."""
    parameters = tiny_cnn(epochs=1, dropout=0.0, optimizer="sgd", learning_rate=1e-12)
    images = examples(50).images
    train = Examples(images, np.random.default_rng(3).permutation(50).__lt__(20).astype(np.float32))
    model = bunched_model(parameters)
    predicted = outputs(model, [images], 4, eager=True)[:, 0]
    assert 0 < np.ptp(predicted) < 1 / 200
    _, curve, _, _ = run(parameters, train, model, runtime=make_runtime(eager=eager))
    (epoch,) = curve.epochs
    expected = epoch_metrics(train.labels.astype(np.int64), predicted)
    assert expected["roc_auc"] == pytest.approx(roc_auc_score(train.labels, predicted))
    assert epoch.train_roc_auc == pytest.approx(expected["roc_auc"], abs=0.003)  # two rounded probabilities may tie
    assert epoch.train_accuracy == expected["accuracy"]
    assert epoch.train_loss == pytest.approx(expected["loss"])


def test_each_epoch_has_its_own_predictions(tiny_cnn: MakeCNN) -> None:
    parameters = tiny_cnn(epochs=3, dropout=0.0, optimizer="sgd", learning_rate=1e-12)
    _, curve, _, _ = run(parameters, examples(10))
    first, *others = curve.epochs
    for epoch in others:
        assert replace(epoch, epoch=1) == replace(first, train_loss=pytest.approx(first.train_loss))


def test_predictions_of_devices_are_equal_in_any_order() -> None:
    parts = [np.array([[1, 0.5], [0, 0.25]], np.float32), np.array([[1, 0.125]], np.float32)]
    taken = []
    for order in (parts, parts[::-1]):
        recorded = EpochPredictions(BINARY)
        for part in order:
            recorded._append(part)
        taken.append(recorded.take())
    for labels, predicted in taken:
        assert labels.tolist() == [1, 0, 1]
        assert predicted.tolist() == [0.125, 0.25, 0.5]


@pytest.mark.slow
def test_two_devices_have_the_metrics_of_one() -> None:
    """TensorFlow divides the CPU into two devices only once in a process."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.train.two_devices"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    curves = json.loads(ran.stdout.splitlines()[-1])
    single = [pytest.approx(row) for row in ([*epoch.values()] for epoch in _without_phase(curves["1, False"]))]
    for name in ("1, True", "2, False", "2, True"):
        assert [[*epoch.values()] for epoch in _without_phase(curves[name])] == single, name
    assert curves["again"] == curves["2, False"]
    # Each device takes the means of its own images for the centres, so the center loss differs a little.
    one, two = ([[*epoch.values()] for epoch in _without_phase(curves[f"recipe, {devices}"])] for devices in (1, 2))
    assert two == [pytest.approx(row, rel=1e-3) for row in one]
    assert two != [pytest.approx(row, rel=1e-3) for row in ([*e.values()] for e in _without_phase(curves["2, False"]))]


def _without_phase(epochs: list[dict]) -> list[dict]:
    return [{name: value for name, value in epoch.items() if name != "phase"} for epoch in epochs]
