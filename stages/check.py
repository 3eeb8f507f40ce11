"""Refuse what no stage can use."""

import os
from pathlib import Path

from dermoscopy.check.check import preflight, starting_weights, warn_unused_gpus
from dermoscopy.check.cost import log_cost
from dermoscopy.check.params import Params
from dermoscopy.check.provenance import fingerprint, versions
from dermoscopy.core.files import write_json
from dermoscopy.core.params import PARAMS, load
from dermoscopy.core.stage import checkpoints, run


def check() -> None:
    """Refuse parameters no stage can use; name the source's content and the versions."""
    # dvc may have written params.yaml within the second in which it told git of it; git would then
    # overlook a value of the same length, and git restore would keep it.
    if PARAMS.is_file():
        os.utime(PARAMS)
    params = load("", Params, preflight)
    weights = starting_weights(params.models)
    source = fingerprint(params.data, weights, checkpoints() / "hashes.json")
    write_json(Path("data/source.json"), source)
    write_json(Path("data/environment.json"), versions())
    log_cost(params, source)
    warn_unused_gpus()


if __name__ == "__main__":
    run(check)
