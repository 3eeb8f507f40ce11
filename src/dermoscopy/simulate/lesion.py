"""Draw a lesion on its canvas; each of its images is a view of this canvas."""

from dataclasses import dataclass

import numpy as np

from dermoscopy.simulate import structures
from dermoscopy.simulate import structures as tissue
from dermoscopy.simulate.appearance import Look, Signs
from dermoscopy.simulate.noise import cells, fractal, step
from dermoscopy.simulate.structures import Outline, Tissue, draw_outline

REACH = 1.5  # half the size of the canvas, in radii of its lesion
DETAIL = 0.8  # canvas pixels per image pixel: tissue is softer than hair


@dataclass(frozen=True)
class Lesion:
    """A lesion, the same in all its images.

    Attributes:
        tissue: Its effect on the colour of the skin, on a square canvas.
        outline: Its outline on that canvas.
    """

    tissue: Tissue
    outline: Outline


def draw_lesion(rng: np.random.Generator, look: Look, signs: Signs, height: int) -> Lesion:
    """Draw a lesion.

    Args:
        rng: Random generator of the lesion, after its signs were sampled.
        look: Amounts of the structures of its diagnosis.
        signs: Strength of the signs of malignancy.
        height: Height of its images, in pixels.
    """
    height = round(DETAIL * height)
    radius = height * float(np.clip(rng.normal(0.28 + 0.06 * signs.size, 0.04), 0.16, 0.40))
    canvas_size = round(2 * REACH * radius)
    outline = draw_outline(rng, canvas_size, radius, look.softness, signs)
    canvas = Tissue(canvas_size)
    _add_base(rng, canvas, outline, look, signs, height)
    _add_pattern(rng, canvas, outline, look, signs, height)
    _add_colours(rng, canvas, outline, look, signs)
    _add_structures(rng, canvas, outline, look, height)
    return Lesion(canvas, outline)


def _add_base(
    rng: np.random.Generator, canvas: Tissue, outline: Outline, look: Look, signs: Signs, height: int
) -> None:
    """Add blood, keratin and pigment, mottled and a little darker in the centre."""
    shape, cover = outline.inside.shape, outline.cover
    halo = step(outline.inside, -0.7, 0.1)
    vary = rng.lognormal(0, 0.22, 3).tolist()
    blood = look.blood * (0.75 * cover + 0.25 * halo) * (1 + 0.30 * fractal(rng, shape, 0.12 * height))
    canvas.absorb(vary[0] * blood, tissue.BLOOD)
    keratin = look.keratin * cover * (1 + 0.4 * fractal(rng, shape, 0.15 * height))
    canvas.absorb(vary[1] * keratin, tissue.KERATIN)
    mottling = look.mottling + 0.7 * signs.colours
    uneven = np.exp(0.45 * mottling * fractal(rng, shape, 0.7 * outline.radius, 4))
    tilt = 1 + 0.5 * signs.asymmetry * np.cos(outline.angle - rng.uniform(0, 2 * np.pi))
    deep = 0.75 + 0.35 * step(outline.inside, 0, 0.8)
    # The deeper melanin lies, the bluer it looks; the depth differs from patient to patient.
    depth = float(np.exp(rng.normal(0, 0.19)))
    brown = (tissue.MELANIN[0] * depth, tissue.MELANIN[1], tissue.MELANIN[2] / depth)
    canvas.absorb(vary[2] * look.pigment * cover * deep * uneven * tilt, brown)


def _add_pattern(
    rng: np.random.Generator, canvas: Tissue, outline: Outline, look: Look, signs: Signs, height: int
) -> None:
    """Add the pigment network, globules, and streaks and dots at the rim."""
    shape, cover = outline.inside.shape, outline.cover
    if look.network > 0.05:
        lines = structures.network(rng, shape, height, 0.8 * signs.colours)
        ring = cover * (1 - 0.6 * look.centre * step(outline.inside, 0.2, 0.6))
        canvas.absorb(0.75 * look.network * (0.4 + 0.6 * look.pigment) * lines * ring, tissue.MELANIN)
    if look.globules > 0.05:
        globules = structures.dots(rng, shape, 0.05 * height, 0.34, 0.5 * look.globules)
        canvas.absorb(0.55 * globules * step(outline.inside, 0.0, 0.15), tissue.MELANIN)
    growth = signs.growth**3
    streaks = structures.streaks(rng, outline) * step(outline.inside, -0.25, 0.0)
    canvas.absorb(0.6 * growth * (0.25 + look.pigment) * streaks, tissue.MELANIN)
    rim = step(-abs(outline.inside - 0.08), -0.2, 0.0)
    specks = structures.dots(rng, shape, 0.04 * height, 0.36, 0.10 * growth + 0.25 * growth * look.pigment)
    canvas.absorb(0.9 * specks * rim, tissue.MELANIN)


