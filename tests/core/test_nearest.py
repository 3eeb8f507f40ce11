import pytest

from dermoscopy.core.nearest import nearest_value, nearest_word


@pytest.mark.parametrize(
    ("word", "near"), [("adma", "adam"), ("ADAM", "adam"), ("adammax", "adamax"), ("rms", "rmsprop"), ("lion", None)]
)
def test_nearest_word(word, near):
    assert nearest_word(word, ["sgd", "adam", "adamax", "rmsprop"]) == near


def test_a_suggestion_is_always_within_the_range():
    share = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
    assert nearest_value(80, share) == "0.8"
    assert nearest_value(1, share) is None
    assert nearest_value(-2, share) is None
    assert nearest_value(300, share) is None
    assert nearest_value(2000, {"type": "integer", "minimum": 8, "maximum": 1024}) == "1024"


def test_a_truth_value_is_no_number():
    assert nearest_value(True, {"type": "integer", "minimum": 0}) is None
