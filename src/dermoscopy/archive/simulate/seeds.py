"""Where randomness comes from: a stream of its own for everything that is drawn."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a stream is for; its number is part of the stream's key, so members are only ever added."""

    TABLE = 0
    LESION = 1
    PHOTOGRAPH = 2


def generator(seed: int, stream: Stream, *key: int) -> np.random.Generator:
    """Return the generator of one thing, the same in whatever order and process things are drawn.

    Args:
        seed: Of the whole archive.
        stream: What is drawn.
        key: Which one of its kind.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(stream), *key)))
