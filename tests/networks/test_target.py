"""Targets: what a network should predict, and the probability of malignancy."""

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.tables import DIAGNOSES
from dermoscopy.networks.target import BINARY, make_target


def rows(*pairs: tuple[str, int]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["dx", "label"])


def test_the_classes_of_dx_are_the_seven_diagnoses_with_the_labels_of_the_policy() -> None:
    target = make_target("dx", rows(*((dx, int(dx in ("mel", "bcc"))) for dx in DIAGNOSES)))
    assert tuple(target.classes) == DIAGNOSES
    assert [dx for dx, label in target.classes.items() if label] == ["bcc", "mel"]
    assert not target.is_binary


def test_a_diagnosis_without_images_is_a_benign_class() -> None:
    target = make_target("dx", rows(("mel", 1), ("nv", 0), ("nv", 0)))
    assert tuple(target.classes) == DIAGNOSES
    assert [dx for dx, label in target.classes.items() if label] == ["mel"]


def test_the_truth_of_dx_is_one_for_the_diagnosis_and_that_of_binary_is_the_label() -> None:
    labels, diagnoses = np.array([1, 0], np.float32), np.array(["mel", "nv"])
    target = make_target("dx", rows(("mel", 1), ("nv", 0)))
    truth = target.truth(labels, diagnoses)
    assert truth.dtype == np.float32
    assert truth.tolist() == [[float(dx == own) for dx in DIAGNOSES] for own in diagnoses]
    assert make_target("binary", rows()) is BINARY
    assert BINARY.truth(labels, None).tolist() == [[1], [0]]


def test_the_probability_of_malignancy_is_the_sum_over_the_malignant_diagnoses_and_at_most_one() -> None:
    target = make_target("dx", rows(("mel", 1), ("bcc", 1), ("nv", 0)))
    outputs = np.zeros((2, len(DIAGNOSES)))
    outputs[0, [DIAGNOSES.index(dx) for dx in ("bcc", "mel", "nv")]] = (0.2, 0.5, 0.3)
    outputs[1, DIAGNOSES.index("mel")] = 1 + 1e-7  # rounding of a softmax in float32
    assert target.probability(outputs) == pytest.approx([0.7, 1.0])
    assert target.probability(outputs).max() == 1
