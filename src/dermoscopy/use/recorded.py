"""The parameters with which the last run predicted, from dvc.lock: those of params.yaml may have changed since."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dermoscopy.acquire.params import Limits
from dermoscopy.core.errors import UserError
from dermoscopy.core.params import Positive, read_yaml, validate
from dermoscopy.evaluate.params import Point
from dermoscopy.networks.params import Runtime
from dermoscopy.predict.params import Predict

LOCK = "dvc.lock"
REMEDY = "Run the pipeline again: dvc repro"


class Recorded(NamedTuple):
    """Parameters of a finished run.

    Attributes:
        predict: Block `predict`.
        runtime: Block `runtime`.
        point: `evaluate.point`.
        map_size: `explain.map_size`.
        limits: Block `data.limits`.
    """

    predict: Predict
    runtime: Runtime
    point: Point
    map_size: int
    limits: Limits


def read_stages(folder: Path) -> Mapping[str, Any]:
    """Return the stages of dvc.lock by name; none if the file does not exist.

    Args:
        folder: Top folder of the project.
    """
    lock = folder / LOCK
    return _parse(lock.read_text(encoding="utf-8")) if lock.is_file() else {}


@cache  # it takes half a second
def _parse(text: str) -> Mapping[str, Any]:
    stages: Mapping[str, Any] = read_yaml(text)["stages"]
    return stages


def read_recorded(folder: Path) -> Recorded:
    """Read the parameters of the finished run.

    Args:
        folder: Top folder of the project.

    Raises:
        UserError: No run has finished, or stages ran again since.
        ParameterError: The run was made by another version of this project.
    """
    lock, stages = folder / LOCK, read_stages(folder)
    if not {"acquire", "predict", "evaluate", "explain"} <= stages.keys():
        raise UserError(f"{lock} has no finished run. Run the pipeline first: dvc repro")
    if is_outdated(stages, "evaluate"):
        raise UserError(
            f"{lock}: the ensemble is of earlier models or images, since the last run ended before the stage "
            "evaluate.\nFinish it first: dvc repro"
        )

    if "suitability" not in stages:
        raise UserError(
            f"{lock}: the run is of an earlier version: the stage suitability, which predictions need, was never run.\n"
            "Run it first: dvc repro"
        )
    if is_outdated(stages, "suitability"):
        raise UserError(
            f"{lock}: data/suitability.json is of earlier images, since the last run ended before the stage "
            "suitability.\nFinish it first: dvc repro"
        )

    def read(stage: str, section: str, kind: Any) -> Any:
        block, _, key = section.rpartition(".")
        params = stages[stage]["params"]["params.yaml"]
        value = params.get(section, params.get(block, {}).get(key))
        return validate(value, section, kind, subject=f"{lock} has", remedy=REMEDY)

    return Recorded(
        predict=read("predict", "predict", Predict),
        runtime=read("predict", "runtime", Runtime),
        point=read("evaluate", "evaluate.point", Point),
        map_size=read("explain", "explain.map_size", Positive),
        limits=read("acquire", "data.limits", Limits),
    )


def is_outdated(recorded: Mapping[str, Any], stage: str) -> bool:
    """Return whether a stage was last run on other outputs than the stages before it wrote since.

    Args:
        recorded: Stages of dvc.lock.
        stage: Name of the stage. A stage that was never run is not outdated.
    """
    written = {out["path"]: (name, out) for name, entry in recorded.items() for out in entry.get("outs", [])}
    for dep in recorded.get(stage, {}).get("deps", []):
        producer, out = written.get(dep["path"], (None, dep))
        if producer is not None and (out.get("md5") != dep.get("md5") or is_outdated(recorded, producer)):
            return True
    return False
