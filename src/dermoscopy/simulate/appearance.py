"""The looks of the seven diagnoses: how much there is of each structure dermoscopy names.

Dermoscopy's ABCD rule: what of malignancy can be seen, driven by the latent score.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Look:
    """Amounts of what makes a lesion's image, about 0 to 1 each.

    Attributes:
        pigment: Melanin in the epidermis: brown.
        blood: Diffuse red.
        keratin: Waxy yellow.
        pallor: Pearly, whitish film.
        softness: How far the border fades, as a share of the radius.
        mottling: Unevenness of the pigment.
        network: Reticular lines of pigment.
        globules: Round brown dots.
        nests: Blue-grey ovoid nests.
        vessels: Branching vessels.
        scale: Whitish-yellow flakes.
        follicles: Pale dots in red (strawberry pattern).
        milia: Milia-like white cysts.
        comedones: Comedo-like dark openings.
        fissures: Dark furrows.
        centre: White, scar-like centre.
        lacunae: Red to purple lagoons.
    """

    pigment: float
    blood: float
    keratin: float = 0.0
    pallor: float = 0.0
    softness: float = 0.2
    mottling: float = 0.3
    network: float = 0.0
    globules: float = 0.0
    nests: float = 0.0
    vessels: float = 0.0
    scale: float = 0.0
    follicles: float = 0.0
    milia: float = 0.0
    comedones: float = 0.0
    fissures: float = 0.0
    centre: float = 0.0
    lacunae: float = 0.0


LOOKS: Mapping[str, Look] = {
    "nv": Look(pigment=0.74, blood=0.14, network=0.6, globules=0.35, softness=0.22),
    "mel": Look(pigment=0.62, blood=0.12, network=0.5, globules=0.5, softness=0.18, mottling=0.6, pallor=0.05),
    "bkl": Look(
        pigment=0.42, blood=0.08, keratin=0.6, softness=0.07, mottling=0.45, milia=0.8, comedones=0.7, fissures=0.6,
    ),
    "bcc": Look(
        pigment=0.10, blood=0.28, pallor=0.30, softness=0.3, mottling=0.5, nests=0.8, vessels=0.9, scale=0.1,
    ),
    "akiec": Look(
        pigment=0.16, blood=0.42, keratin=0.25, softness=0.38, mottling=0.8, vessels=0.15, scale=0.8, follicles=0.8,
    ),
    "vasc": Look(pigment=0.05, blood=0.55, softness=0.08, mottling=0.3, lacunae=1.0),
    "df": Look(pigment=0.30, blood=0.20, softness=0.42, network=0.7, centre=0.9),
}  # fmt: skip


def blend(look: Look, shade: Look, weight: float) -> Look:
    """Mix two looks: `weight` of the second, the rest of the first."""
    return Look(
        **{
            field.name: (1 - weight) * getattr(look, field.name) + weight * getattr(shade, field.name)
            for field in fields(Look)
        }
    )


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
