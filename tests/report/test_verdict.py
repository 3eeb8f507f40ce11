import pytest

from dermoscopy.report.ensemble import verdict

NAN = float("nan")


def gain(difference: float, low: float, high: float, p: float) -> dict[str, float]:
    return {"difference": difference, "low": low, "high": high, "p": p}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (gain(0.031, 0.01, 0.052, 0.004), "The ensemble is better than its best member on val, CNN A: on the same"),
        (gain(-0.031, -0.052, -0.01, 0.004), "The ensemble is worse than its best member on val, CNN A:"),
        (gain(0.01, -0.02, 0.04, 0.4), "A gain over its best member on val, CNN A, cannot be told from none:"),
        (gain(0.0, 0.0, 0.0, 1.0), "It is no better than its best member on val, CNN A:"),
        (gain(NAN, NAN, NAN, NAN), "this test split cannot tell."),
        (None, "this test split cannot tell."),
    ],
)
def test_one_sentence_says_whether_the_gain_is_real(found, said):
    sentence = verdict(found, "CNN A", 0.05)
    assert said in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")


def test_the_numbers_stand_in_it():
    assert "+0.031 (+0.010 to +0.052; DeLong’s paired test, p = 0.004)" in verdict(
        gain(0.031, 0.01, 0.052, 0.004), "A", 0.05
    )
