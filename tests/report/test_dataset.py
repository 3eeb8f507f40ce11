import pytest

from dermoscopy.report.dataset import describe
from tests.report.conftest import SOURCES, render, write_project


@pytest.mark.parametrize(
    ("name", "kind", "title"),
    [
        ("simulated", "simulated", "simulated dataset"),
        ("download", "ham10000", "HAM10000"),
        ("ham10000", "ham10000", "HAM10000"),
        ("other", "other", "dataset in HAM10000’s format, 990 images"),
    ],
)
def test_each_source_is_described(name, kind, title):
    dataset = describe(SOURCES[name])
    assert (dataset.kind, dataset.title) == (kind, title)


@pytest.mark.parametrize(
    "images",
    [
        {"count": 10014, "ids": "ISIC_0024306 to ISIC_0034320"},
        {"count": 10015, "ids": "ISIC_0024306 to ISIC_0034321"},
        {"count": 10015, "ids": "ISIC_0024305 to ISIC_0034320"},
        {"count": 10015},
        {},
    ],
    ids=["one image less", "another last id", "another first id", "no ids", "an old file"],
)
def test_a_directory_with_other_images_is_not_called_ham10000(images):
    assert describe({"source": "directory", "images": images}).kind == "other"


def words(root, source):
    page = render(write_project(root, source=source))
    card = (root / "data" / "report" / "model_card.md").read_text(encoding="utf-8")
    return " ".join(page.split("</style>")[1].split()), card


def test_the_page_and_the_card_of_another_dataset_claim_neither_origin_nor_licence(tmp_path):
    page, card = words(tmp_path, "other")
    assert '<p class="meta">Dataset in HAM10000’s format, 990 images ·' in page
    assert "It is not the published HAM10000, which has 10,015 images, ISIC_0024306 to ISIC_0034320." in page
    assert "This project does not know their licence." in page
    assert "This run used another dataset, so the results cannot be compared." in page
    assert "dataset in HAM10000’s format, 990 images; test split: 174 images of 125 lesions" in page
    assert "Training data | dataset in HAM10000’s format, 990 images (origin and licence unknown) |" in card
    for claim in ("Vienna", "two centres", "Simulated", "simulated"):
        assert claim not in page + card


def test_a_directory_with_the_ids_of_ham10000_is_named_and_its_limits_are_stated(tmp_path):
    page, card = words(tmp_path, "ham10000")
    assert '<p class="meta">HAM10000 ·' in page
    assert "The directory of this run has the 10,015 image ids of HAM10000." in page
    assert "was not compared with the published files" in page
    assert "Training data | HAM10000 (CC BY-NC 4.0, doi:10.7910/DVN/DBW86T) |" in card


def test_a_download_has_the_published_checksums(tmp_path):
    page, _ = words(tmp_path, "download")
    assert "have the published checksums" in page
    assert "was not compared" not in page
