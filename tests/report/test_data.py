import re

import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.splits import SHARED_LESIONS
from dermoscopy.report.charts import age_chart
from dermoscopy.report.inputs import read_sources
from tests.report.conftest import render, write_project

BY_LABEL = ["label", "age", "proportion"]


def section(page):
    """Return the data section, its white space made even."""
    return " ".join(re.search(r'<h2 id="data">.*?</section>', page, re.DOTALL)[0].split())


def row(page, heading):
    """Return the cells of a row of the data section."""
    found = re.search(rf'<th scope="row">{heading}</th>(.*?)</tr>', section(page))
    return re.findall(r"<td>(.*?)</td>", found[1])


def test_labels_stand_side_by_side(project):
    page = project()
    assert row(page, "images") == ["737", "253"]
    assert row(page, "lesions") == ["366", "127"]
    assert row(page, "median age, years") == ["45", "–"]
    assert row(page, "middle half of ages") == ["35 to 60", "– to –"]
    assert row(page, "male") == ["50.3 %", "58.5 %"]
    assert row(page, "sex unknown") == ["0.9 %", "2.4 %"]
    assert row(page, "confirmed by histology") == ["36.1 %", "100.0 %"]
    assert row(page, "malignant share of images") == ["25.6 %"] * 3
    assert row(page, "malignant share of lesions") == ["25.8 %", "26.4 %", "–"]
    assert row(page, "ear") == ["10.0 %", "40.0 %"]
    assert section(page).index(">back<") < section(page).index(">ear<")


def test_what_is_missing_is_told(project):
    text = section(project())
    assert "Of 493 lesions, 301 were imaged once, 105 twice, 30 three times and 57 more often." in text
    assert "Age is missing for 11 images, sex for 13, the place on the body for 17." in text


def test_a_sound_archive_without_duplicates(project):
    text = section(project())
    assert "nothing had to be left out" in text
    assert "No image was found twice." in text
    assert "one should know of" not in text


def test_what_was_left_out_kept_and_found_twice(tmp_path):
    data = {"left_out": {"truncated JPEG": 3}, "kept": {"grey": 2}, "duplicates": {"near-duplicate": 5}}
    write_project(tmp_path, data=data)
    text = section(render(tmp_path))
    for line in ("truncated JPEG: 3", "grey: 2", "near-duplicate: 5"):
        assert f"<li>{line}</li>" in text
    assert "stand in one split together" in text
    assert "nothing had to be left out" not in text
    assert "side by side" not in text

    Image.new("RGB", (30, 20)).save(tmp_path / "data" / "sheets" / "duplicates.png")
    text = section(render(tmp_path))
    assert "<b>Duplicates.</b>" in text
    assert "images diagnosed as duplicates" not in text


def test_lesions_are_dealt_and_nothing_leaks(project):
    text = section(project())
    assert "Lesions, not images, are dealt to three splits" in text
    assert "altered copies of them (168); val and test hold originals only" in text
    assert "leak" not in text
    assert "histology confirmed:" not in text


def test_photographs_are_dealt_and_the_leak_has_a_figure(project):
    text = section(project(audited="image leaky", audit={SHARED_LESIONS: 0.3226}))
    assert "Images are dealt to three splits at random" in text
    assert '<p class="notice leaky"><strong>What leaks.</strong> Of the test images, 32 % show a lesion' in text
    assert "val and test hold originals only" in text
    assert "wherever the protocol deals them" not in text


def test_a_leak_without_a_figure_is_still_told(project):
    assert "<strong>What leaks.</strong> Test images show lesions" in section(project(audited="image leaky"))


def test_copies_are_dealt_as_in_the_paper(project):
    text = section(project(audited="paper leaky", audit={SHARED_LESIONS: 0.64}, data={"duplicates": {"same bytes": 1}}))
    assert "altered copies of malignant images are made first" in text
    assert "Of the held-out images of test, 75 are copies." in text
    assert "hold originals only" not in text
    assert "the epoch was chosen on the very images that judge it" in text
    assert "stand wherever the protocol deals them" in text


def test_a_test_part_of_confirmed_lesions_says_so(tmp_path):
    write_project(tmp_path)
    assert "Test holds only lesions that histology confirmed" in section(render(tmp_path, histology_only=True))


def test_ages_of_both_labels_are_drawn(tmp_path):
    chart = age_chart(read_sources(write_project(tmp_path)).by_label, "Age by label")
    assert [line.css for line in chart.lines] == ["label-benign", "label-malignant"]
    x, y = chart.x_scale, chart.y_scale
    assert chart.lines[0].path == f"M{x(45):g} {y(0.7):g}L{x(55):g} {y(0.2):g}"
    assert (x.low, x.high) == (40, 60)
    assert "benign most often 40-49 years (70 %), malignant most often 50-59 years (80 %)" in chart.alt


def test_a_hundred_years_come_after_ninety():
    rows = [("benign", "100-109", 0.5), ("benign", "90-99", 0.5)]
    chart = age_chart(pd.DataFrame(rows, columns=BY_LABEL), "Age by label")
    assert (
        chart.lines[0].path
        == f"M{chart.x_scale(95):g} {chart.y_scale(0.5):g}L{chart.x_scale(105):g} {chart.y_scale(0.5):g}"
    )


@pytest.mark.parametrize("rows", [[], [("benign", "unknown", 1.0)]])
def test_without_ages_there_is_an_empty_chart(rows):
    chart = age_chart(pd.DataFrame(rows, columns=BY_LABEL), "Age by label")
    assert {line.path for line in chart.lines} == {""}
    assert "no age is known" in chart.alt
