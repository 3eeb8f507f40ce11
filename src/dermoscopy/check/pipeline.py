"""Check that dvc.yaml has the members of params.yaml: in its matrix, and their files in every stage."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dermoscopy.core.pipeline import MEMBER, PIPELINE, pipeline_stages, trained_members
from dermoscopy.core.suggestions import did_you_mean


def pipeline_problems(names: Sequence[str]) -> list[str]:
    """Return the differences between the members of params.yaml and those of dvc.yaml.

    There is one line for each member that only one of them has, and one for each stage that does not list the files of
    all members.

    Args:
        names: Keys of `models`.
    """
    if not PIPELINE.is_file():
        return []
    trained = trained_members()
    missing = [name for name in trained if name not in names]
    return [
        *(
            f"models.{name}: dvc.yaml does not train it. Add {name} to the matrix of the stage train, and its files "
            f"wherever the files of another member are listed; or remove this block.{did_you_mean(name, missing)}"
            for name in names
            if name not in trained
        ),
        *(
            f"models.{name}: missing; dvc.yaml trains it. Add the block; or remove {name} from the matrix of the stage "
            "train, and its files."
            for name in missing
        ),
        *stage_problems(names, trained),
    ]


def stage_problems(names: Sequence[str], trained: Sequence[str]) -> Iterator[str]:
    """Yield one line for each stage that lists the files of some members only, or of members that do not exist.

    The paths of the stage `train` show which files a member has. A member that only one of params.yaml and dvc.yaml
    has is left out, since `pipeline_problems` reports it.

    Args:
        names: Keys of `models`.
        trained: Members in the matrix of the stage `train`.
    """
    stages = pipeline_stages()
    templates = [path for path in _paths(stages["train"]) if MEMBER in path]
    for stage, definition in stages.items():
        missing, unknown = [], []
        for template in templates:
            before, after = template.split(MEMBER)
            pattern = re.compile(rf"{re.escape(before)}(\w+){re.escape(after)}")
            listed = [match[1] for path in _paths(definition) if (match := pattern.fullmatch(path))]
            if listed:
                missing += [before + name + after for name in names if name in trained and name not in listed]
            unknown += [before + name + after for name in listed if name not in {*names, *trained}]
        key = f"models: the stage {stage} of dvc.yaml"
        if missing:
            yield f"{key} does not list {', '.join(missing)}. Add these paths."
        if unknown:
            yield f"{key} lists {', '.join(unknown)} of unknown members. Remove these paths."


def _paths(stage: Mapping[str, Any]) -> list[str]:
    """Return the deps, outs and metrics of a stage."""
    entries = [entry for key in ("deps", "outs", "metrics") for entry in stage.get(key, [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
