"""Appearance of simulated lesions: typical looks of the seven diagnoses, and signs of malignancy by latent score."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Look:
    """Amounts of the structures that dermoscopy names, about 0 to 1 each.

    Attributes:
        pigment: Melanin in the epidermis: brown.
        blood: Diffuse red.
        keratin: Waxy yellow.
        pallor: Pearly, whitish film.
        softness: Width of the fading border, as a fraction of the radius.
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
    """Return the weighted mean of two looks.

    Args:
        look: First look, with weight 1 - `weight`.
        shade: Second look.
        weight: Weight of the second look, 0 to 1.
    """
    return Look(
        **{
            field.name: (1 - weight) * getattr(look, field.name) + weight * getattr(shade, field.name)
            for field in fields(Look)
        }
    )


@dataclass(frozen=True)
class Signs:
    """Strength of each sign of malignancy, from 0 to 1.

    Attributes:
        asymmetry: Asymmetry of the outline and of the colours inside.
        border: Raggedness of the border, abrupt on one side and fading on another.
        colours: Additional colours: dark brown and black, red, tan, white.
        blue: Blue-grey structures: veil, peppering.
        size: Diameter, the D of the clinical ABCD rule.
        growth: Streaks and dots at the rim.
    """

    asymmetry: float
    border: float
    colours: float
    blue: float
    size: float
    growth: float


def sample_signs(rng: np.random.Generator, score: float, separation: float) -> Signs:
    """Sample the signs of a lesion: each increases with the latent score, and each has its own noise.

    The signs follow the ABCD rule: Stolz et al., ABCD rule of dermatoscopy, Eur J Dermatol 4:521-527, 1994.

    Args:
        rng: Random generator.
        score: Latent score of the lesion; its mean is 0 for benign lesions and `separation` for malignant ones.
        separation: Distance of the two means. At half of it the median of each sign is 0.5.
    """
    drive = 1.6 * (score - separation / 2) + rng.normal(0, 0.8, 6)
    asymmetry, border, colours, blue, size, growth = (1 / (1 + np.exp(-drive))).tolist()
    return Signs(asymmetry, border, colours, blue, size, growth)
