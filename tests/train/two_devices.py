"""Train on one and on two devices, and print the curves as JSON; run this in a new process."""

import json
import sys
from dataclasses import asdict
from typing import Any

from dermoscopy.networks.build import build_member
from dermoscopy.networks.devices import device_strategy
from dermoscopy.networks.runtime import configure
from dermoscopy.train.fit import fit
from dermoscopy.train.settings import TrainSettings
from tests.tiny import small_cnn
from tests.train.runs import examples, make_runtime, training

PARAMETERS = small_cnn(epochs=3, optimizer="sgd", dropout=0.0)
RECIPE = {"weight_average": 0.8, "center_loss": 1.0, "mix": "cutmix", "balance": "group_dro"}


def curve(devices: int, *, eager: bool, **changes: Any) -> list[dict]:
    runtime = make_runtime(devices=devices, eager=eager)
    with device_strategy(devices).scope():
        model = build_member("m", PARAMETERS, seed=1)
    settings = TrainSettings(training(batch_size=8, **changes), runtime, 1, protocol="", versions={})
    # The last batch is smaller, and is also divided equally between two devices.
    curve, _ = fit(model, PARAMETERS, examples(42), examples(7, seed=2), settings)
    return [asdict(epoch) for epoch in curve.epochs]


def main() -> None:
    configure(make_runtime(devices=2, eager=False))
    curves = {f"{devices}, {eager}": curve(devices, eager=eager) for devices in (1, 2) for eager in (False, True)}
    recipe = {f"recipe, {devices}": curve(devices, eager=False, **RECIPE) for devices in (1, 2)}
    print(json.dumps(curves | recipe | {"again": curve(2, eager=False)}))


if __name__ == "__main__":
    sys.exit(main())
