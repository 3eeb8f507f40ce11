"""Refuse what no stage can use."""

import os
from pathlib import Path

from dermoscopy.check.check import preflight, starting_weights, tell_unused_gpus
from dermoscopy.check.cost import tell_cost
from dermoscopy.check.params import Params
from dermoscopy.check.provenance import fingerprint, versions
from dermoscopy.core.files import keep
from dermoscopy.core.params import PARAMS, load
from dermoscopy.core.stage import checkpoints, run


def check() -> None:
    """Refuse parameters no stage can use; name the source's content and the versions."""
    # dvc may have written params.yaml within the second in which it told git of it; git would then
    # overlook a value of the same length, and git restore would keep it.
    if PARAMS.is_file():
        os.utime(PARAMS)
    params = load("", Params, preflight)
    source, environment = (
        fingerprint(params.data, starting_weights(params.models), checkpoints() / "hashes.json"),
        versions(),
    )
    keep(Path("data/source.json"), source)
    keep(Path("data/environment.json"), environment)
    tell_cost(params, source)
    tell_unused_gpus()


if __name__ == "__main__":
    run(check)
