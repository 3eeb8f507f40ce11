import pytest

from dermoscopy.core.suggestions import did_you_mean, nearest_value, nearest_word


@pytest.mark.parametrize(
    ("word", "near"), [("adma", "adam"), ("ADAM", "adam"), ("adammax", "adamax"), ("rms", "rmsprop"), ("lion", None)]
)
def test_nearest_word(word, near):
    assert nearest_word(word, ["sgd", "adam", "adamax", "rmsprop"]) == near


def test_did_you_mean_is_a_question_or_nothing():
    assert did_you_mean("adma", ["sgd", "adam"]) == " Did you mean adam?"
    assert did_you_mean("lion", ["sgd", "adam"]) == ""


def test_suggested_number_is_within_the_range():
    proportion = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
    assert nearest_value(80, proportion) == "0.8"
    assert nearest_value(1, proportion) is None
    assert nearest_value(-2, proportion) is None
    assert nearest_value(300, proportion) is None
    assert nearest_value(2000, {"type": "integer", "minimum": 8, "maximum": 1024}) == "1024"


def test_a_boolean_is_not_a_number():
    assert nearest_value(True, {"type": "integer", "minimum": 0}) is None
