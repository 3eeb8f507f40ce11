from math import erf
from time import process_time

import numpy as np
import pytest

from dermoscopy.evaluation.intervals import draw_lesions, percentile_interval, resample, resample_roc_auc
from dermoscopy.evaluation.metrics import METRICS, measure, roc_auc

LESION = np.array(["a", "a", "b", "c", "c", "c", "d", "e"], dtype=object)
LABEL = np.array([0, 0, 0, 1, 1, 1, 1, 0])
PROBABILITY = np.array([0.1, 0.6, 0.3, 0.6, 0.9, 0.4, 0.8, 0.5])


def test_a_lesion_is_drawn_with_all_its_photographs():
    draws = draw_lesions(LESION, LABEL, 50, np.random.default_rng(0))
    assert draws.shape == (50, 8)
    assert (draws[:, 0] == draws[:, 1]).all()
    assert (draws[:, 3] == draws[:, 5]).all()
    assert len(np.unique(draws[:, 0])) > 2


def test_every_draw_has_as_many_lesions_of_each_label():
    draws = draw_lesions(LESION, LABEL, 50, np.random.default_rng(0))
    assert (draws[:, [0, 2, 7]].sum(axis=1) == 3).all()
    assert (draws[:, [3, 6]].sum(axis=1) == 2).all()


def test_the_seed_decides():
    first, again, other = (draw_lesions(LESION, LABEL, 9, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_every_draw_equals_the_metric_of_the_repeated_rows():
    draws = draw_lesions(LESION, LABEL, 40, np.random.default_rng(0))
    drawn = resample(LABEL, PROBABILITY, 0.5, draws)
    assert tuple(drawn) == METRICS
    for number, times in enumerate(draws.astype(int)):
        expected = measure(np.repeat(LABEL, times), np.repeat(PROBABILITY, times), 0.5)
        for metric, value in expected.items():
            assert drawn[metric][number] == pytest.approx(value, nan_ok=True)


def test_certain_mistakes_cost_as_much_as_in_the_metric():
    label, certain = np.array([0, 1, 1]), np.array([1.0, 0.0, 1.0])
    once = np.ones((1, 3))
    assert resample(label, certain, 0.5, once)["log_loss"][0] == pytest.approx(measure(label, certain, 0.5)["log_loss"])


def test_one_label_has_no_roc_auc():
    assert np.isnan(resample_roc_auc(np.zeros(3, int), np.array([1.0, 2.0, 2.0]), np.ones((4, 3)))).all()


def test_percentiles_leave_out_what_is_undefined():
    assert percentile_interval(np.array([np.nan, *np.arange(101.0)]), 0.9) == pytest.approx((5, 95))
    assert np.isnan(percentile_interval(np.array([np.nan]), 0.9)).all()


def simulate(lesions: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lesions of one to three photographs whose scores agree more than those of two lesions; true ROC AUC 0.84."""
    lesion = np.repeat(np.arange(lesions), generator.integers(1, 4, lesions))
    label = (lesion % 3 == 0).astype(int)
    own = generator.normal(size=lesions)[lesion]
    return lesion.astype(object), label, np.sqrt(2) * label + 0.8 * own + 0.6 * generator.normal(size=len(lesion))


TRUE_ROC_AUC = (1 + erf(1 / np.sqrt(2))) / 2


def coverage(cluster: bool) -> float:
    generator, times, held = np.random.default_rng(5), 300, 0
    for _ in range(times):
        lesion, label, score = simulate(90, generator)
        unit = lesion if cluster else np.arange(len(lesion))
        draws = draw_lesions(unit, label, 200, generator)
        low, high = percentile_interval(resample_roc_auc(label, score, draws), 0.95)
        held += low <= TRUE_ROC_AUC <= high
    return held / times


def test_intervals_hold_the_truth_as_often_as_they_promise():
    assert 0.91 <= coverage(cluster=True) <= 0.98


def test_photographs_taken_for_independent_would_not():
    assert coverage(cluster=False) < 0.90


def test_the_same_photographs_again_narrow_nothing():
    lesion, label, score = simulate(60, np.random.default_rng(1))
    once = resample_roc_auc(label, score, draw_lesions(lesion, label, 100, np.random.default_rng(2)))
    lesion, label, score = (np.tile(column, 5) for column in (lesion, label, score))
    again = resample_roc_auc(label, score, draw_lesions(lesion, label, 100, np.random.default_rng(2)))
    assert again == pytest.approx(once, abs=1e-12)


def test_the_point_lies_inside():
    lesion, label, score = simulate(60, np.random.default_rng(1))
    draws = draw_lesions(lesion, label, 400, np.random.default_rng(2))
    low, high = percentile_interval(resample_roc_auc(label, score, draws), 0.95)
    assert low < roc_auc(label, score) < high


def test_two_thousand_rows_take_no_time_worth_telling():
    lesion, label, score = simulate(1000, np.random.default_rng(1))
    start = process_time()
    draws = draw_lesions(lesion, label, 1000, np.random.default_rng(2))
    resample(label, 1 / (1 + np.exp(-score)), 0.5, draws)
    assert process_time() - start < 5
