"""Trials of a search: known configurations, then configurations sampled from the feasible grid.

Feasible configurations leave a feature map of at least one pixel. Rungs are the steps of successive halving.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple

from dermoscopy.core.errors import ParameterError
from dermoscopy.networks.build import feature_map_size
from dermoscopy.networks.layers import derive
from dermoscopy.networks.params import SmallCNN
from dermoscopy.search.params import MAX_TRIALS, Search, Space

DIMENSIONS = tuple(Space.model_fields)
NOT_SEARCHED: Mapping[str, Any] = {"l2": 0.0, "clip": None}  # the same in every trial
SHAPING = ("conv_layers", "kernel_size", "padding", "pool_size")  # dimensions that set the last feature map's size


def small_cnn(configuration: Mapping[str, Any], search: Search) -> SmallCNN:
    """Return the parameters of a trial's network.

    Args:
        configuration: Value of each dimension of the space.
        search: Parameters of the search stage, which set epochs and image size.
    """
    return SmallCNN(
        **configuration, **NOT_SEARCHED, image_size=search.image_size, epochs=search.epochs, clip_by="value"
    )


def feasible_grids(search: Search) -> list[dict[str, list[Any]]]:
    """Split the space into disjoint grids, one per combination of the shaping dimensions, and drop infeasible ones.

    Args:
        search: Parameters of the search stage.

    Returns:
        Grids of values by dimension, whose networks have a feature map that is not empty.
    """
    space = {name: list(dict.fromkeys(values)) for name, values in search.space.model_dump().items()}
    first_values = {name: values[0] for name, values in space.items()}
    grids = []
    for shape in product(*(space[name] for name in SHAPING)):
        chosen = dict(zip(SHAPING, shape, strict=True))
        if feature_map_size(small_cnn({**first_values, **chosen}, search)):
            grids.append({**space, **{name: [value] for name, value in chosen.items()}})
    return grids


def grid_size(grids: list[dict[str, list[Any]]]) -> int:
    """Return the number of configurations in disjoint grids."""
    return sum(prod(map(len, grid.values())) for grid in grids)


def grid_problems(search: Search) -> list[str]:
    """Return the problems of the `search` block that involve several values, one line per problem."""
    problems = []
    for name, configuration in search.known:
        if not feature_map_size(small_cnn(configuration.model_dump(), search)):
            problems.append(
                f"search.image_size: received {search.image_size}; the feature map of search.known.{name} is empty "
                f"after {configuration.conv_layers} convolutions with pooling {configuration.pool_size}. Increase "
                "search.image_size."
            )
    grids = feasible_grids(search)
    known = {tuple(configuration.model_dump().items()) for _, configuration in search.known}
    # Known configurations are not sampled.
    inside = [items for items in known if any(all(value in grid[name] for name, value in items) for grid in grids)]
    feasible = grid_size(grids) - len(inside)
    if feasible < search.trials:
        problems.append(
            f"search.trials: received {search.trials}; only {feasible:,} configurations of search.space can be "
            f"sampled: others have an empty feature map at {search.image_size} pixels or are in search.known. "
            "Decrease search.trials, add values to search.space or increase search.image_size."
        )
    return problems


SAMPLED = "sampled"


@dataclass(frozen=True)
class Trial:
    """A configuration to train.

    Attributes:
        number: Number of the trial, from 1; known configurations come first.
        name: Key in `search.known`, or "sampled".
        parameters: Parameters of the network.
    """

    number: int
    name: str
    parameters: SmallCNN

    @property
    def configuration(self) -> dict[str, Any]:
        """Value of each dimension of the space."""
        return {name: getattr(self.parameters, name) for name in DIMENSIONS}


def plan_trials(search: Search, seed: int) -> list[Trial]:
    """Return all trials of a search; a search with more trials begins with the same ones.

    Args:
        search: Parameters of the search stage.
        seed: Top-level seed of params.yaml.

    Raises:
        ParameterError: The space has too few feasible configurations.
    """
    problems = grid_problems(search)
    if problems:
        raise ParameterError("search cannot sample its trials", problems, "Correct the block search of params.yaml.")
    known = {name: configuration.model_dump() for name, configuration in search.known}
    new = (configuration for configuration in samples(search, seed) if configuration not in known.values())
    named = [*known.items(), *((SAMPLED, configuration) for configuration in islice(new, search.trials))]
    return [
        Trial(number, name, small_cnn(configuration, search))
        for number, (name, configuration) in enumerate(named, start=1)
    ]


def samples(search: Search, seed: int) -> Iterator[dict[str, Any]]:
    """Yield configurations in random order without replacement (random search: Bergstra and Bengio 2012).

    scikit-learn's `ParameterSampler` is not used: it returns a whole grid in the grid's own order. A smaller sample
    is no prefix of a larger one. So the sample size is always the same, and the caller takes the first configurations.

    Args:
        search: Parameters of the search stage.
        seed: Top-level seed of params.yaml.
    """
    import numpy as np
    from sklearn.model_selection import ParameterGrid

    grid = ParameterGrid(feasible_grids(search))
    generator = np.random.default_rng(derive(seed, "search", "draws"))
    for index in generator.choice(len(grid), min(len(grid), MAX_TRIALS), replace=False):
        yield grid[index]


class Rung(NamedTuple):
    """A step of successive halving.

    Attributes:
        trials: Number of trials that train at this rung.
        epochs: Number of epochs of each of them at the end of the rung.
    """

    trials: int
    epochs: int


def rungs(trials: int, epochs: int, halving: int | None) -> list[Rung]:
    """Return the rungs of a search; the last one has all epochs (Jamieson and Talwalkar 2016).

    Args:
        trials: Number of trials at the first rung.
        epochs: Number of epochs at the last rung.
        halving: The best 1/halving of the trials train for halving times as many epochs at the next rung; None
            trains all trials to the end.
    """
    steps = 0
    while halving and halving ** (steps + 1) <= min(trials, epochs):
        steps += 1
    factor = halving or 1
    return [Rung(trials // factor**step, epochs // factor ** (steps - step)) for step in range(steps + 1)]
