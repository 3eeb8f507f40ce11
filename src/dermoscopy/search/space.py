"""The trials of a search: known configurations, then draws from the space."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dermoscopy.errors import ParameterError
from dermoscopy.networks.grid import DIMENSIONS, feasible_grids, grid_problems, grid_size, small_cnn
from dermoscopy.networks.seeds import derive
from dermoscopy.params.models import SmallCNN
from dermoscopy.params.search import MOST_TRIALS, Search

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
        ParameterError: The space has fewer configurations that leave something of a photograph.
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
