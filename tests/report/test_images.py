"""The section of errors and explanations: the table of Grad-CAM is there only if there are masks."""

import re

from dermoscopy.core.tables import LOCALIZATION
from dermoscopy.report.formatting import classifier
from tests.report.conftest import MEMBERS, localization, render, write_project


def section(root):
    page = render(root)
    return re.search(r'<h2 id="images">.*?</section>', page, re.S)[0]


def test_grad_cam_is_compared_with_the_lesion_and_with_random_weights(tmp_path):
    text = section(write_project(tmp_path))
    rows = re.findall(r'<tr><th scope="row"><span[^>]*></span>(.*?)</th>(.*?)</tr>', text, re.S)
    assert [name for name, _ in rows] == sorted(classifier(member) for member in MEMBERS)
    for _, cells in rows:
        assert [cell.split("<")[0] for cell in re.findall(r"<td>(.*?)</td>", cells)] == [
            "25 %", "65 %", "+0.400", "26 %", "+0.010", "−0.050", "5 %",
        ]  # fmt: skip
    assert "40 test images of 30 lesions" in text
    assert "the mean of 5 networks" in text


def test_without_masks_there_is_no_table(tmp_path):
    root = write_project(tmp_path)
    LOCALIZATION.write(localization([]), root / "data" / "explain" / "localization.csv")
    text = section(root)
    assert "<table" not in text
    assert 'alt="Grad-CAM of each member and of the ensemble' in text
