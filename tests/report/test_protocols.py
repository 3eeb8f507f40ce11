"""What the page and the card say is true under the protocol that the splits were drawn by."""

import re

import pytest

from tests.report.conftest import render, write_project

JUDGED_ONCE = [
    "Test images are first predicted after all training is done",
    "the threshold was fixed before test was looked at.",
    "on val, over images as they come.",
    "fixed on lesions of val and applied once to test.",
    "Weights come from val, where",
    "174 test images of 125 lesions",
    "Of 56 malignant images it finds 44 and misses 12.",
    "Wrongly classified images",
    "Tested on | 174 images of 125 lesions",
]
OF_LESIONS = [
    "that had no split in training or in any choice, with a ROC AUC",
    "Why one may believe the figures",
    "A single find would have stopped this run.",
    "They hold for other lesions of the same kind, not for other training runs.",
    "doubtful, and is done otherwise here:",
]
LEAKY = [
    "that they had partly seen in training",
    "Why one must doubt the figures",
    "would have stopped the run at anything else.",
    "They hold for other lesions that are dealt as leakily, not for other training runs.",
    "what is memorised looks learnt.",
]
OF_THE_PAPER = [
    "on 174 test images of 125 lesions that they had partly seen in training and that chose their epochs and",
    "and altered copies of the same image, stand in the split",
    "Of 56 malignant images it finds 44 and misses 12.",
    "epochs, weights and thresholds were chosen on these very images.",
    "fixed on lesions of val, which are those of test: nothing here is judged on lesions that had no say.",
    "are chosen on the held-out images, and the same images judge them.",
    "Weights come from val, which holds the images of test, where",
    "with dropout on, over originals and copies, as on val.",
    "Wrongly classified images",
    "Its test images were others, drawn in a like way,",
    "doubtful; the first two this run does on purpose:",
    "Tested on | 174 images of 125 lesions",
    "those that chose its epochs and weights; altered copies are among them.",
]
SAID = {
    "lesion clean": JUDGED_ONCE + OF_LESIONS,
    "image leaky": JUDGED_ONCE + LEAKY,
    "paper leaky": LEAKY + OF_THE_PAPER,
}


def text(root, audited):
    """Return the words of the page, its data section apart, and of the card, without tags, their white space even."""
    page = render(write_project(root, audited=audited, source="directory"))
    page = re.sub(r'<h2 id="data">.*?</section>', "", page, flags=re.DOTALL)
    card = (root / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<[^>]+>", "", page.split("</style>")[1] + card).split())


@pytest.mark.parametrize("audited", SAID)
def test_each_protocol_has_its_own_words(tmp_path, audited):
    words = text(tmp_path, audited)
    assert [line for line in SAID[audited] if line not in words] == []
    others = {line for lines in SAID.values() for line in lines} - set(SAID[audited])
    assert [line for line in others if line in words] == []


def test_a_copy_is_never_called_a_photograph(tmp_path):
    words = text(tmp_path, "paper leaky")
    assert re.findall(r"(?:test|malignant|benign|classified|these) images?", words) == []
    assert words.count("images") > 10
