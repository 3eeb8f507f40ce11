"""Labelled folders: which table and columns are read, which image a row belongs to, and all problems at once."""

from pathlib import Path

import pytest

from dermoscopy.core.errors import DatasetError, UserError
from dermoscopy.external.labels import Labelled, find_table, read_labelled, same_bytes
from tests.external.labelled_run import write_folder, write_image

MALIGNANT = ("mel", "bcc")


def read(folder: Path, text: str, *images: str) -> Labelled:
    """Write a table and images, and read them."""
    for number, name in enumerate(images):
        write_image(folder / name, number)
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    return read_labelled(folder, find_table(folder), MALIGNANT)


def kinds(labelled: Labelled) -> dict[str, str]:
    return {problem.kind: problem.outcome for problem in labelled.problems}


@pytest.mark.parametrize(
    ("text", "lesions"),
    [
        ("image,label\na,malignant\nb.jpg,benign\n", False),
        ("image_id,dx\na,mel\nb,nv\n", False),
        ("Image;Label;Lesion\na;MEL;1\nb;Melanocytic nevi;2\n", True),
        ("lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\n1,a,bcc,,50,m,,x\n2,b,df,,,,,y\n", True),
        ("image,label\n./a.jpg,mel\nsub\\b.jpg,nv\n", False),
    ],
)
def test_rows_get_their_label_and_image(tmp_path: Path, text: str, lesions: bool) -> None:
    labelled = read(tmp_path, text, "a.jpg", "sub/b.jpg")
    assert list(labelled.rows["label"]) == [1, 0]
    assert [Path(path).name for path in labelled.rows["path"]] == ["a.jpg", "b.jpg"]
    assert labelled.has_lesions == lesions
    assert not labelled.problems
    assert labelled.rows["lesion_id"].nunique() == 2


def test_the_policy_of_the_run_decides_which_diagnosis_is_malignant(tmp_path: Path) -> None:
    labelled = read(tmp_path, "image,label\na,akiec\nb,bcc\nc,mel\n", "a.jpg", "b.jpg", "c.jpg")
    assert list(labelled.rows["label"]) == [0, 1, 1]
    assert list(labelled.rows["dx"]) == ["akiec", "bcc", "mel"]


def test_describing_columns_are_read_in_the_words_of_ham10000(tmp_path: Path) -> None:
    labelled = read(tmp_path, "image,label,sex,age,dataset\na,mel,F,50,Clinic 1\nb,nv,,,\n", "a.jpg", "b.jpg")
    rows = labelled.rows.to_dict("records")
    assert (rows[0]["sex"], rows[0]["age"], rows[0]["dataset"]) == ("female", 50, "clinic_1")
    assert (rows[1]["sex"], rows[1]["dataset"]) == ("unknown", "")


def test_an_image_without_a_lesion_is_a_lesion_of_its_own(tmp_path: Path) -> None:
    labelled = read(tmp_path, "image,label,lesion\na,nv,1\nb,nv,1\nc,nv,\nd,nv,\n", *(f"{x}.jpg" for x in "abcd"))
    assert labelled.has_lesions
    assert labelled.rows["lesion_id"].nunique() == 3


FATAL = {
    "empty": "",
    "only a header": "image,label\n",
    "misspelt": "imgae,lable\na,mel\n",
    "other columns": "x,y\na,mel\n",
    "twice": "image,image,label\na,a,mel\n",
    "not UTF-8": None,
    "quote": 'image,label\n"a,mel\n',
    "no image": "image,label\nz,mel\n",
}


@pytest.mark.parametrize("case", FATAL)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, case: str, wording) -> None:
    write_image(tmp_path / "a.jpg", 1)
    text = FATAL[case]
    (tmp_path / "labels.csv").write_bytes(b"image,label\n\xff,mel\n" if text is None else text.encode())
    with pytest.raises(DatasetError) as refused:
        read_labelled(tmp_path, find_table(tmp_path), MALIGNANT)
    wording(str(refused.value))


def test_all_problems_are_listed_together(tmp_path: Path, wording) -> None:
    text = (
        "image,label,lesoin\na,mel,1\nb,melanom,2\nc,scc,3\nd,,4\n,nv,5\nmissing,nv,6\ntwin,nv,7\n"
        "e,nv,8\ne,mel,8\nf,nv,9\nf.jpg,nv,9\ng,nv\n"
    )
    images = [f"{name}.jpg" for name in "abcdef"]
    labelled = read(tmp_path, text, *images, "one/twin.jpg", "two/twin.jpg", "extra.jpg")
    assert kinds(labelled) == {
        "column that is not read": "kept",
        "line with too many or too few fields": "left out",
        "label other than benign, malignant, akiec, bcc, bkl, df, mel, nv, vasc": "left out",
        "missing label": "left out",
        "row without the name of an image": "left out",
        "row without an image": "left out",
        "row with several images": "left out",
        "image without a row": "left out",
        "image with rows that differ": "left out",
        "row repeated, used once": "kept",
    }
    assert list(labelled.rows["image_id"]) == ["a", "f"]
    (tmp_path / "labels.csv").write_text(text.replace("a,mel,1\n", "").replace("f,nv,9\nf.jpg,nv,9\n", ""))
    with pytest.raises(DatasetError) as refused:
        read_labelled(tmp_path, tmp_path / "labels.csv", MALIGNANT)
    wording(str(refused.value))


def test_a_lesion_with_several_labels_is_left_out(tmp_path: Path) -> None:
    text = "image,label,lesion\na,mel,1\nb,nv,1\nc,nv,2\nd,bkl,3\ne,nv,3\n"
    labelled = read(tmp_path, text, *(f"{x}.jpg" for x in "abcde"))
    assert list(labelled.rows["image_id"]) == ["c"]
    assert [problem.name for problem in labelled.problems] == ["1", "3"]


def test_a_link_out_of_the_folder_is_a_row_with_its_reason(tmp_path: Path) -> None:
    outside = write_image(tmp_path / "outside.jpg", 1)
    folder = write_folder(tmp_path / "set", ["mel"])
    (folder / "link.jpg").symlink_to(outside)
    with (folder / "labels.csv").open("a") as file:
        file.write("link.jpg,nv\n")
    labelled = read_labelled(folder, folder / "labels.csv", MALIGNANT)
    assert list(labelled.rows["problem"]) == ["symbolic link out of the folder", ""]


def test_the_table_is_found_among_others(tmp_path: Path) -> None:
    write_folder(tmp_path, ["mel"])
    (tmp_path / "notes.csv").write_text("day,text\n1,x\n")
    assert find_table(tmp_path).name == "labels.csv"


@pytest.mark.parametrize("tables", [(), ("a.csv", "b.tsv")])
def test_without_a_single_table_the_option_is_named(tmp_path: Path, tables: tuple[str, ...]) -> None:
    for name in tables:
        (tmp_path / name).write_text("image,label\na,mel\n")
    with pytest.raises(UserError, match="--table FILE") as refused:
        find_table(tmp_path)
    assert all(name in str(refused.value) for name in tables)


def test_the_same_file_under_several_names_is_reported_and_with_several_labels_left_out(tmp_path: Path) -> None:
    labelled = read(tmp_path, "image,label\na,nv\nb,nv\nc,nv\nd,mel\ne,nv\n", *(f"{x}.jpg" for x in "abcde"))
    digests = dict(zip(labelled.rows["path"], "1122x", strict=True))
    found = {problem.name: problem.outcome for problem in same_bytes(labelled.rows, digests)}
    assert found == {"a = b": "kept", "c = d": "left out"}
