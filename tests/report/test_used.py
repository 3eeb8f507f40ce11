"""The banner and the card say what a run used; a smoke run must not pass for a run on the whole dataset."""

import pytest

from dermoscopy.core.params import load
from dermoscopy.networks.params import SmallCNN, Training, Transfer
from dermoscopy.report.decisions import reached
from dermoscopy.report.used import describe_member, recognizable
from tests.report.conftest import DATA, EXACT, render, write_project
from tests.tiny import small_cnn

USED = {"images": DATA["images"] | {"all": 541}, "lesions": DATA["lesions"] | {"all": 400}}


def texts(root, **changes):
    """Return the page, without its style and with single spaces, and the card."""
    page = render(root, **changes)
    card = (root / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    return " ".join(page.split("</style>")[1].split()), card


def test_a_sample_is_named_in_the_first_banner_and_in_the_card(tmp_path):
    page, card = texts(write_project(tmp_path, source="ham10000", data=USED), lesions=400, profile="ham10000-smoke")
    first = page[page.index('class="notice') :]
    for text in (first[:700], card):
        assert "rofile ham10000-smoke" in text
        assert "541 of 10,015 images: a random sample of 400 lesions" in text
        assert "left out" in text
        assert "trained on 540 original images and 168 augmented images" in text
    assert "Only a sample of the dataset was used" in card


def test_the_diagram_of_each_member_has_its_size_epochs_and_weights(tmp_path):
    page, card = texts(write_project(tmp_path))
    assert "<b>VGG19: network.</b> Images of 32 × 32 pixels, 8 epochs, random starting weights." in page
    assert "<b>CNN A: network.</b> Images of 80 × 80 pixels, 8 epochs." in page
    assert "CNN A: images of 80 × 80 pixels, 8 epochs; " in card
    assert "images of 224 × 224 pixels" in page


def test_a_backbone_that_ends_earlier_is_named() -> None:
    member = load("models.inception_v3", Transfer)
    shorter = member.model_copy(update={"output_layer": "mixed5"})
    assert describe_member(shorter, 7) == f"{describe_member(member, 7)}, layers up to mixed5"


def test_a_run_on_the_whole_dataset_names_no_sample_and_no_profile(tmp_path):
    page, card = texts(write_project(tmp_path, source="ham10000", data={"images": DATA["images"] | {"all": 10015}}))
    for text in (page, card):
        assert "10,015 images, 493 lesions" in text
        assert "sample of the dataset" not in text
        assert "o profile" in text
        assert "distinguish the augmented images" not in text


def test_augmented_images_that_can_be_recognized_are_named(tmp_path):
    page, card = texts(write_project(tmp_path), augment=EXACT.model_copy(update={"scale": 0.15}))
    for text in (page, card):
        assert "A network can distinguish the augmented images of this run from original ones" in text
    training = load("training", Training)
    assert recognizable(EXACT, training) == ""
    without_flips = training.model_copy(update={"augment": training.augment.model_copy(update={"flip": 0.0})})
    assert recognizable(EXACT, without_flips)
    assert recognizable(EXACT.model_copy(update={"balance": 0.0}), without_flips) == ""


def test_images_left_out_as_invalid_are_counted(tmp_path):
    data = {"images": DATA["images"] | {"all": 10010}, "left_out": {"cannot be decoded": 4, "no row": 1}}
    page, _ = texts(write_project(tmp_path, source="ham10000", data=data))
    assert "10,010 of 10,015 images, 493 lesions; invalid and left out: 5" in page


def test_duplicates_of_the_whole_dataset_do_not_contradict_those_of_the_sample(tmp_path):
    data = {**USED, "kept": {"same bytes under several image_ids": 4}, "duplicates": {}}
    page, _ = texts(write_project(tmp_path, source="ham10000", data=data), lesions=400)
    assert "These images of the whole dataset are unusual and were kept" in page
    assert "Among the lesions of the sample, no duplicate images were found." in page


@pytest.mark.parametrize(("weights", "words"), [("none", "random starting weights"), ("mine", "starting weights mine")])
def test_starting_weights_are_named(weights, words):
    member = Transfer.model_construct(output_layer=None, kind="transfer", image_size=75, weights=weights)
    assert describe_member(member, 1) == f"images of 75 × 75 pixels, 1 epoch, {words}"


def test_a_small_cnn_has_no_starting_weights():
    member: SmallCNN = small_cnn(image_size=80, epochs=3)
    assert describe_member(member, 3) == "images of 80 × 80 pixels, 3 epochs"


NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.92, 0.8, 0.99, "The aim of 90 % was reached on the test split."),
        (0.9, 0.8, 0.95, "The aim of 90 % was reached on the test split."),
        (0.81, 0.7, 0.92, "The aim of 90 %, which the confidence interval includes, was not reached"),
        (0.81, 0.7, 0.88, "The aim of 90 %, which lies above the confidence interval, was not reached"),
        (0.81, NAN, NAN, "The aim of 90 % was not reached on the test split."),
    ],
)
def test_the_aimed_sensitivity_and_whether_it_was_reached_are_stated(value, low, high, words):
    assert reached({"value": value, "low": low, "high": high}, 0.9).startswith(words)


def test_an_undefined_sensitivity_reaches_nothing():
    assert reached({"value": NAN, "low": NAN, "high": NAN}, 0.9) == ""


def test_the_operating_point_sensitive_is_an_aim_on_page_and_card(tmp_path):
    page, card = texts(write_project(tmp_path))
    for text in (page, card):
        assert "sensitivity of at least" not in text
        assert "The aim of 90 %" in text
    assert page.count("The aim of 90 %") == 2