def _add_colours(rng: np.random.Generator, canvas: Tissue, outline: Outline, look: Look, signs: Signs) -> None:
    """Add the signs of malignancy: several colours and blue-grey structures, off the centre."""
    shape = outline.inside.shape
    within = step(outline.inside, 0.0, 0.25)
    away = 0.15 + 0.45 * signs.asymmetry
    red = structures.blotches(rng, shape, 0.7 * outline.radius, 0.35) * within
    canvas.absorb((0.45 + look.blood) * signs.colours * red, tissue.BLOOD)
    dark = structures.blotches(rng, shape, 0.6 * outline.radius, 0.40)
    dark = np.maximum(dark, structures.patch(rng, outline, away, 0.5)) * within
    canvas.absorb((0.40 + 1.35 * look.pigment) * signs.colours * dark, tissue.MELANIN)
    canvas.cover((0.12 + 0.65 * look.pigment) * signs.colours * signs.blue * dark, tissue.BLUE_BLACK)
    veil = structures.patch(rng, outline, away, 0.35 + 0.4 * signs.blue) * within
    haze = np.clip(0.65 + 0.35 * fractal(rng, shape, 0.3 * outline.radius, 4), 0, 1)
    canvas.cover((0.35 + 0.75 * look.pigment) * signs.blue * veil * haze, tissue.BLUE_GREY)
    peppering = structures.dots(rng, shape, 0.12 * outline.radius, 0.4, 0.5)
    canvas.cover(0.7 * signs.blue * peppering * structures.patch(rng, outline, away, 0.45) * within, tissue.BLUE_GREY)
    white = structures.patch(rng, outline, away, 0.3) * within
    canvas.cover(0.6 * max(signs.colours - 0.4, 0.0) * white, tissue.WHITE)


def _add_structures(rng: np.random.Generator, canvas: Tissue, outline: Outline, look: Look, height: int) -> None:
    """Add the structures that only some diagnoses have."""
    shape, cover = outline.inside.shape, outline.cover
    within = step(outline.inside, 0.02, 0.2)
    if look.pallor > 0.02:
        film = 0.6 + 0.4 * fractal(rng, shape, 0.5 * outline.radius)
        canvas.cover(look.pallor * film * cover, tissue.PEARL)
    if look.lacunae > 0.05:
        distance, kind = cells(rng, shape, 0.10 * height, every=2)
        lagoon = step(-distance, -0.62, -0.30) * within
        canvas.absorb(0.95 * look.lacunae * lagoon * (0.5 + kind), tissue.BLOOD)
        canvas.cover(0.6 * look.lacunae * lagoon * step(kind, 0.55, 0.95), tissue.VIOLET)
        canvas.cover(0.28 * look.lacunae * cover * step(distance, 0.45, 0.75), tissue.WHITE)
    if look.nests > 0.05:
        nests = structures.nests(rng, outline, look.nests)
        canvas.cover(0.65 * min(1.0, 1.5 * look.nests) * nests, tissue.BLUE_GREY)
    if look.vessels > 0.05:
        tree = structures.vessels(rng, outline, height, look.vessels)
        canvas.absorb(1.1 * tree, tissue.BLOOD)
    if look.follicles > 0.05:
        pores = structures.dots(rng, shape, 0.06 * height, 0.34, 0.55)
        canvas.cover(0.38 * look.follicles * pores * cover, tissue.YELLOW)
    if look.scale > 0.05:
        flakes = structures.blotches(rng, shape, 0.22 * height, 0.30) * within
        flakes = flakes * step(fractal(rng, shape, 0.05 * height, 3), -1.2, 1.0)
        canvas.cover(0.55 * look.scale * flakes, tissue.FLAKE)
    if look.fissures > 0.05:
        furrows = structures.furrows(rng, shape, 0.13 * height)
        canvas.absorb(0.5 * look.fissures * furrows * within, tissue.MELANIN)
    if look.milia > 0.05:
        cysts = structures.dots(rng, shape, 0.10 * height, 0.20, 0.45 * look.milia)
        canvas.cover(0.75 * cysts * within, tissue.YELLOW)
    if look.comedones > 0.05:
        openings = structures.dots(rng, shape, 0.11 * height, 0.22, 0.4 * look.comedones)
        canvas.cover(0.8 * openings * within, tissue.PLUG)
    if look.centre > 0.05:
        scar = structures.patch(rng, outline, 0.1, 0.55)
        canvas.cover(0.65 * look.centre * scar * (0.8 + 0.2 * fractal(rng, shape, 0.1 * height)), tissue.WHITE)
