"""The page and the card describe the protocol of the splits correctly."""

import re

import pytest

from tests.report.conftest import render, write_project

INDEPENDENT_TEST = [
    "The test images are first predicted after all training",
    "The threshold was chosen before the test split was evaluated.",
    "without dropout, and original images only.",
    "and applied once to the test split.",
    "The test split is not used for any choice.",
    "174 test images of 125 lesions",
    "Of 56 malignant images, 44 are predicted malignant",
    "Of 118 benign images, 101 are predicted benign",
    "Test split | 174 images of 125 lesions",
]
CLEAN = [
    "Wrongly classified images.",
    "These lesions were not used for training or for any choice.",
    "A single shared lesion or image would have stopped this run.",
    "the uncertainty for other lesions of the same kind, not for other training runs.",
    "This project does these steps differently.",
]
SPLIT_BY_IMAGE = ["This project does these steps differently, except that the split is by image."]
LEAKY = [
    "All results on this page are too optimistic.",
    "Some of these lesions were also used for training",
    "Data leakage and safeguards",
    "The audit counts this leakage and stops the run if it finds any other.",
    "the uncertainty for other lesions that are split with the same leakage, not for other training runs.",
    "This hides overfitting.",
]
OF_THE_PAPER = [
    "174 test images (augmented images included) of 125 lesions",
    "and these images were used to choose the epochs and weights.",
    "and augmented images of the same originals",
    "Of 56 malignant images (augmented images included), 44 are predicted malignant",
    "Of 118 benign images (augmented images included), 101 are predicted benign",
    "Epochs, weights and thresholds were chosen on these images.",
    "which are also those of the test split: this is not an independent test.",
    "are chosen on the held-out images and evaluated on the same images.",
    "on the validation split, which contains the test images.",
    "without dropout, and both with augmented images.",
    "Wrongly classified images (augmented images included)",
    "This run uses other test images, split by the method of the paper,",
    "This run repeats the first two on purpose.",
    "Test split | 174 images (augmented images included) of 125 lesions",
    "The test images were also used to choose the epochs and weights. They include augmented images.",
]
EXPECTED = {
    "lesion clean": INDEPENDENT_TEST + CLEAN,
    "image leaky": INDEPENDENT_TEST + LEAKY + SPLIT_BY_IMAGE,
    "paper leaky": LEAKY + OF_THE_PAPER,
}


def text(root, audited):
    """Return the text of the page without its data section, and of the card, with normalised white space."""
    page = render(write_project(root, audited=audited, source="ham10000"))
    page = re.sub(r'<h2 id="data">.*?</section>', "", page, flags=re.DOTALL)
    card = (root / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<[^>]+>", "", page.split("</style>")[1] + card).split())


@pytest.mark.parametrize("audited", EXPECTED)
def test_each_protocol_has_its_own_text(tmp_path, audited):
    words = text(tmp_path, audited)
    assert [line for line in EXPECTED[audited] if line not in words] == []
    others = {line for lines in EXPECTED.values() for line in lines} - set(EXPECTED[audited])
    assert [line for line in others if line in words] == []


COUNT_OF_IMAGES = r"\b(?:174|56|118) (?:test |malignant |benign )?images(?P<included> \(augmented images included\))?"


@pytest.mark.parametrize("audited", EXPECTED)
def test_counts_include_augmented_images_under_the_protocol_of_the_paper_only(tmp_path, audited):
    counts = list(re.finditer(COUNT_OF_IMAGES, text(tmp_path, audited)))
    assert len(counts) >= 6
    assert {count["included"] is not None for count in counts} == {audited == "paper leaky"}
