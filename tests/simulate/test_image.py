"""Fields, structures, hair, views and looks of simulated images."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from dermoscopy.simulate.appearance import LOOKS, Signs, blend, sample_signs
from dermoscopy.simulate.image import View, add_hair, project, sample_view
from dermoscopy.simulate.lesion import draw_lesion
from dermoscopy.simulate.metadata import DIAGNOSES
from dermoscopy.simulate.noise import Stream, arc, cells, enlarge, fractal, generator, paint, step
from dermoscopy.simulate.structures import Tissue

PLAIN = Signs(0.0, 0.0, 0.0, 0.0, 0.5, 0.0)
MARKED = Signs(1.0, 1.0, 1.0, 1.0, 0.5, 1.0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_random_streams_differ():
    numbers = {
        generator(seed, stream, *key).random()
        for seed in (1, 2)
        for stream, key in ((Stream.TABLE, ()), (Stream.LESION, (3,)), (Stream.IMAGE, (3, 0)))
    }
    assert len(numbers) == 6


def test_fractal_has_mean_zero_and_unit_deviation(rng):
    fields = np.stack([fractal(rng, (60, 80), 12) for _ in range(50)])
    assert fields.shape == (50, 60, 80)
    assert fields.mean() == pytest.approx(0, abs=0.1)
    assert fields.std() == pytest.approx(1, abs=0.15)


def test_enlarging_keeps_a_slope():
    slope = np.tile(np.arange(10, dtype=np.float32), (10, 1))
    large = enlarge(slope, (40, 40), 4)
    assert np.diff(large[20, 8:32]) == pytest.approx(0.25)


@pytest.mark.parametrize("spacing", [4.0, 15.0])
def test_cells_are_as_wide_as_asked(rng, spacing):
    distance, kind = cells(rng, (120, 160), spacing)
    assert distance.shape == kind.shape == (120, 160)
    # The mean is 0.35 spacings in a disc of the area of one cell of the regular lattice; random moves add a little.
    assert distance.mean() == pytest.approx(0.38, abs=0.06)


def test_step_rises_from_low_to_high():
    assert step(np.array([0, 1, 1.5, 2, 3], np.float32), 1, 2) == pytest.approx([0, 0, 0.5, 1, 1])


def test_layers_of_tissue_are_linear_in_the_skin(rng):
    tissue = Tissue(2)
    tissue.absorb(np.full((2, 2), np.log(2), np.float32), (1.0, 1.0, 0.0))
    tissue.cover(np.full((2, 2), 0.5, np.float32), (1.0, 0.0, 1.0))
    assert tissue.keep[:, 0, 0] == pytest.approx([0.25, 0.25, 0.5])
    assert tissue.add[:, 0, 0] == pytest.approx([0.5, 0.0, 0.5])


def test_painted_line_tapers():
    cover = paint((20, 60), [(arc(np.array([0.0, 10.0]), np.array([60.0, 10.0]), 0.0), 6.0, 2.0)])
    assert cover[:, 2].sum() > 1.8 * cover[:, 57].sum() > 0


def test_a_scene_without_hair_is_unchanged(rng):
    scene = np.full((3, 48, 64), 0.7, np.float32)
    add_hair(rng, scene, 0.0)
    assert (scene == np.float32(0.7)).all()


def test_a_view_without_noise_is_only_rotated(rng):
    view = sample_view(rng, 0.0)
    assert (view.zoom, view.stretch, view.shift) == (1.0, 1.0, (0.0, 0.0))


def test_projection_rotates_and_magnifies():
    canvas = np.zeros((40, 40), np.float32)
    canvas[18:22, 25:35] = 1
    projected = project(canvas, View(np.pi / 2, 2.0, 1.0, (0.0, 0.0)), (80, 80), 0.0)
    upright = np.ptp(np.nonzero(projected > 0.5)[0]), np.ptp(np.nonzero(projected > 0.5)[1])
    assert upright == (19, 7)


def test_signs_rise_with_the_score(rng):
    means = [np.mean([astuple(sample_signs(rng, score, 2.33)) for _ in range(200)], axis=0) for score in (0, 1.2, 2.4)]
    assert (means[0] < means[1]).all()
    assert (means[1] < means[2]).all()
    assert (means[0] > 0.02).all()
    assert (means[2] < 0.98).all()


def test_marked_signs_make_a_lesion_darker_more_uneven_and_ragged():
    def describe(signs: Signs) -> tuple[float, float, float]:
        spread, round_ = [], []
        for seed in range(12):
            lesion = draw_lesion(np.random.default_rng(seed), LOOKS["nv"], signs, 96)
            inside = lesion.outline.inside > 0
            red = (lesion.tissue.keep[0] * 0.83 + lesion.tissue.add[0])[inside]
            spread.append((red.mean(), red.std()))
            border = inside & ~(np.roll(inside, 1, 0) & np.roll(inside, -1, 0) & np.roll(inside, 1, 1))
            round_.append(border.sum() ** 2 / inside.sum())
        return (*np.mean(spread, axis=0), np.mean(round_))

    plain, marked = describe(PLAIN), describe(MARKED)
    assert marked[0] < plain[0]
    assert marked[1] > 1.3 * plain[1]
    assert marked[2] > 1.2 * plain[2]


def test_every_diagnosis_has_a_different_look(rng):
    assert set(LOOKS) == set(DIAGNOSES)
    colours = {
        dx: np.median(lesion.tissue.keep[:, lesion.outline.inside > 0.1], axis=1)
        for dx, look in LOOKS.items()
        for lesion in [draw_lesion(np.random.default_rng(1), look, PLAIN, 96)]
    }
    for first in colours:
        for second in colours:
            assert first == second or np.abs(colours[first] - colours[second]).max() > 0.01
    assert colours["nv"][2] < colours["bcc"][2]  # brown absorbs more blue than pink


def test_blend_is_a_weighted_mean():
    assert blend(LOOKS["nv"], LOOKS["bkl"], 0.0) == LOOKS["nv"]
    half = blend(LOOKS["nv"], replace(LOOKS["nv"], pigment=0.0), 0.5)
    assert half.pigment == pytest.approx(LOOKS["nv"].pigment / 2)


def test_lesion_never_reaches_its_canvas_edge():
    for seed in range(10):
        outline = draw_lesion(np.random.default_rng(seed), LOOKS["akiec"], MARKED, 64).outline
        rim = np.concatenate([outline.inside[[0, -1]].ravel(), outline.inside[:, [0, -1]].ravel()])
        assert rim.max() < 0
