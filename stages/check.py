"""Check stage: validate params.yaml; write data/source.json and data/environment.json."""

import os
from pathlib import Path

from dermoscopy.check.check import file_problems, starting_weights
from dermoscopy.check.clone import warn_about_clone
from dermoscopy.check.cost import log_cost
from dermoscopy.check.devices import warn_slow_precision, warn_unused_gpus
from dermoscopy.check.head import refuse_killed_experiment
from dermoscopy.check.outputs import remove_dangling_links
from dermoscopy.check.params import Params
from dermoscopy.check.provenance import fingerprint, library_versions
from dermoscopy.check.recorded import SOURCE, read_record, recorded_paths, require_record
from dermoscopy.check.writable import require_writable
from dermoscopy.core.files import write_json
from dermoscopy.core.params import PARAMS, load
from dermoscopy.core.stage import checkpoints, run


def check() -> None:
    """Validate params.yaml; record the dataset's fingerprint and the library versions; log the expected cost."""
    require_writable()
    # Git compares size and whole seconds. DVC may write params.yaml in the same second in which it adds it to
    # git's index; a new value of the same length would then go unnoticed, and git restore would not undo it.
    if PARAMS.is_file():
        os.utime(PARAMS)
    refuse_killed_experiment()
    params = load("", Params, file_problems)
    weights = starting_weights(params.models)
    absent = recorded_paths(params.data)
    source = fingerprint(params.data, weights, checkpoints() / "hashes.json", absent, read_record() if absent else {})
    require_record(source, absent)
    versions = library_versions()
    remove_dangling_links()
    if not absent:
        write_json(SOURCE, source)
    write_json(Path("data/environment.json"), versions)
    log_cost(params, source)
    warn_unused_gpus()
    warn_slow_precision(params.runtime)
    warn_about_clone()


if __name__ == "__main__":
    run(check)
