"""More layers to unfreeze than there are."""

from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.params.models import Transfer


def layer_problems(name: str, member: Transfer) -> list[str]:
    """Return what is wrong with a member's `unfrozen_layers`: one line, or none.

    Args:
        name: The member's.
        member: Its parameters.
    """
    layers = BACKBONES[member.backbone].layers
    if isinstance(member.unfrozen_layers, str) or member.unfrozen_layers <= layers:
        return []
    return [
        f"models.{name}.unfrozen_layers: received {member.unfrozen_layers}; "
        f"{member.backbone} has {layers} layers, its input counted. Did you mean all?"
    ]
