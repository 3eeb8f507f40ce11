"""Photographs too small for a network."""

from typing import Any

from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.small_cnn import feature_side
from dermoscopy.params.models import LARGEST_SIDE, SmallCNN, Transfer


def size_problems(name: str, member: Transfer | SmallCNN) -> list[str]:
    """Return what is wrong with a member's `image_size`, given its layers: one line, or none.

    Args:
        name: The member's.
        member: Its parameters.
    """
    key = f"models.{name}.image_size: received {member.image_size}; "
    if isinstance(member, Transfer):
        smallest = BACKBONES[member.backbone].min_side
        if member.image_size >= smallest:
            return []
        return [key + f"{member.backbone} takes {smallest} pixels or more. Did you mean {smallest}?"]
    if feature_side(member):
        return []
    lost = next(count for count in range(1, member.conv_layers + 1) if not _side(member, conv_layers=count))
    left = _side(member, conv_layers=lost - 1) if lost > 1 else member.image_size
    layer = f"convolution {member.kernel_size}, padding {member.padding}, pooling {member.pool_size}"
    return [
        f"{key}the {left} x {left} pixels that reach layer {lost} of {member.conv_layers} ({layer}) are too few. "
        + _way_out(member)
    ]


def _way_out(member: SmallCNN) -> str:
    for side in range(member.image_size, LARGEST_SIDE + 1):
        if _side(member, image_size=side):
            return f"The smallest image_size that works is {side}."
    return f"No image_size up to {LARGEST_SIDE} works: use fewer conv_layers or a smaller pool_size."


def _side(member: SmallCNN, **changes: Any) -> int:
    return feature_side(member.model_copy(update=changes))
