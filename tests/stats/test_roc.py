"""Variances of ROC AUCs from ranks, compared with DeLong's and Obuchowski's formulas pair by pair."""

import numpy as np
import pytest

from dermoscopy.stats.roc import roc_auc_interval, roc_auc_within, roc_aucs
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


def within(label: np.ndarray, score: np.ndarray, source: np.ndarray) -> float:
    """Return the proportion of correct pairs among those of one source, pair by pair."""
    pairs = [
        above(score[i], score[j])
        for i in np.flatnonzero(label == 1)
        for j in np.flatnonzero(label == 0)
        if source[i] == source[j]
    ]
    return float(np.mean(pairs))


@pytest.fixture
def sources(rows) -> np.ndarray:
    """Four sources; the last two have one label each."""
    source = np.random.default_rng(3).choice(["a", "b"], len(rows)).astype(object)
    source[np.flatnonzero(rows["label"] == 1)[:4]] = "only malignant"
    source[np.flatnonzero(rows["label"] == 0)[:9]] = "only benign"
    return source


def test_the_roc_auc_within_source_is_that_of_pairs_of_one_source(rows, sources):
    label, scores, lesion = rows["label"].to_numpy(), scores_of(rows), rows["lesion_id"].to_numpy()
    found = roc_aucs(label, np.stack(scores), lesion, sources)
    assert found.aucs == pytest.approx([within(label, score, sources) for score in scores], abs=1e-12)
    assert roc_auc_within(label, scores[0], sources) == pytest.approx(found.aucs[0])


def test_rows_that_are_in_no_pair_have_no_effect(rows, sources):
    label, scores, lesion = rows["label"].to_numpy(), np.stack(scores_of(rows)), rows["lesion_id"].to_numpy()
    paired = ~np.char.startswith(sources.astype(str), "only")
    all_rows = roc_aucs(label, scores, lesion, sources)
    some = roc_aucs(label[paired], scores[:, paired], lesion[paired], sources[paired])
    np.testing.assert_array_equal(all_rows.covariance, some.covariance)
    assert all_rows.lesions == some.lesions


def test_one_source_is_the_same_as_none(rows):
    label, scores, lesion = rows["label"].to_numpy(), np.stack(scores_of(rows)), rows["lesion_id"].to_numpy()
    found = roc_aucs(label, scores, lesion, np.full(len(label), "a", dtype=object))
    np.testing.assert_array_equal(found.covariance, roc_aucs(label, scores, lesion).covariance)


def test_the_variance_within_source_is_that_of_the_jackknife(rows, sources):
    """The jackknife over lesions estimates the same variance without a formula."""
    rows = simulate(400, np.random.default_rng(5), (1.5,))
    source = np.random.default_rng(6).choice(["a", "b", "c"], len(rows)).astype(object)
    label, score, lesion = rows["label"].to_numpy(), rows["p0"].to_numpy(), rows["lesion_id"].to_numpy()
    names = np.unique(lesion)
    left_out = [roc_auc_within(label[lesion != name], score[lesion != name], source[lesion != name]) for name in names]
    jackknife = (len(names) - 1) / len(names) * ((left_out - np.mean(left_out)) ** 2).sum()
    assert roc_aucs(label, score[None], lesion, source).covariance[0, 0] == pytest.approx(jackknife, rel=0.03)


def test_a_score_that_knows_only_the_source_is_chance_within_source(rows):
    label = rows["label"].to_numpy()
    source = np.where(np.arange(len(label)) % 7 < 3 + 2 * label, "rich", "poor").astype(object)
    score = (source == "rich").astype(float)
    assert roc_aucs(label, score[None], rows["lesion_id"].to_numpy()).aucs[0] > 0.55
    assert roc_auc_within(label, score, source) == 0.5
