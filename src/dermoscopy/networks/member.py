"""A member's network from its parameters."""

from pathlib import Path
from typing import Any

from dermoscopy.networks.seeds import derive
from dermoscopy.networks.small_cnn import build_small_cnn
from dermoscopy.networks.transfer import build_transfer
from dermoscopy.params.models import SmallCNN, Transfer


def build_member(member: str, parameters: Transfer | SmallCNN, seed: int, weights: Path | None = None) -> Any:
    """Build a member.

    Args:
        member: Its name; also mixed into the seed, so that members do not start alike.
        parameters: Its layers.
        seed: The top-level one.
        weights: Folder of starting weights; None where trained weights are loaded afterwards.

    Returns:
        A Keras model, see `build_transfer` and `build_small_cnn`.
    """
    own = derive(seed, member)
    if isinstance(parameters, Transfer):
        return build_transfer(member, parameters, own, weights)
    return build_small_cnn(member, parameters, own)
