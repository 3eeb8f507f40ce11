"""Dermoscopy's ABCD rule: what of malignancy can be seen, driven by the latent score."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Signs:
    """How marked each sign is, from 0 to 1.

    Attributes:
        asymmetry: Of the outline and of the colours within.
        border: Ragged, here abrupt and there fading.
        colours: Beside the lesion's own: dark brown and black, red, tan, white.
        blue: Blue-grey structures: veil, peppering.
        size: The D of the rule's clinical form.
        growth: Streaks and dots at the rim.
    """

    asymmetry: float
    border: float
    colours: float
    blue: float
    size: float
    growth: float


def draw_signs(rng: np.random.Generator, score: float, separation: float) -> Signs:
    """Draw the signs of a lesion: each rises with its score, each with a noise of its own.

    The rule: Stolz et al., ABCD rule of dermatoscopy, Eur J Dermatol 4:521-527, 1994.

    Args:
        rng: The source of randomness.
        score: Latent, of the lesion; benign ones have a mean of 0, malignant ones of `separation`.
        separation: Of the two means; half of it is where signs are half marked.
    """
    drive = 1.6 * (score - separation / 2) + rng.normal(0, 0.8, 6)
    asymmetry, border, colours, blue, size, growth = (1 / (1 + np.exp(-drive))).tolist()
    return Signs(asymmetry, border, colours, blue, size, growth)
