import pandas as pd
import pytest

from dermoscopy.explain.explain import choose_examples, mean_members, worst


def predictions(probabilities, labels=(0, 0, 1, 1), lesions="abcd"):
    names = [f"ISIC_{number}" for number in range(len(labels))]
    return pd.DataFrame(
        {
            "image_id": names,
            "lesion_id": list(lesions),
            "dx": ["mel" if label else "nv" for label in labels],
            "label": labels,
            "probability": probabilities,
        }
    )


def test_the_mean_of_members_does_not_depend_on_the_order_of_rows():
    first = predictions([0.2, 0.8, 0.4, 1.0])
    second = predictions([0.4, 0.6, 0.2, 0.8]).iloc[::-1]
    mean = mean_members({"a": first, "b": second})
    assert mean["probability"].to_list() == pytest.approx([0.3, 0.7, 0.3, 0.9])
    assert mean["wrong"].to_list() == [False, True, True, False]


def test_predictions_of_different_images_are_refused():
    with pytest.raises(ValueError, match="a, b"):
        mean_members({"a": predictions([0.1, 0.2, 0.3, 0.4]), "b": predictions([0.1], [0], "a")})


def test_the_most_confident_errors_come_first():
    mean = mean_members({"a": predictions([0.9, 0.6, 0.1, 0.3])})
    assert worst(mean, 1, 8)["image_id"].to_list() == ["ISIC_2", "ISIC_3"]
    assert worst(mean, 0, 8)["image_id"].to_list() == ["ISIC_0", "ISIC_1"]
    assert worst(mean, 0, 1)["image_id"].to_list() == ["ISIC_0"]


def test_examples_begin_with_a_correct_and_a_wrong_image_of_each_label():
    mean = mean_members(
        {"a": predictions([0.1, 0.2, 0.7, 0.9, 0.8, 0.6, 0.3, 0.05], [0, 0, 0, 0, 1, 1, 1, 1], "abcdefgh")}
    )
    assert choose_examples(mean, 4)["image_id"].to_list() == ["ISIC_4", "ISIC_0", "ISIC_7", "ISIC_3"]
    assert choose_examples(mean, 3)["image_id"].to_list() == ["ISIC_4", "ISIC_0", "ISIC_7"]
    assert choose_examples(mean, 6)["image_id"].is_unique
    assert len(choose_examples(mean, 20)) == 8


def test_examples_show_all_lesions_before_a_second_image_of_one():
    mean = mean_members({"a": predictions([0.1, 0.2, 0.7, 0.9], [0, 0, 1, 1], "aabb")})
    assert choose_examples(mean, 2)["lesion_id"].to_list() == ["b", "a"]
    assert choose_examples(mean, 3)["image_id"].is_unique
    assert len(choose_examples(mean, 3)) == 3


def test_examples_without_a_wrongly_classified_image():
    mean = mean_members({"a": predictions([0.1, 0.2, 0.7, 0.9])})
    assert choose_examples(mean, 3)["image_id"].to_list() == ["ISIC_3", "ISIC_0", "ISIC_1"]
