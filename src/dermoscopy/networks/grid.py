"""The grid of small networks that the search draws from, without those that leave nothing of a photograph."""

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Any

from dermoscopy.networks.small_cnn import feature_side
from dermoscopy.params.models import SmallCNN
from dermoscopy.params.search import Search, Space

DIMENSIONS = tuple(Space.model_fields)
SHAPING = ("conv_layers", "kernel_size", "padding", "pool_size")  # what the last feature map's side depends on


def small_cnn(configuration: Mapping[str, Any], search: Search) -> SmallCNN:
    """Return the parameters of a trial's network.

    Args:
        configuration: A value for each dimension of the space.
        search: Its epochs and the size of its photographs.
    """
    return SmallCNN(
        **configuration, image_size=search.image_size, epochs=search.epochs, l2=0.0, clip=None, clip_by="value"
    )


def feasible_grids(search: Search) -> list[dict[str, list[Any]]]:
    """Return the space as grids that do not overlap, each with one choice of what shapes the feature maps.

    Args:
        search: Its space, and the size of its photographs.

    Returns:
        Value lists by dimension; only grids whose networks leave something of a photograph.
    """
    space = {name: list(dict.fromkeys(values)) for name, values in search.space.model_dump().items()}
    any_one = {name: values[0] for name, values in space.items()}
    grids = []
    for shape in product(*(space[name] for name in SHAPING)):
        chosen = dict(zip(SHAPING, shape, strict=True))
        if feature_side(small_cnn({**any_one, **chosen}, search)):
            grids.append({**space, **{name: [value] for name, value in chosen.items()}})
    return grids


def grid_size(grids: list[dict[str, list[Any]]]) -> int:
    """Return how many configurations grids hold."""
    return sum(prod(map(len, grid.values())) for grid in grids)


def grid_problems(search: Search) -> list[str]:
    """Return what is wrong with the `search` block beyond its single values, one line a problem."""
    problems = []
    for name, configuration in search.known:
        if not feature_side(small_cnn(configuration.model_dump(), search)):
            problems.append(
                f"search.image_size: received {search.image_size}; the {configuration.conv_layers} convolutions of "
                f"search.known.{name}, with pooling {configuration.pool_size}, leave nothing of it. Take a larger one."
            )
    grids = feasible_grids(search)
    known = {tuple(configuration.model_dump().items()) for _, configuration in search.known}
    # What is tried as known is not drawn.
    inside = [one for one in known if any(all(value in grid[name] for name, value in one) for grid in grids)]
    feasible = grid_size(grids) - len(inside)
    if feasible < search.trials:
        problems.append(
            f"search.trials: received {search.trials}; of search.space, {feasible:,} configurations leave something "
            f"of {search.image_size} pixels. Take fewer trials, more values or larger photographs (search.image_size)."
        )
    return problems
