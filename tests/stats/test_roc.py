"""DeLong's and Obuchowski's formulas as they are printed, pair by pair, against what ranks give."""

import numpy as np
import pytest

from dermoscopy.stats.roc import area_interval, areas
from tests.simulated import simulate


def above(one: float, other: float) -> float:
    return float(one > other) + 0.5 * float(one == other)


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


def test_delong_by_brute_force(rows):
    label, scores = rows["label"].to_numpy(), scores_of(rows)
    found = areas(label, np.stack(scores), np.arange(len(label)))
    assert np.abs(found.covariance - delong(label, scores)).max() < 1e-10
    assert found.aucs == pytest.approx([np.mean(placements(label, score)[0]) for score in scores], abs=1e-10)


@pytest.mark.parametrize("mixed", [False, True])
def test_obuchowski_by_brute_force(rows, mixed):
    label, scores, lesion = rows["label"].to_numpy(), scores_of(rows), rows["lesion_id"].to_numpy()
    if mixed:  # no lesion of HAM10000 has two labels; the formula knows of them all the same
        label = np.where(np.arange(len(label)) % 5 == 0, 1 - label, label)
    found = areas(label, np.stack(scores), lesion)
    assert np.abs(found.covariance - obuchowski(label, scores, lesion)).max() < 1e-10


def test_lesions_matter(rows):
    label, scores = rows["label"].to_numpy(), np.stack(scores_of(rows))
    clustered = areas(label, scores, rows["lesion_id"].to_numpy()).covariance[0, 0]
    assert clustered > areas(label, scores, np.arange(len(label))).covariance[0, 0]


def test_one_label_has_no_area_and_one_lesion_no_variance():
    found = areas(np.zeros(3, int), np.ones((2, 3)), np.arange(3))
    assert np.isnan(found.aucs).all()
    found = areas(np.array([0, 0, 1]), np.array([[0.1, 0.6, 0.5]]), np.arange(3))
    assert found.aucs.tolist() == [0.5]
    assert np.isnan(found.covariance).all()


def test_an_interval_stays_within_its_walls():
    low, high = area_interval(0.98, 0.02**2, 40, 0.95)
    assert 0.8 < low < 0.98 < high < 1
    assert np.isnan(area_interval(0.9, np.nan, 1, 0.95)).all()
    assert area_interval(0.5, 0.0, 40, 0.95) == (0.5, 0.5)


def test_without_a_mistake_the_number_of_lesions_speaks():
    (few, one), (many, _) = (area_interval(1.0, 0.0, lesions, 0.95) for lesions in (5, 40))
    assert few < many < one == 1
    assert area_interval(0.0, 0.0, 5, 0.95) == pytest.approx((0, 1 - few))
