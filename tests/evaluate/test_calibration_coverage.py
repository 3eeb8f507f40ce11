"""Coverage of the 95 % intervals of calibration measures and net benefit, by simulation, for small and large splits.

The test splits have 128 lesions, 40 of them malignant, or 1,000, 200 of them malignant: for calibration measures on
average, since these intervals are for lesions drawn at random; for net benefit always.
"""

from collections import defaultdict

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, stdtrit

from dermoscopy.core.metrics import confusion
from dermoscopy.evaluate.recalibration import calibration_errors, calibration_measures, fit_curve
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.net_benefit import net_benefit, net_benefit_interval

pytestmark = pytest.mark.slow

POPULATION = 400_000
SPLITS = {128: (1000, -1.2, 1.8), 1000: (500, -2.0, 1.6)}  # lesions to number of splits, mean and spread of the logits
CALIBRATION = {"calibrated": (0.0, 1.0), "too extreme and too low": (0.4, 0.7)}  # true intercept and slope
AT = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles of the probabilities at which the smooth curve is compared


def labels(logits, intercept, slope, generator):
    return (generator.random(len(logits)) < expit(intercept + slope * logits)).astype(int)


@pytest.mark.parametrize("calibration", CALIBRATION)
@pytest.mark.parametrize("lesions", SPLITS)
def test_coverage_of_calibration_measures_and_the_smooth_curve(lesions, calibration):
    generator = np.random.default_rng(21)
    times, mean, spread = SPLITS[lesions]
    intercept, slope = CALIBRATION[calibration]
    population = generator.normal(mean, spread, POPULATION)
    truth = expit(intercept + slope * population)
    at = np.quantile(population, AT)
    true_values = {
        "oe_ratio": truth.mean() / expit(population).mean(),
        "intercept": brentq(lambda value: (truth - expit(value + population)).mean(), -3, 3),
        "slope": slope,
        **{f"curve at {name}": value for name, value in zip(AT, expit(intercept + slope * at), strict=True)},
    }
    covered = defaultdict(list)
    for _ in range(times):
        logits = generator.normal(mean, spread, lesions)
        y_true = labels(logits, intercept, slope, generator)
        found = {name: bounded[1:] for name, bounded in calibration_measures(y_true, expit(logits), 0.95).items()}
        bounds = fit_curve(y_true, expit(logits)).bounds(expit(at), 0.95)
        found |= {f"curve at {name}": pair for name, pair in zip(AT, zip(*bounds, strict=True), strict=True)}
        for name, (low, high) in found.items():
            covered[name].append(low <= true_values[name] <= high)
    coverage = {name: np.mean(times) for name, times in covered.items()}
    assert len(coverage) == 3 + len(AT)
    assert {name: value for name, value in coverage.items() if not 0.93 <= value <= 0.975} == {}


def two_labels(lesions, generator):
    """Return calibrated probabilities of malignant and of benign lesions, and the number of malignant ones."""
    _, mean, spread = SPLITS[lesions]
    population = generator.normal(mean, spread, POPULATION)
    y_true = labels(population, 0.0, 1.0, generator)
    malignant, benign = (expit(population[y_true == label]) for label in (1, 0))
    return malignant, benign, round(lesions * y_true.mean())


def true_net_benefit(malignant, benign, prevalence, threshold):
    false_positives = (1 - prevalence) * (benign >= threshold).mean()
    return prevalence * (malignant >= threshold).mean() - false_positives * threshold / (1 - threshold)


@pytest.mark.parametrize("lesions", SPLITS)
def test_coverage_of_net_benefit(lesions):
    times, generator = SPLITS[lesions][0], np.random.default_rng(22)
    malignant, benign, count = two_labels(lesions, generator)
    thresholds = np.arange(1, 20) / 20
    true_values = [true_net_benefit(malignant, benign, count / lesions, threshold) for threshold in thresholds]
    own = np.repeat([1, 0], [count, lesions - count])
    covered = np.zeros((times, len(thresholds)))
    for split in range(times):
        y_prob = np.concatenate([generator.choice(malignant, count), generator.choice(benign, lesions - count)])
        for number, threshold in enumerate(thresholds):
            bounded = net_benefit_interval(confusion(own, y_prob >= threshold), threshold, 0.95)
            covered[split, number] = bounded.low <= true_values[number] <= bounded.high
    coverage = covered.mean(axis=0)
    assert coverage.mean() == pytest.approx(0.955, abs=0.015)
    assert coverage.min() > 0.93, coverage
    assert coverage.max() < 0.985, coverage  # Wilson's intervals are conservative where few lesions are misclassified


def test_a_bootstrap_interval_of_net_benefit_fails_where_few_lesions_are_missed():
    generator = np.random.default_rng(24)
    malignant, benign, count = two_labels(128, generator)
    own, threshold = np.repeat([1, 0], [count, 128 - count]), 0.05
    true_value = true_net_benefit(malignant, benign, count / 128, threshold)
    names, covered = np.arange(128).astype(object), []
    for _ in range(500):
        y_prob = np.concatenate([generator.choice(malignant, count), generator.choice(benign, 128 - count)])
        resamples = resample_lesions(names, own, 300, generator)
        error = net_benefit(own, y_prob, threshold, resamples).std(ddof=1) * np.sqrt(count / (count - 1))
        half = stdtrit(count - 1, 0.975) * error
        covered.append(abs(net_benefit(own, y_prob, threshold) - true_value) <= half)
    assert np.mean(covered) < 0.7


def test_no_bootstrap_interval_of_the_calibration_errors_holds():
    """Percentiles never contain the error 0 of calibrated probabilities; reflected ones in less than 90 %."""
    generator = np.random.default_rng(23)
    covered = defaultdict(list)
    for _ in range(100):
        logits = generator.normal(-1.2, 1.8, 128)
        y_true = labels(logits, 0.0, 1.0, generator)
        value = calibration_errors(y_true, expit(logits))["ici"]
        samples = (generator.integers(0, 128, 128) for _ in range(100))
        resampled = [calibration_errors(y_true[rows], expit(logits[rows]))["ici"] for rows in samples]
        low, high = np.quantile(resampled, [0.025, 0.975])
        covered["percentile"].append(low <= 0)
        covered["reflected"].append(2 * value - high <= 0 <= 2 * value - low)
    assert np.mean(covered["percentile"]) == 0
    assert np.mean(covered["reflected"]) < 0.9
