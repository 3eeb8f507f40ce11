"""The trials of a search: known configurations, then draws from the space.

The grid of small networks that the search draws from, without those that leave nothing of a image.

Successive halving: little training for many trials, more for the best of them.
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
from dermoscopy.search.params import MOST_TRIALS, Search, Space

DIMENSIONS = tuple(Space.model_fields)
SHAPING = ("conv_layers", "kernel_size", "padding", "pool_size")  # what the last feature map's side depends on


def small_cnn(configuration: Mapping[str, Any], search: Search) -> SmallCNN:
    """Return the parameters of a trial's network.

    Args:
        configuration: A value for each dimension of the space.
        search: Its epochs and the size of its images.
    """
    return SmallCNN(
        **configuration, image_size=search.image_size, epochs=search.epochs, l2=0.0, clip=None, clip_by="value"
    )


def feasible_grids(search: Search) -> list[dict[str, list[Any]]]:
    """Return the space as grids that do not overlap, each with one choice of what shapes the feature maps.

    Args:
        search: Its space, and the size of its images.

    Returns:
        Value lists by dimension; only grids whose networks leave something of a image.
    """
    space = {name: list(dict.fromkeys(values)) for name, values in search.space.model_dump().items()}
    any_one = {name: values[0] for name, values in space.items()}
    grids = []
    for shape in product(*(space[name] for name in SHAPING)):
        chosen = dict(zip(SHAPING, shape, strict=True))
        if feature_map_size(small_cnn({**any_one, **chosen}, search)):
            grids.append({**space, **{name: [value] for name, value in chosen.items()}})
    return grids


def grid_size(grids: list[dict[str, list[Any]]]) -> int:
    """Return how many configurations grids hold."""
    return sum(prod(map(len, grid.values())) for grid in grids)


def grid_problems(search: Search) -> list[str]:
    """Return what is wrong with the `search` block beyond its single values, one line a problem."""
    problems = []
    for name, configuration in search.known:
        if not feature_map_size(small_cnn(configuration.model_dump(), search)):
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
            f"of {search.image_size} pixels. Take fewer trials, more values or larger images (search.image_size)."
        )
    return problems


DRAWN = "drawn"


@dataclass(frozen=True)
class Trial:
    """A configuration to train.

    Attributes:
        number: From 1, the known ones first.
        name: Its key in `search.known`, or "drawn".
        parameters: Its network.
    """

    number: int
    name: str
    parameters: SmallCNN

    @property
    def configuration(self) -> dict[str, Any]:
        """Its value in each dimension of the space."""
        return {name: getattr(self.parameters, name) for name in DIMENSIONS}


def trials(search: Search, seed: int) -> list[Trial]:
    """Return all trials of a search; those of a longer one begin with them.

    Args:
        search: What is known, what is drawn from, and how much of it.
        seed: The top-level one.

    Raises:
        ParameterError: The space has fewer configurations that leave something of a image.
    """
    problems = grid_problems(search)
    if problems:
        raise ParameterError("search cannot draw its trials", problems, "Correct the block search of params.yaml.")
    known = {name: configuration.model_dump() for name, configuration in search.known}
    drawn = (draw for draw in draws(search, seed) if draw not in known.values())
    named = [*known.items(), *((DRAWN, draw) for draw in islice(drawn, search.trials))]
    return [
        Trial(number, name, small_cnn(configuration, search))
        for number, (name, configuration) in enumerate(named, start=1)
    ]


def draws(search: Search, seed: int) -> Iterator[dict[str, Any]]:
    """Yield configurations at random, each at most once (random search: Bergstra and Bengio 2012).

    A draw of scikit-learn's is no prefix of a longer one: so many are always drawn, and the first taken.
    """
    from sklearn.model_selection import ParameterSampler

    grids = feasible_grids(search)
    count = min(grid_size(grids), MOST_TRIALS)
    yield from ParameterSampler(grids, count, random_state=derive(seed, "search", "draws"))


class Rung(NamedTuple):
    """A step of the search.

    Attributes:
        trials: How many come so far.
        epochs: How long each of them has trained when it is over.
    """

    trials: int
    epochs: int


def rungs(trials: int, epochs: int, halving: int | None) -> list[Rung]:
    """Return the steps of a search, the last of them with all epochs (Jamieson and Talwalkar 2016).

    Args:
        trials: How many begin.
        epochs: Of those that come to the end.
        halving: One of so many goes on to so many times the epochs; None trains all to the end.
    """
    steps = 0
    while halving and halving ** (steps + 1) <= min(trials, epochs):
        steps += 1
    factor = halving or 1
    return [Rung(trials // factor**step, epochs // factor ** (steps - step)) for step in range(steps + 1)]
