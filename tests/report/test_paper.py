import pytest

from dermoscopy.report.paper import CLAIMS, MATRIX, ROMERO, Published, comparison, corrected


def test_metrics_of_the_confusion_matrix_of_the_paper():
    computed = corrected()
    assert [round(computed[metric], 4) for metric in ("accuracy", "sensitivity", "precision")] == [
        0.8802,
        0.7353,
        0.8065,
    ]
    assert MATRIX.total == 1002


def test_the_reported_sensitivity_differs_from_that_of_the_matrix():
    assert CLAIMS["sensitivity"] - corrected()["sensitivity"] > 0.08


def test_accuracy_sensitivity_and_precision_determine_prevalence():
    # 40 of 100 images are malignant: 30 true positives, 10 false negatives, 6 false positives.
    assert Published("", accuracy=84 / 100, sensitivity=30 / 40, precision=30 / 36).prevalence == pytest.approx(0.4)
    implied = [system.prevalence for system in ROMERO]
    assert max(implied) - min(implied) > 0.15


def test_all_systems_are_compared_with_this_run_with_data_and_protocol():
    rows = comparison({"accuracy": 0.8}, "these images")
    assert [row.name.split(",")[0] for row in rows] == [
        "Romero López M1",
        "Romero López M2",
        "Romero López M3",
        "the paper",
        "the paper",
        "this run",
    ]
    assert rows[-1].values == [0.8, None, None, None]
    assert rows[-1].data == "these images"
    assert all(row.data for row in rows)
