"""Successive halving: little training for many trials, more for the best of them."""

from typing import NamedTuple


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
