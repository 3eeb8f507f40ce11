"""The learning rate, step by step."""

from typing import Any

from dermoscopy.params.training import Schedule


def learning_rate(rate: float, schedule: Schedule, warmup_steps: int, steps: int) -> Any:
    """Return a phase's learning rate, for `make_optimizer`.

    Cosine: Loshchilov and Hutter 2017, "SGDR", without its restarts. Warm-up: Goyal et al. 2017, "Accurate,
    Large Minibatch SGD", section 2.2.

    Args:
        rate: The largest; the only one of a constant schedule without warm-up.
        schedule: "constant", or "cosine", which has fallen to 0 after the last step.
        warmup_steps: In which it first rises from 0 along a straight line.
        steps: Of the phase, those of the warm-up among them.

    Returns:
        The number itself where it never changes, else a Keras schedule.
    """
    if schedule == "constant" and warmup_steps == 0:
        return rate
    import keras

    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup_steps else rate,
        # A warm-up may be longer than its phase.
        decay_steps=max(steps - warmup_steps, 1),
        alpha=1.0 if schedule == "constant" else 0.0,
        warmup_target=rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
