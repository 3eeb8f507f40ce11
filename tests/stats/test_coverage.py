"""Coverage of every kind of 95 % interval, by simulation: between 93 and 97 %.

A thousand test splits of 120 lesions, 40 of them malignant, are simulated; true values are those of 200,000 lesions.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.metrics import confusion
from dermoscopy.ensemble.thresholds import fit_conformal_sets, sensitive_threshold
from dermoscopy.evaluate.scores import Classifier, score_classifiers
from dermoscopy.stats.intervals import predictive_values, resample_lesions
from dermoscopy.stats.lesions import by_image, by_lesion
from dermoscopy.stats.paired import ThresholdedScores, compare
from tests.simulated import simulate

pytestmark = pytest.mark.slow

TIMES, RESAMPLES, LESIONS, POPULATION = 1000, 300, 120, 200_000
POINTS = {"half": 0.5}
SEPARATIONS = (2.0, 1.7)

PROPORTIONS = ((0.5, 0.3, 0.15, 0.05), (0.05, 0.3, 0.55, 0.1))  # of the sources, among benign and malignant lesions
SHIFT = 0.8  # of the logit, from one source to the next

Bounds = tuple[tuple[str, ...], float, float, float]


def simulate_sources(lesions: int, generator: np.random.Generator) -> pd.DataFrame:
    """Simulate images whose scores and labels both depend on their source, so that the source is a shortcut."""
    rows = simulate(lesions, generator, SEPARATIONS)
    upper = np.cumsum(PROPORTIONS, axis=1)[rows["label"]]
    draw = dict(zip(rows["lesion_id"].unique(), generator.random(rows["lesion_id"].nunique()), strict=True))
    source = (rows["lesion_id"].map(draw).to_numpy()[:, None] > upper[:, :-1]).sum(axis=1)
    for name in ("p0", "p1"):
        rows[name] = 1 / (1 + (1 / rows[name] - 1) * np.exp(-SHIFT * (source - 2)))
    return rows.assign(dataset=np.array(list("abcd"))[source])


def intervals(rows: pd.DataFrame, resamples: int, generator: np.random.Generator) -> Iterator[Bounds]:
    """Yield every interval with its key (unit, metric, kind of interval), value, low and high."""
    for unit in (by_image(rows), by_lesion(rows)):
        classifier = Classifier("one", "member", rows["p0"].to_numpy(), POINTS)
        resampled = resample_lesions(unit.lesion, unit.label, resamples, generator)
        for row in score_classifiers([classifier], unit, resampled, 0.95).itertuples():
            yield (unit.name, row.metric, row.interval), row.value, row.low, row.high
    scores = [ThresholdedScores(rows[name].to_numpy(), 0.5) for name in ("p0", "p1")]
    for paired in compare(rows, *scores, 0.95):
        yield (paired.unit, f"difference of {paired.metric}", paired.test), paired.difference, paired.low, paired.high
    unit = by_lesion(rows)
    counts = confusion(unit.label, unit.mean(rows["p0"].to_numpy()) >= 0.5)
    for prevalence in (0.01, 0.2):
        for metric, bounded in predictive_values(counts, prevalence, 0.95).items():
            yield ("lesion", metric, f"at {prevalence}"), *bounded


@pytest.fixture(scope="module")
def coverage() -> pd.Series:
    generator = np.random.default_rng(11)
    population = simulate_sources(POPULATION, generator)
    true_values = {key: value for key, value, _, _ in intervals(population, 1, generator)}
    covered = defaultdict(list)
    for _ in range(TIMES):
        for key, _, low, high in intervals(simulate_sources(LESIONS, generator), RESAMPLES, generator):
            covered[key].append(low <= true_values[key] <= high)
    return pd.Series({" ".join(key): np.mean(times) for key, times in covered.items()})


def test_coverage_of_every_kind_of_interval(coverage):
    kinds = ("bootstrap", "Wilson", "Obuchowski", "DeLong", "likelihood ratio", "McNemar", "paired t", "at 0.2")
    assert all(any(kind in name for name in coverage.index) for kind in kinds)
    assert sum("roc_auc_within" in name for name in coverage.index) == 4
    outside = coverage[(coverage < 0.93) | (coverage > 0.97)]
    assert outside.empty, outside.to_string()


def test_the_expected_sensitivity_is_the_mean_and_its_interval_has_its_coverage():
    generator = np.random.default_rng(12)
    simulated = simulate(POPULATION, generator)
    population = by_lesion(simulated)
    score = population.mean(simulated["p0"].to_numpy())
    reached, covered = [], []
    for _ in range(2000):
        rows = simulate(75, generator)
        unit = by_lesion(rows)
        expected = sensitive_threshold(unit.mean(rows["p0"].to_numpy())[unit.label == 1], 0.9, 0.95)
        reached.append((score[population.label == 1] >= expected.threshold).mean())
        covered.append(expected.low <= reached[-1] <= expected.high)
    assert np.mean(reached) == pytest.approx(expected.mean, abs=0.005)
    assert expected.mean >= 0.9
    assert 0.93 <= np.mean(covered) <= 0.97


def test_conformal_sets_cover_each_label():
    generator = np.random.default_rng(13)
    rows = simulate(POPULATION, generator)
    population = by_lesion(rows)
    score = population.mean(rows["p0"].to_numpy())
    covered = {0: [], 1: []}
    for _ in range(1000):
        val = simulate(150, generator)
        unit = by_lesion(val)
        sets = fit_conformal_sets(unit.label, unit.mean(val["p0"].to_numpy()), 0.9)
        for label, proportions in covered.items():
            proportions.append(sets.contains(score[population.label == label], label).mean())
    for proportions in covered.values():
        assert 0.9 <= np.mean(proportions) <= 0.93
