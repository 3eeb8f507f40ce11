"""Variances of ROC AUCs from ranks, compared with DeLong's and Obuchowski's formulas pair by pair."""

import numpy as np
import pytest

from dermoscopy.stats.roc import roc_auc_interval, roc_aucs
from tests.simulated import simulate


def above(first: float, second: float) -> float:
    return float(first > second) + 0.5 * float(first == second)


def placements(label: np.ndarray, score: np.ndarray) -> tuple[list[float], list[float]]:
    malignant, benign = score[label == 1], score[label == 0]
    return (
        [np.mean([above(x, y) for y in benign]) for x in malignant],
        [np.mean([above(x, y) for x in malignant]) for y in benign],
    )


def delong(label: np.ndarray, scores: list[np.ndarray]) -> np.ndarray:
    tens, ones = zip(*(placements(label, score) for score in scores), strict=True)
    return np.cov(tens) / len(tens[0]) + np.cov(ones) / len(ones[0])


def obuchowski(label: np.ndarray, scores: list[np.ndarray], lesion: np.ndarray) -> np.ndarray:
    count, others = (label == 1).sum(), (label == 0).sum()
    names = sorted(set(lesion))
    first = [name for name in names if (label[lesion == name] == 1).any()]
    second = [name for name in names if (label[lesion == name] == 0).any()]
    tens, ones = [], []
    for score in scores:
        ten, one = placements(label, score)
        area = np.mean(ten)
        of_malignant, of_benign = lesion[label == 1], lesion[label == 0]
        tens.append(
            {name: sum(v - area for v, of in zip(ten, of_malignant, strict=True) if of == name) for name in names}
        )
        ones.append({name: sum(v - area for v, of in zip(one, of_benign, strict=True) if of == name) for name in names})
    covariance = np.empty((len(scores), len(scores)))
    for i in range(len(scores)):
        for j in range(len(scores)):
            s10 = len(first) / ((len(first) - 1) * count) * sum(tens[i][name] * tens[j][name] for name in first)
            s01 = len(second) / ((len(second) - 1) * others) * sum(ones[i][name] * ones[j][name] for name in second)
            s11, s11_turned = (
                len(names) / (len(names) - 1) * sum(tens[a][name] * ones[b][name] for name in names)
                for a, b in ((i, j), (j, i))
            )
            covariance[i, j] = s10 / count + s01 / others + (s11 + s11_turned) / (count * others)
    return covariance


@pytest.fixture
def rows():
    found = simulate(40, np.random.default_rng(2), (2.0, 1.0, 0.0))
    return found.assign(p2=found["p2"].round(1))  # with ties


def scores_of(rows) -> list[np.ndarray]:
    return [rows[name].to_numpy() for name in ("p0", "p1", "p2")]


def test_delong_variance_equals_brute_force(rows):
    label, scores = rows["label"].to_numpy(), scores_of(rows)
    found = roc_aucs(label, np.stack(scores), np.arange(len(label)))
    assert np.abs(found.covariance - delong(label, scores)).max() < 1e-10
    assert found.aucs == pytest.approx([np.mean(placements(label, score)[0]) for score in scores], abs=1e-10)


@pytest.mark.parametrize("mixed", [False, True])
def test_obuchowski_variance_equals_brute_force(rows, mixed):
    label, scores, lesion = rows["label"].to_numpy(), scores_of(rows), rows["lesion_id"].to_numpy()
    if mixed:  # no lesion of HAM10000 has two labels, but the formula allows it
        label = np.where(np.arange(len(label)) % 5 == 0, 1 - label, label)
    found = roc_aucs(label, np.stack(scores), lesion)
    assert np.abs(found.covariance - obuchowski(label, scores, lesion)).max() < 1e-10


def test_several_images_of_a_lesion_increase_the_variance(rows):
    label, scores = rows["label"].to_numpy(), np.stack(scores_of(rows))
    clustered = roc_aucs(label, scores, rows["lesion_id"].to_numpy()).covariance[0, 0]
    assert clustered > roc_aucs(label, scores, np.arange(len(label))).covariance[0, 0]


def test_one_label_has_no_roc_auc_and_one_lesion_no_variance():
    found = roc_aucs(np.zeros(3, int), np.ones((2, 3)), np.arange(3))
    assert np.isnan(found.aucs).all()
    found = roc_aucs(np.array([0, 0, 1]), np.array([[0.1, 0.6, 0.5]]), np.arange(3))
    assert found.aucs.tolist() == [0.5]
    assert np.isnan(found.covariance).all()


def test_the_interval_of_a_roc_auc_stays_within_0_and_1():
    low, high = roc_auc_interval(0.98, 0.02**2, 40, 0.95)
    assert 0.8 < low < 0.98 < high < 1
    assert np.isnan(roc_auc_interval(0.9, np.nan, 1, 0.95)).all()
    assert roc_auc_interval(0.5, 0.0, 40, 0.95) == (0.5, 0.5)


def test_the_interval_of_a_perfect_roc_auc_depends_on_the_number_of_lesions():
    (few, high), (many, _) = (roc_auc_interval(1.0, 0.0, lesions, 0.95) for lesions in (5, 40))
    assert few < many < high == 1
    assert roc_auc_interval(0.0, 0.0, 5, 0.95) == pytest.approx((0, 1 - few))
