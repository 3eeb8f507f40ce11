import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from dermoscopy.stats.intervals import Bounded, resample_lesions, wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.multiclass import confusion_counts, mean_recall, recall

CLASSES = 4


def unit(name: str, lesion: np.ndarray, label: np.ndarray) -> Unit:
    position = np.arange(len(lesion))
    return Unit(name, label, lesion.astype(object), position, position)


def simulate(
    generator: np.random.Generator, lesions: tuple[int, ...], recalls: tuple[float, ...], images: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return class and lesion of each row, and whether it is correct; rows of a lesion are alike."""
    of_class = np.repeat(np.arange(len(lesions)), lesions)
    number = generator.choice(images, len(of_class))
    alike = 2.0  # both parameters of the beta distribution sum to this: the smaller, the more alike
    expected = np.array(recalls)[of_class]
    of_lesion = expected if images == (1,) else generator.beta(alike * expected, alike * (1 - expected))
    lesion = np.repeat(np.arange(len(of_class)), number)
    return of_class[lesion], lesion, generator.random(len(lesion)) < of_lesion[lesion]


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Return class and prediction of each row; the class 2 does not occur, but is predicted."""
    generator = np.random.default_rng(3)
    return generator.choice([0, 1, 3], 60), generator.integers(0, CLASSES, 60)


def recalls_of(y_true: np.ndarray, y_pred: np.ndarray) -> list[Bounded]:
    of_images = unit("image", np.arange(len(y_true)), y_true)
    resamples = resample_lesions(of_images.lesion, y_true, 50, np.random.default_rng(0))
    return [recall(of_images, y_true == number, y_true == y_pred, resamples, 0.95)[0] for number in range(CLASSES)]


def test_counts_are_those_of_scikit_learn(rows):
    y_true, y_pred = rows
    expected = confusion_matrix(y_true, y_pred, labels=range(CLASSES))
    assert confusion_counts(y_true, y_pred, CLASSES).tolist() == expected.tolist()


def test_the_mean_recall_is_the_balanced_accuracy_of_scikit_learn_also_if_a_class_does_not_occur(rows):
    y_true, y_pred = rows
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        expected = balanced_accuracy_score(y_true, y_pred)
    recalls = recalls_of(y_true, y_pred)
    assert [math.isnan(each.value) for each in recalls] == [False, False, True, False]
    found = mean_recall(recalls)
    assert found.value == pytest.approx(expected)
    assert 0 < found.low < found.value < found.high < 1


def test_the_interval_of_one_class_is_its_own_and_without_a_class_there_is_none():
    own, missing = Bounded(0.7, 0.5, 0.8), Bounded(math.nan, math.nan, math.nan)
    assert mean_recall([missing, own]) == pytest.approx(own)
    assert all(math.isnan(value) for value in mean_recall([missing]))


def test_the_interval_of_equal_proportions_shrinks_with_the_square_root_of_their_number():
    own = Bounded(0.7, 0.5, 0.8)
    found = mean_recall([own] * 4)
    assert found == pytest.approx((0.7, 0.7 - 0.2 / 2, 0.7 + 0.1 / 2))


def test_by_image_a_recall_has_a_wider_interval_if_the_images_of_a_lesion_agree():
    correct = np.arange(40) < 24
    widths = []
    for lesion in (np.arange(40), np.arange(40) // 4):
        of_images = unit("image", lesion, np.zeros(40, dtype=int))
        resamples = resample_lesions(of_images.lesion, of_images.label, 500, np.random.default_rng(0))
        found, kind = recall(of_images, np.ones(40, dtype=bool), correct, resamples, 0.95)
        assert (found.value, kind) == (0.6, "bootstrap")
        widths.append(found.high - found.low)
    assert widths[1] > 1.7 * widths[0]


@pytest.mark.parametrize(("right", "lesions"), [(0, 10), (40, 10), (24, 1)])
def test_if_all_images_agree_or_are_of_one_lesion_the_interval_is_wilsons_with_the_number_of_lesions(right, lesions):
    of_images = unit("image", np.arange(40) % lesions, np.zeros(40, dtype=int))
    resamples = resample_lesions(of_images.lesion, of_images.label, 50, np.random.default_rng(0))
    found, kind = recall(of_images, np.ones(40, dtype=bool), np.arange(40) < right, resamples, 0.95)
    assert kind == "Wilson"
    assert found[1:] == wilson_interval(right / 40 * lesions, lesions, 0.95)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(("name", "images"), [("lesion", (1,)), ("image", (1, 1, 1, 2, 3))])
def test_intervals_cover_the_true_values(name, images):
    """The lesions are those of a quarter of HAM10000, with at most 200 of a diagnosis."""
    lesions, recalls, times = (57, 82, 182, 18, 153, 200, 24), (0.5, 0.65, 0.6, 0.45, 0.6, 0.9, 0.75), 1000
    generator = np.random.default_rng(5)
    covered = np.zeros(len(lesions) + 1)
    for _ in range(times):
        y_true, lesion, correct = simulate(generator, lesions, recalls, images)
        rows = unit(name, lesion, y_true)
        resamples = resample_lesions(rows.lesion, y_true, 200, generator)
        found = [recall(rows, y_true == number, correct, resamples, 0.95)[0] for number in range(len(lesions))]
        true = [*recalls, float(np.mean(recalls))]
        pairs = zip(true, [*found, mean_recall(found)], strict=True)
        covered += [bounded.low <= value <= bounded.high for value, bounded in pairs]
    assert ((covered / times > 0.92) & (covered / times < 0.98)).all(), covered / times
