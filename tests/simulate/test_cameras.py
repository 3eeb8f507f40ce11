import numpy as np
import pytest

from dermoscopy.core.metrics import roc_auc
from dermoscopy.simulate.cameras import CAMERAS, NEUTRAL, log_likelihood_ratio, proportions, sample_cameras
from dermoscopy.simulate.image import expose
from dermoscopy.simulate.metadata import sample_table
from dermoscopy.stats.roc import roc_auc_within


def test_the_cameras_have_the_proportions_of_ham10000():
    benign, malignant = proportions(1.0)
    lesions = {"benign": 6301, "malignant": 1169}
    prevalence = lesions["malignant"] * malignant / (lesions["malignant"] * malignant + lesions["benign"] * benign)
    assert prevalence == pytest.approx([17 / 3945, 457 / 1695, 647 / 1552, 48 / 278])


def test_without_a_difference_the_camera_says_nothing():
    benign, malignant = proportions(0.0)
    assert benign == pytest.approx(malignant)
    assert log_likelihood_ratio(np.arange(len(CAMERAS)), 0.0) == pytest.approx(0)


def test_sampled_cameras_have_their_proportions():
    malignant = np.arange(40_000) % 2 == 1
    sampled = sample_cameras(np.random.default_rng(1), malignant, 1.0)
    for label, expected in enumerate(proportions(1.0)):
        counts = np.bincount(sampled[malignant == label], minlength=len(CAMERAS))
        assert counts / counts.sum() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("strength", "gap"), [(0.0, 0.0), (1.0, 0.03)])
def test_a_planted_camera_effect_is_a_gap_between_both_roc_aucs(simulation, strength, gap):
    table = sample_table(simulation(lesions=20_000, cameras=strength))
    label, latent = table["malignant"].to_numpy().astype(int), table["latent"].to_numpy()
    within = roc_auc_within(label, latent, table["dataset"].to_numpy(dtype=object))
    assert roc_auc(label, latent) - within == pytest.approx(gap, abs=0.004)
    assert within == pytest.approx(0.95, abs=0.005)  # the camera is no help within a camera


def test_the_latent_score_is_the_best_one(simulation):
    """The likelihood ratio of score and camera: adding more or less of the camera ranks worse."""
    table = sample_table(simulation(lesions=20_000))
    label, camera = table["malignant"].to_numpy().astype(int), (table["latent"] - table["score"]).to_numpy()
    aucs = [roc_auc(label, table["score"].to_numpy() + factor * camera) for factor in (0.5, 1.0, 2.0)]
    assert max(aucs) == aucs[1]


def test_each_camera_has_its_own_look():
    scene = np.full((3, 60, 80), 0.5, np.float32)
    means = {
        name: expose(np.random.default_rng(1), scene, 0.0, camera.look).mean(axis=(0, 1))
        for name, camera in CAMERAS.items()
    }
    neutral = expose(np.random.default_rng(1), scene, 0.0)
    assert np.ptp(neutral) == 0
    for name, mean in means.items():
        others = [other for key, other in means.items() if key != name] + [neutral.mean(axis=(0, 1))]
        assert min(np.abs(mean - other).max() for other in others) > 3, name


def test_a_look_of_no_strength_is_neutral():
    scene = np.random.default_rng(2).random((3, 30, 40), np.float32)
    for camera in CAMERAS.values():
        images = [expose(np.random.default_rng(1), scene, 0.5, look) for look in (camera.look.scaled(0.0), NEUTRAL)]
        np.testing.assert_array_equal(*images)
