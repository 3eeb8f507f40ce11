"""Every kind of interval holds the truth as often as it says: 95 times in a hundred, 93 to 97 here.

Test parts of 120 lesions, 40 of them malignant, are drawn a thousand times; the truth is that of 200,000 lesions.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.metrics import confusion
from dermoscopy.ensemble.thresholds import fit_sets, sensitive
from dermoscopy.evaluate.scores import Classifier, score_classifiers
from dermoscopy.stats.intervals import predictive_values, resample_lesions
from dermoscopy.stats.lesions import images, lesions
from dermoscopy.stats.paired import Calls, compare
from tests.simulated import simulate

pytestmark = pytest.mark.slow

TIMES, RESAMPLES, LESIONS, POPULATION = 1000, 300, 120, 200_000
POINTS = {"half": 0.5}
SEPARATIONS = (2.0, 1.7)

Bounds = tuple[tuple[str, ...], float, float, float]


def intervals(rows: pd.DataFrame, resamples: int, generator: np.random.Generator) -> Iterator[Bounds]:
    """Every interval there is: what it is of, the value, low and high."""
    for unit in (images(rows), lesions(rows)):
        one = Classifier("one", "member", rows["p0"].to_numpy(), POINTS)
        draws = resample_lesions(unit.lesion, unit.label, resamples, generator)
        for row in score_classifiers([one], unit, draws, 0.95).itertuples():
            yield (unit.name, row.metric, row.interval), row.value, row.low, row.high
    calls = [Calls(rows[name].to_numpy(), 0.5) for name in ("p0", "p1")]
    for paired in compare(rows, *calls, 0.95):
        yield (paired.unit, f"difference of {paired.metric}", paired.test), paired.difference, paired.low, paired.high
    unit = lesions(rows)
    counts = confusion(unit.label, unit.mean(rows["p0"].to_numpy()) >= 0.5)
    for prevalence in (0.01, 0.2):
        for metric, bounded in predictive_values(counts, prevalence, 0.95).items():
            yield ("lesion", metric, f"at {prevalence}"), *bounded


@pytest.fixture(scope="module")
def coverage() -> pd.Series:
    generator = np.random.default_rng(11)
    population = simulate(POPULATION, generator, SEPARATIONS)
    truth = {key: value for key, value, _, _ in intervals(population, 1, generator)}
    held = defaultdict(list)
    for _ in range(TIMES):
        for key, _, low, high in intervals(simulate(LESIONS, generator, SEPARATIONS), RESAMPLES, generator):
            held[key].append(low <= truth[key] <= high)
    return pd.Series({" ".join(key): np.mean(times) for key, times in held.items()})


def test_every_kind_holds_the_truth(coverage):
    kinds = ("bootstrap", "Wilson", "Obuchowski", "DeLong", "likelihood ratio", "McNemar", "paired t", "at 0.2")
    assert all(any(kind in name for name in coverage.index) for kind in kinds)
    outside = coverage[(coverage < 0.93) | (coverage > 0.97)]
    assert outside.empty, outside.to_string()


def test_a_promised_sensitivity_is_kept_on_average_and_its_range_holds():
    generator = np.random.default_rng(12)
    everyone = simulate(POPULATION, generator)
    everyone, malignant = lesions(everyone), lesions(everyone).mean(everyone["p0"].to_numpy())
    reached, held = [], []
    for _ in range(2000):
        rows = simulate(75, generator)
        unit = lesions(rows)
        promise = sensitive(unit.mean(rows["p0"].to_numpy())[unit.label == 1], 0.9, 0.95)
        reached.append((malignant[everyone.label == 1] >= promise.threshold).mean())
        held.append(promise.low <= reached[-1] <= promise.high)
    assert np.mean(reached) == pytest.approx(promise.mean, abs=0.005)
    assert promise.mean >= 0.9
    assert 0.93 <= np.mean(held) <= 0.97


def test_conformal_sets_hold_each_label_as_often_as_asked_for():
    generator = np.random.default_rng(13)
    rows = simulate(POPULATION, generator)
    everyone = lesions(rows)
    score = everyone.mean(rows["p0"].to_numpy())
    reached = {0: [], 1: []}
    for _ in range(1000):
        val = simulate(150, generator)
        unit = lesions(val)
        sets = fit_sets(unit.label, unit.mean(val["p0"].to_numpy()), 0.9)
        for label, shares in reached.items():
            shares.append(sets.possible(score[everyone.label == label], label).mean())
    for shares in reached.values():
        assert 0.9 <= np.mean(shares) <= 0.93
