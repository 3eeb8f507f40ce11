import re

import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.protocol import SHARED_LESIONS
from dermoscopy.report.charts import age_chart
from dermoscopy.report.inputs import read_sources
from tests.report.conftest import render, write_project

BY_LABEL = ["label", "age", "proportion"]


def section(page):
    """Return the data section with normalised white space."""
    return " ".join(re.search(r'<h2 id="data">.*?</section>', page, re.DOTALL)[0].split())


def row(page, heading):
    """Return the cells of a row of the data section."""
    found = re.search(rf'<th scope="row">{heading}</th>(.*?)</tr>', section(page))
    return re.findall(r"<td>(.*?)</td>", found[1])


def test_both_labels_are_described_in_columns(project):
    page = project()
    assert row(page, "images") == ["737", "253"]
    assert row(page, "lesions") == ["366", "127"]
    assert row(page, "median age, years") == ["45", "–"]
    assert row(page, "quartiles of age") == ["35 to 60", "– to –"]
    assert row(page, "male") == ["50.3 %", "58.5 %"]
    assert row(page, "sex unknown") == ["0.9 %", "2.4 %"]
    assert row(page, "confirmed by histology") == ["36.1 %", "100.0 %"]
    assert row(page, "proportion of malignant images") == ["25.6 %"] * 3
    assert row(page, "proportion of malignant lesions") == ["25.8 %", "26.4 %", "–"]
    assert row(page, "ear") == ["74 (10.0 %)", "101 (40.0 %)"]
    assert row(page, "40-49") == ["516 (70.0 %)", "51 (20.0 %)"]
    assert row(page, "unknown") == ["74 (10.0 %)", "0 (0.0 %)"]
    assert section(page).index(">40-49<") < section(page).index(">50-59<") < section(page).index(">unknown<")
    assert section(page).index(">back<") < section(page).index(">ear<")


def test_numbers_of_images_per_lesion_and_of_missing_values(project):
    text = section(project())
    assert "Of 493 lesions, 301 have one image, 105 have two, 30 have three and 57 have four or more." in text
    assert "The age is missing for 11 images, the sex for 13 and the localization for 17." in text


def test_a_valid_dataset_without_duplicates(project):
    text = section(project())
    assert "No image was excluded." in text
    assert "No duplicate images were found." in text
    assert "unusual" not in text


def test_excluded_unusual_and_duplicate_images_are_listed(tmp_path):
    data = {"left_out": {"truncated JPEG": 3}, "kept": {"grey": 2}, "duplicates": {"near-duplicate": 5}}
    write_project(tmp_path, data=data)
    text = section(render(tmp_path))
    for line in ("truncated JPEG: 3", "grey: 2", "near-duplicate: 5"):
        assert f"<li>{line}</li>" in text
    assert "Each pair is in one split." in text
    assert "No image was excluded." not in text
    assert "Images of the pairs" not in text

    Image.new("RGB", (30, 20)).save(tmp_path / "data" / "sheets" / "duplicates.png")
    text = section(render(tmp_path))
    assert "<b>Duplicates.</b>" in text
    assert "images diagnosed as duplicates" not in text


def test_protocol_lesion_splits_lesions_without_leakage(project):
    text = section(project())
    assert "Lesions, not images, are assigned to three splits" in text
    assert "augmented images of them are added to train (168). Val and test contain original images only." in text
    assert "leak" not in text
    assert "confirmed by histology. Benign" not in text


def test_protocol_image_reports_the_proportion_of_shared_lesions(project):
    text = section(project(audited="image leaky", audit={SHARED_LESIONS: 0.3226}))
    assert "Images are assigned to three splits at random" in text
    assert '<p class="notice leaky"><strong>Data leakage.</strong> 32 % of the test images show a lesion' in text
    assert "Val and test contain original images only." in text
    assert "may put them into different splits" not in text


def test_leakage_without_a_proportion_is_still_reported(project):
    assert "<strong>Data leakage.</strong> Some test images show a lesion" in section(project(audited="image leaky"))


def test_protocol_paper_splits_augmented_images(project):
    text = section(project(audited="paper leaky", audit={SHARED_LESIONS: 0.64}, data={"duplicates": {"same bytes": 1}}))
    assert "augmented images of the malignant images are made first" in text
    assert "75 of the test images are augmented images." in text
    assert "original images only" not in text
    assert "The epoch is chosen on the same images that are used for evaluation." in text
    assert "may put them into different splits" in text


def test_a_test_split_of_lesions_confirmed_by_histology_is_described(tmp_path):
    write_project(tmp_path)
    assert "Test contains only lesions confirmed by histology" in section(render(tmp_path, histology_only=True))


def test_the_age_chart_draws_both_labels(tmp_path):
    chart = age_chart(read_sources(write_project(tmp_path)).by_label, "Age by label")
    assert [line.css for line in chart.lines] == ["label-benign", "label-malignant"]
    x, y = chart.x_scale, chart.y_scale
    assert chart.lines[0].path == f"M{x(45):g} {y(0.7):g}L{x(55):g} {y(0.2):g}"
    assert (x.low, x.high) == (40, 60)
    assert "benign most often 40-49 years (70 %), malignant most often 50-59 years (80 %)" in chart.alt


def test_ages_are_sorted_as_numbers():
    rows = [("benign", "100-109", 0.5), ("benign", "90-99", 0.5)]
    chart = age_chart(pd.DataFrame(rows, columns=BY_LABEL), "Age by label")
    assert (
        chart.lines[0].path
        == f"M{chart.x_scale(95):g} {chart.y_scale(0.5):g}L{chart.x_scale(105):g} {chart.y_scale(0.5):g}"
    )


@pytest.mark.parametrize("rows", [[], [("benign", "unknown", 1.0)]])
def test_the_age_chart_is_empty_without_known_ages(rows):
    chart = age_chart(pd.DataFrame(rows, columns=BY_LABEL), "Age by label")
    assert {line.path for line in chart.lines} == {""}
    assert "no age is known" in chart.alt


def test_a_count_that_its_proportion_does_not_determine_is_left_out(project):
    page = project(data={"images": {"all": 20_253, "benign": 20_000, "malignant": 253}})
    assert row(page, "ear") == ["10.0 %", "101 (40.0 %)"]
