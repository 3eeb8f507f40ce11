"""Seeds of a network's parts, each its own, so that no part's draw moves another's."""

import hashlib
import json


def derive(seed: int, *names: str | int) -> int:
    """Return the seed of a named part.

    Keras's layers draw from one global generator unless they are given a seed: a member's weights
    would then depend on which members were built before it.

    Args:
        seed: The top-level seed.
        names: What is seeded, from the whole to the part: "cnn_a", "dropout", 1.

    Returns:
        A number from 0 to 2**31 - 1; equal arguments give equal numbers on every machine.
    """
    digest = hashlib.sha256(json.dumps([seed, *names]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
