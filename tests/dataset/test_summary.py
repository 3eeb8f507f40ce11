from pathlib import Path

import pandas as pd
from PIL import Image

from dermoscopy.dataset.audit import read_rows
from dermoscopy.dataset.sheets import SIDE, write_sheets
from dermoscopy.dataset.summary import COUNTS, count, describe

ROWS = pd.DataFrame(
    {
        "image_id": ["a", "b", "c", "d"],
        "lesion_id": ["x", "x", "y", "z"],
        "dx": ["nv", "nv", "mel", "nv"],
        "label": [0, 0, 1, 0],
        "part": ["train", "train", "train", "test"],
        "age": [1.0, None, 3.0, 4.0],
        "sex": ["male", "unknown", "", "female"],
        "localization": ["back", "back", "unknown", "back"],
    }
)


def leaves(value: object) -> int:
    return sum(map(leaves, value.values())) if isinstance(value, dict) else 1


def test_describe_counts() -> None:
    described = describe(ROWS.assign(part=["train", "train", "val", "test"]))
    assert described["images"]["all"] == 4
    assert described["images"]["train"] == {"benign": 2, "malignant": 0}
    assert described["lesions"]["train"] == {"benign": 1, "malignant": 0}
    assert described["prevalence"] == {"all": 0.25, "train": 0.0, "val": 1.0, "test": 0.0}
    assert described["images_by_dx"]["nv"] == 3
    assert described["lesions_by_photographs"] == {"1": 2, "2": 1, "3": 0, "4 or more": 0}
    assert described["missing"] == {"age": 1, "sex": 2, "localization": 1}
    assert leaves(described) <= 40


def test_count_has_a_row_a_part_and_diagnosis(tmp_path: Path) -> None:
    COUNTS.write(count(ROWS), tmp_path / "parts.csv")
    assert (tmp_path / "parts.csv").read_text() == (
        "part,label,dx,images,lesions\ntest,benign,nv,1,1\ntrain,benign,nv,2,1\ntrain,malignant,mel,1,1\n"
    )


def test_a_sheet_a_diagnosis_whose_bytes_repeat(project: Path) -> None:
    rows = read_rows(project)
    originals = rows[rows["image_id"] == rows["source"]]
    write_sheets(originals, project / "one", project)
    write_sheets(originals.iloc[::-1], project / "two", project)
    assert sorted(path.name for path in (project / "one").iterdir()) == ["bkl.png", "mel.png", "nv.png"]
    for path in (project / "one").iterdir():
        assert path.read_bytes() == (project / "two" / path.name).read_bytes()
    with Image.open(project / "one" / "mel.png") as sheet:
        assert sheet.width > 8 * SIDE
        assert len(sheet.getcolors(maxcolors=10**6)) > 100
