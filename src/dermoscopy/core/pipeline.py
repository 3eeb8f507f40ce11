"""Stages, members and outputs of dvc.yaml, and the results that follow from a stage."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dermoscopy.core.params import read_yaml

PIPELINE = Path("dvc.yaml")
MEMBER = "${item.member}"  # in the paths of the stage train


def pipeline_stages() -> Mapping[str, Any]:
    """Return the stages of dvc.yaml by name."""
    return _parsed(PIPELINE.read_text(encoding="utf-8"))


@cache  # this parser of YAML 1.2 takes a tenth of a second for dvc.yaml
def _parsed(text: str) -> Mapping[str, Any]:
    stages: Mapping[str, Any] = read_yaml(text)["stages"]
    return stages


def trained_members() -> list[str]:
    """Return the members that dvc.yaml trains: the matrix of its stage `train`."""
    return [str(name) for name in pipeline_stages()["train"]["matrix"]["member"]]


def output_paths() -> list[Path]:
    """Return the paths of all outputs of dvc.yaml, which DVC may delete and write anew; ${item.member} is replaced."""
    return [Path(path) for _, definition in _instances() for path in _outputs(definition)]


def later_results(stage: str) -> list[Path]:
    """Return the results of models, in git, that follow from a stage: metrics and charts of the stages after predict.

    Once the stage has written new outputs, these files describe earlier ones until their own stages run. Those of
    training are left out: it would train again if they were missing.

    Args:
        stage: Name of the stage, for one of a matrix with its member: train@cnn_a. A stage that always runs mostly
            writes what it wrote before, so nothing is returned for it.
    """
    if pipeline_stages().get(stage, {}).get("always_changed"):
        return []
    later = _after(stage) & _after("predict")
    outputs = [_outputs(definition) for name, definition in _instances() if name in later]
    return [Path(path) for paths in outputs for path, settings in paths.items() if settings.get("cache") is False]


def _after(stage: str) -> set[str]:
    """Return the names of all stages that depend on a stage, directly or not."""
    instances = dict(_instances())
    written = set(_outputs(instances.get(stage, {})))
    after: set[str] = set()
    while found := {
        name
        for name, definition in instances.items()
        if name not in after and any(_overlap(out, dep) for out in written for dep in definition["deps"])
    }:
        after |= found
        written = {path for name in found for path in _outputs(instances[name])}
    return after


def _overlap(first: str, second: str) -> bool:
    """Return whether two paths are equal, or one is in the folder of the other."""
    return Path(first).is_relative_to(second) or Path(second).is_relative_to(first)


def _instances() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each stage by its name in DVC, with ${item.member} replaced in the paths of its deps and outputs."""
    for stage, definition in pipeline_stages().items():
        for member in definition.get("matrix", {}).get("member", [None]):
            lists = {
                key: [_replace(entry, str(member)) for entry in definition.get(key, [])]
                for key in ("deps", "outs", "metrics")
            }
            yield stage if member is None else f"{stage}@{member}", lists


def _replace(entry: str | dict[str, Any], member: str) -> str | dict[str, Any]:
    if isinstance(entry, str):
        return entry.replace(MEMBER, member)
    return {path.replace(MEMBER, member): settings for path, settings in entry.items()}


def _outputs(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the outputs of a stage with their settings."""
    outputs: dict[str, dict[str, Any]] = {}
    for entry in [*definition.get("outs", []), *definition.get("metrics", [])]:
        outputs |= {entry: {}} if isinstance(entry, str) else entry
    return outputs
