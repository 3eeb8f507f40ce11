import json

import pandas as pd

from dermoscopy.audit.summary import describe
from dermoscopy.ham10000.duplicates import DUPLICATES
from dermoscopy.ham10000.problems import PROBLEMS

ROWS = pd.DataFrame(
    {
        "image_id": ["a", "b", "c", "d", "e", "f"],
        "lesion_id": ["x", "x", "y", "z", "w", "w"],
        "group": ["x", "x", "y", "y", "w", "w"],
        "dx": ["nv", "nv", "mel", "bkl", "bcc", "bcc"],
        "dx_type": ["follow_up", "histo", "histo", "follow_up", "histo", "histo"],
        "label": [0, 0, 1, 0, 1, 1],
        "split": ["train", "train", "train", "test", "val", "val"],
        "age": [10.0, None, 60.0, 50.0, 70.0, 80.0],
        "sex": ["male", "unknown", "", "female", "male", "male"],
        "localization": ["back", "back", "unknown", "", "ear", "back"],
    }
)
NO_PROBLEMS = pd.DataFrame(columns=list(PROBLEMS.columns))
NO_DUPLICATES = pd.DataFrame(columns=list(DUPLICATES.columns))


def leaves(value: object) -> int:
    return sum(map(leaves, value.values())) if isinstance(value, dict) else 1


def test_describe_counts() -> None:
    described = describe(ROWS, NO_PROBLEMS, NO_DUPLICATES)
    train, val, test = ({"benign": 2, "malignant": 1}, {"benign": 0, "malignant": 2}, {"benign": 1, "malignant": 0})
    assert described["images"] == {"all": 6, "benign": 3, "malignant": 3, "train": train, "val": val, "test": test}
    assert described["lesions"]["all"] == 4
    assert described["lesions"]["train"] == {"benign": 1, "malignant": 1}
    assert described["lesions"]["val"] == {"benign": 0, "malignant": 1}
    assert described["prevalence"] == {
        "images": {"all": 0.5, "train": 0.3333, "val": 1.0, "test": 0.0},
        "lesions": {"all": 0.5, "train": 0.5, "val": 1.0, "test": 0.0},
    }
    assert described["images_by_dx"] == {"akiec": 0, "bcc": 2, "bkl": 1, "df": 0, "mel": 1, "nv": 2, "vasc": 0}
    assert described["lesions_by_dx"] == {"akiec": 0, "bcc": 1, "bkl": 1, "df": 0, "mel": 1, "nv": 1, "vasc": 0}
    assert described["lesions_by_images"] == {"1": 2, "2": 2, "3": 0, "4 or more": 0}
    assert described["missing"] == {"age": 1, "sex": 2, "localization": 2}
    assert described["groups_of_several_lesions"] == 1


def test_describe_compares_labels() -> None:
    described = describe(ROWS, NO_PROBLEMS, NO_DUPLICATES)
    assert described["age"] == {
        "benign": {"first_quartile": 20.0, "median": 30.0, "third_quartile": 40.0},
        "malignant": {"first_quartile": 65.0, "median": 70.0, "third_quartile": 75.0},
    }
    assert described["sex"] == {
        "benign": {"female": 1, "male": 1, "unknown": 1},
        "malignant": {"female": 0, "male": 2, "unknown": 1},
    }
    assert described["histology"] == {"benign": 0.3333, "malignant": 1.0}


def test_describe_counts_the_images_of_each_problem_once() -> None:
    problems = pd.DataFrame(
        [
            ("truncated", "a.jpg", "a", "at byte 9", "left out"),
            ("two diagnoses", "lesion x", "a", "nv, mel", "left out"),
            ("two diagnoses", "lesion x", "b", "nv, mel", "left out"),
            ("two diagnoses", "lesion y", "b", "nv, df", "left out"),
            ("stray file", "notes.txt", "", "", "left out"),
            ("grey", "c.jpg", "c", "", "kept"),
        ],
        columns=list(PROBLEMS.columns),
    )
    described = describe(ROWS, problems, NO_DUPLICATES)
    assert described["left_out"] == {"stray file": 1, "truncated": 1, "two diagnoses": 2}
    assert described["kept"] == {"grey": 1}


def test_describe_counts_pairs_by_kind() -> None:
    pairs = [("same bytes", "a", "c"), ("near-duplicate", "a", "d"), ("same bytes", "b", "d")]
    duplicates = pd.DataFrame(pairs, columns=["kind", "image_id", "other_image_id"])
    assert describe(ROWS, NO_PROBLEMS, duplicates)["duplicates"] == {"near-duplicate": 1, "same bytes": 2}


def test_an_image_in_two_splits_counts_in_both_and_once_in_all() -> None:
    twice = pd.concat([ROWS, ROWS[ROWS["split"] == "val"].assign(split="test")])
    described = describe(twice, NO_PROBLEMS, NO_DUPLICATES)
    assert described["images"]["all"] == 6
    assert described["images"]["val"] == {"benign": 0, "malignant": 2}
    assert described["images"]["test"] == {"benign": 1, "malignant": 2}
    assert described["lesions"]["test"] == {"benign": 1, "malignant": 1}
    assert described["lesions_by_images"] == describe(ROWS, NO_PROBLEMS, NO_DUPLICATES)["lesions_by_images"]
    assert described["age"] == describe(ROWS, NO_PROBLEMS, NO_DUPLICATES)["age"]


def test_a_lesion_in_two_splits_counts_in_both() -> None:
    described = describe(
        ROWS.assign(split=["train", "test", "train", "test", "val", "val"]), NO_PROBLEMS, NO_DUPLICATES
    )
    assert described["lesions"]["all"] == 4
    assert described["lesions"]["train"]["benign"] == 1
    assert described["lesions"]["test"]["benign"] == 2


def test_undefined_numbers_are_none() -> None:
    described = describe(ROWS[ROWS["dx"] == "nv"].assign(age=float("nan")), NO_PROBLEMS, NO_DUPLICATES)
    assert described["age"]["benign"] == {"first_quartile": None, "median": None, "third_quartile": None}
    assert described["prevalence"]["images"] == {"all": 0.0, "train": 0.0, "val": None, "test": None}
    assert described["histology"] == {"benign": 0.5, "malignant": None}
    json.dumps(described, allow_nan=False)


def test_description_is_short() -> None:
    described = describe(ROWS, NO_PROBLEMS, NO_DUPLICATES)
    assert leaves(described) <= 80
    assert "[" not in json.dumps(described)


def test_sources_are_counted_if_they_are_known() -> None:
    assert "sources" not in describe(ROWS, NO_PROBLEMS, NO_DUPLICATES)
    described = describe(ROWS.assign(dataset=["a", "b", "a", "a", "b", "b"]), NO_PROBLEMS, NO_DUPLICATES)
    assert described["sources"]["a"]["images"]["train"] == {"benign": 1, "malignant": 1}
    assert {name: of["prevalence"] for name, of in described["sources"].items()} == {"a": 0.3333, "b": 0.6667}
    assert {name: of["lesions"] for name, of in described["sources"].items()} == {"a": 3, "b": 2}
    assert described["lesions_of_several_sources"] == 1
    assert described["sources_missing_in_a_split"] == ["a", "b"]
