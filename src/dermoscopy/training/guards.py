"""What stops a training, in the user's words."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from dermoscopy.errors import DivergedError, TrainingError
from dermoscopy.params.models import SmallCNN, Transfer
from dermoscopy.training.phases import Phase


def require_finite(value: float, what: str, epoch: int, parameters: Transfer | SmallCNN, phase: Phase) -> None:
    """Stop where a number of an epoch is none any more.

    Args:
        value: A loss, or a sum of probabilities.
        what: Its name.
        epoch: From 1, through all phases.
        parameters: Of the member.
        phase: In which it happened.

    Raises:
        DivergedError: It is infinite or no number.
    """
    if math.isfinite(value):
        return
    clipped = (
        "gradients not clipped" if parameters.clip is None else f"{parameters.clip_by} clipped at {parameters.clip}"
    )
    raise DivergedError(
        f"The {what} became {value} in epoch {epoch}, with {parameters.optimizer}, "
        f"learning rate {phase.learning_rate}, {clipped}: take a smaller learning rate or clip harder."
    )


@contextmanager
def memory_guard(batch_size: int, key: str = "training.batch_size") -> Iterator[None]:
    """Tell a user whose memory does not suffice what would.

    Args:
        batch_size: Photographs a step.
        key: The parameter that says so.

    Raises:
        TrainingError: What is done in the block takes more memory than there is.
    """
    import tensorflow as tf

    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        if batch_size > 1:
            remedy = f"Take smaller batches, {key}: {batch_size // 2}, or smaller photographs (image_size)."
        else:
            remedy = "Take smaller photographs (image_size)."
        raise TrainingError(
            f"The memory does not suffice for batches of {batch_size} photographs.\n{remedy}"
        ) from error
