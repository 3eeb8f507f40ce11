"""The rules that need more than one block of params.yaml, or the machine."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dermoscopy.networks.grid import grid_problems
from dermoscopy.params.data import Data
from dermoscopy.params.models import Models, SmallCNN, Transfer
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.search import Search
from dermoscopy.params.training import Training
from dermoscopy.preflight.devices import device_problems
from dermoscopy.preflight.layers import layer_problems
from dermoscopy.preflight.sizes import size_problems
from dermoscopy.preflight.source import source_problems
from dermoscopy.preflight.weights import member_weights_problems, weights_problems

T = TypeVar("T")


def preflight(tree: Any) -> list[str]:
    """Return what is wrong with params.yaml beyond its single blocks, one line a problem.

    A rule is left out where a block it needs is wrong in itself, so that it can be told together
    with what is wrong there.

    Args:
        tree: The whole file, unchecked.
    """
    problems: list[str] = []
    data = _checked(Data, tree, "data")
    if data:
        problems += source_problems(data)
        problems += weights_problems(data.weights)
    runtime, training = _checked(Runtime, tree, "runtime"), _checked(Training, tree, "training")
    if runtime and training:
        problems += device_problems(runtime, training)
    for name, field in Models.model_fields.items():
        place = (tree, "models", name)
        member = _checked(Transfer, *place) if field.annotation is Transfer else _checked(SmallCNN, *place)
        if member:
            problems += size_problems(name, member)
        if isinstance(member, Transfer):
            problems += layer_problems(name, member)
        if isinstance(member, Transfer) and data:
            problems += member_weights_problems(name, member, data.weights)
    search = _checked(Search, tree, "search")
    if search:
        problems += grid_problems(search)
    return problems


def _checked(kind: type[T], tree: Any, *keys: str) -> T | None:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    try:
        return TypeAdapter(kind).validate_python(tree)
    except ValidationError:
        return None
