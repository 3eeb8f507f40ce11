"""What a lesion does to the colour of the skin it lies in."""

import numpy as np
from numpy.typing import NDArray

from dermoscopy.archive.simulate.noise import Field

# How much red, green, blue a unit of each absorbs (Beer-Lambert), fitted to the mean colour of nevi
# and vascular lesions of HAM10000 relative to the skin around them.
MELANIN = (0.44, 0.88, 1.02)
BLOOD = (0.16, 0.85, 0.58)
KERATIN = (0.05, 0.18, 0.50)

# What hides the skin under it, red, green, blue from 0 to 1.
BLUE_GREY = (0.36, 0.35, 0.43)
BLUE_BLACK = (0.20, 0.17, 0.25)
WHITE = (0.90, 0.79, 0.80)
FLAKE = (0.90, 0.80, 0.73)
PEARL = (0.90, 0.74, 0.77)
YELLOW = (0.92, 0.80, 0.62)
PLUG = (0.24, 0.14, 0.12)
VIOLET = (0.42, 0.16, 0.34)

Colour = tuple[float, float, float]


class Tissue:
    """A canvas that turns any skin into a lesion: colour = keep * skin + add, at each pixel.

    Absorbing and covering layers are laid one over another; both are linear in the skin's colour,
    so that the whole pile stays one pair of factors, which a photograph can rotate and scale.
    """

    def __init__(self, side: int) -> None:
        self.keep: NDArray[np.float32] = np.ones((3, side, side), np.float32)
        self.add: NDArray[np.float32] = np.zeros((3, side, side), np.float32)

    def absorb(self, amount: Field, colour: Colour) -> None:
        """Lay a pigment over the canvas."""
        dense = np.maximum(amount, 0)
        for k in range(3):
            through = np.exp(np.float32(-colour[k]) * dense)
            self.keep[k] *= through
            self.add[k] *= through

    def cover(self, opacity: Field, colour: Colour) -> None:
        """Lay something over the canvas that hides what is below, wholly where opacity is 1."""
        hidden = np.clip(opacity, 0, 1)
        self.keep *= 1 - hidden
        for k in range(3):
            self.add[k] += hidden * (np.float32(colour[k]) - self.add[k])
