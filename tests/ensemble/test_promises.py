"""What thresholds, conformal sets and calibration promise on val is what comes on other lesions.

The lesions have as many images as those of HAM10000: 1.67 on average if malignant, 1.27 if benign. 200 vals are sampled
from 40,000 lesions.
"""

import numpy as np
import pandas as pd
import pytest

from dermoscopy.ensemble.selection import Candidate, fit_candidates
from dermoscopy.ensemble.thresholds import fit_conformal_sets, fit_operating_points
from dermoscopy.stats.lesions import Unit, by_lesion
from tests.ensemble.settings import ensemble

pytestmark = pytest.mark.slow

IMAGES = {1: ((1, 2, 3, 4), (0.5, 0.36, 0.11, 0.03)), 0: ((1, 2, 3), (0.77, 0.19, 0.04))}
PREVALENCE = 0.157  # of malignant lesions in HAM10000 with the policy mel+bcc+akiec
MEMBERS = ("cnn_a", "cnn_b", "vgg19")


def simulate(lesions: int, generator: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate images of lesions and the probabilities of three members that share noise."""
    label = (generator.random(lesions) < PREVALENCE).astype(int)
    images = np.empty(lesions, int)
    for value, (counts, proportions) in IMAGES.items():
        images[label == value] = generator.choice(counts, (label == value).sum(), p=proportions)
    lesion = np.repeat(np.arange(lesions), images)
    names = [f"HAM_{number:06d}" for number in lesion]
    rows = pd.DataFrame({"lesion_id": names, "group": names, "label": label[lesion]})
    shared = 0.7 * generator.normal(size=lesions)[lesion] + 0.4 * generator.normal(size=len(lesion))
    logits = {
        name: separation * rows["label"] - 0.3 + shared + 0.6 * generator.normal(size=len(lesion))
        for name, separation in zip(MEMBERS, (1.5, 1.5, 1.0), strict=True)
    }
    return rows, pd.DataFrame({name: 1 / (1 + np.exp(-logit)) for name, logit in logits.items()})


ROWS, PROBABILITIES = simulate(40_000, np.random.default_rng(0))
POPULATION = by_lesion(ROWS)
IMAGES_OF = np.split(np.arange(len(ROWS)), np.flatnonzero(np.diff(POPULATION.index)) + 1)


def sample(malignant: int, benign: int, generator: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sample the lesions of a val, each with all its images."""
    chosen = [
        generator.choice(np.flatnonzero(POPULATION.label == value), count, replace=False)
        for value, count in ((1, malignant), (0, benign))
    ]
    positions = np.concatenate([IMAGES_OF[lesion] for lesion in np.concatenate(chosen)])
    return ROWS.iloc[positions].reset_index(drop=True), PROBABILITIES.iloc[positions].reset_index(drop=True)


def promised_and_reached(lesions: Unit, score: np.ndarray, fitted: Candidate) -> dict[str, float]:
    points = fit_operating_points(lesions, {"ensemble": (score, 0.5)}, 0.9).set_index("point")
    sets = fit_conformal_sets(lesions.label, lesions.mean(score), 0.9)
    reached = POPULATION.mean(fitted.probability(PROBABILITIES))
    malignant = POPULATION.label == 1
    return {
        "promised": points.loc["sensitive", "expected_sensitivity"],
        "sensitivity": (reached[malignant] >= points.loc["sensitive", "threshold"]).mean(),
        "malignant coverage": sets.contains(reached[malignant], 1).mean(),
        "benign coverage": sets.contains(reached[~malignant], 0).mean(),
        "mean probability": reached.mean(),
    }


@pytest.mark.parametrize("method", ["mean", "stacking", "log_loss_weighted"])
def test_sensitivity_coverage_and_probability_are_reached_on_other_lesions(method, monkeypatch):
    monkeypatch.setattr("dermoscopy.ensemble.selection.subsets", lambda members: [tuple(members)])
    monkeypatch.setattr("dermoscopy.ensemble.selection.METHODS", (method,))
    generator, found = np.random.default_rng(1), []
    for _ in range(200):
        rows, probabilities = sample(60, 322, generator)
        (fitted,) = fit_candidates(rows, probabilities, ensemble(*MEMBERS, method=method))
        found.append(promised_and_reached(by_lesion(rows), fitted.out_of_fold_score, fitted))
    mean = pd.DataFrame(found).mean()
    assert mean["sensitivity"] == pytest.approx(mean["promised"], abs=0.01)
    assert mean["malignant coverage"] == pytest.approx(mean["promised"], abs=0.01)
    assert mean["benign coverage"] == pytest.approx(0.9, abs=0.01)
    assert mean["mean probability"] == pytest.approx(PREVALENCE, abs=0.01)
