import pytest

from dermoscopy.report.ensemble import verdict

NAN = float("nan")


def gain(difference: float, low: float, high: float, p: float) -> dict[str, float]:
    return {"difference": difference, "low": low, "high": high, "p": p}


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        (gain(0.031, 0.01, 0.052, 0.004), "significantly better than CNN A"),
        (gain(-0.031, -0.052, -0.01, 0.004), "significantly worse than CNN A"),
        (gain(0.01, -0.02, 0.04, 0.4), "not significantly better than CNN A"),
        (gain(0.0, 0.0, 0.0, 1.0), "is not better than CNN A"),
        (gain(NAN, NAN, NAN, NAN), "cannot show whether the ensemble is better than CNN A"),
        (None, "cannot show whether the ensemble is better than CNN A"),
    ],
)
def test_one_sentence_reports_whether_the_ensemble_is_better(comparison, expected):
    sentence = verdict(comparison, "CNN A", 0.05)
    assert expected in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")


def test_the_sentence_has_difference_interval_and_p():
    assert "+0.031 (+0.010 to +0.052; DeLong’s paired test, p = 0.004)" in verdict(
        gain(0.031, 0.01, 0.052, 0.004), "A", 0.05
    )
