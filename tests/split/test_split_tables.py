from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.splits import SPLIT, SPLITS
from dermoscopy.split.params import Policy, Split
from dermoscopy.split.split import labels, plan_augmented, split_tables, write_splits
from tests.tiny import MELANOMA, SPLIT_PARAMS

LESION = Split(**SPLIT_PARAMS)
IMAGE = Split(**SPLIT_PARAMS | {"protocol": "image"})
PAPER = Split(**SPLIT_PARAMS | {"protocol": "paper"})
PROTOCOLS = pytest.mark.parametrize("settings", [LESION, IMAGE, PAPER], ids=["lesion", "image", "paper"])


def originals(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["image_id"] == table["source"]]


def lesions_shared(tables: dict[str, pd.DataFrame]) -> set[str]:
    return set(tables["train"]["lesion_id"]) & set(tables["test"]["lesion_id"])


@pytest.mark.parametrize(
    ("malignant", "expected"),
    [
        ("mel", [0, 1, 0, 0]),
        ("mel+bcc", [0, 1, 0, 1]),
        ("mel+bcc+akiec", [0, 1, 1, 1]),
        (["nv", "akiec"], [1, 0, 1, 0]),
    ],
)
def test_policy_names_the_malignant_diagnoses(malignant: str | list[str], expected: list[int]) -> None:
    assert labels(pd.Series(["nv", "mel", "akiec", "bcc"]), Policy(malignant=malignant)).tolist() == expected


@PROTOCOLS
def test_lesions_keep_their_group_and_their_label(merged: pd.DataFrame, settings: Split) -> None:
    rows = pd.concat(split_tables(merged, MELANOMA, settings, 1.0).values())
    truth = merged.set_index("image_id").loc[rows["source"]]
    assert rows["group"].tolist() == truth["group"].tolist()
    assert rows["lesion_id"].tolist() == truth["lesion_id"].tolist()
    assert rows["label"].tolist() == (truth["dx"] == "mel").astype(int).tolist()


@pytest.mark.parametrize("balance", [0.0, 0.8, 1.0])
@pytest.mark.parametrize("settings", [LESION, IMAGE], ids=["lesion", "image"])
def test_malignant_images_are_balanced_in_train_only(merged: pd.DataFrame, settings: Split, balance: float) -> None:
    tables = split_tables(merged, MELANOMA, settings, balance)
    train = tables["train"]
    benign, malignant = (int((train["label"] == label).sum()) for label in (0, 1))
    assert malignant == max(int(originals(train)["label"].sum()), round(balance * benign))
    assert set(train["source"]) == set(originals(train)["image_id"])
    for split in ("val", "test"):
        assert (tables[split]["image_id"] == tables[split]["source"]).all()
    assert sorted(pd.concat(map(originals, tables.values()))["image_id"]) == merged["image_id"].tolist()


def test_lesions_are_in_one_split_only_under_protocol_lesion(merged: pd.DataFrame) -> None:
    for seed in range(20):
        assert not lesions_shared(split_tables(merged, MELANOMA, LESION.model_copy(update={"seed": seed}), 1.0))
    assert lesions_shared(split_tables(merged, MELANOMA, IMAGE, 1.0))


def test_paper_augments_first_and_holds_one_split_out(merged: pd.DataFrame) -> None:
    tables = split_tables(merged, MELANOMA, PAPER, 1.0)
    train, val, test = (tables[split] for split in SPLITS)
    images = pd.concat([train, test])
    assert images["image_id"].is_unique
    assert sorted(originals(images)["image_id"]) == merged["image_id"].tolist()
    assert (images["label"] == 0).sum() == (images["label"] == 1).sum() == 20
    assert len(test) == round(PAPER.test * len(images))
    assert test["label"].mean() == 0.5
    pd.testing.assert_frame_equal(val.drop(columns=["split", "path"]), test.drop(columns=["split", "path"]))
    assert (val["path"].str.replace("/val/", "/test/") == test["path"]).all()
    assert lesions_shared(tables)
    augmented = test[test["image_id"] != test["source"]]
    assert len(augmented) > 0
    assert set(augmented["source"]) & set(train["source"])
    assert augmented["path"].str.fullmatch(r"data/augmented/test/malignant/ISIC_\d\d_copy\d\.png").all()


@PROTOCOLS
def test_tables_depend_on_the_seed_but_not_on_the_order_of_rows(merged: pd.DataFrame, settings: Split) -> None:
    def splits(seed: int, rows: pd.DataFrame) -> list[list[str]]:
        tables = split_tables(rows, MELANOMA, settings.model_copy(update={"seed": seed}), 1.0)
        return [sorted(tables[split]["path"]) for split in SPLITS]

    assert splits(1, merged) == splits(1, merged.sample(frac=1, random_state=3))
    assert splits(1, merged) != splits(2, merged)


@PROTOCOLS
def test_histo_only_restricts_test_and_keeps_train_and_val(merged: pd.DataFrame, settings: Split) -> None:
    unrestricted = split_tables(merged, MELANOMA, settings, 1.0)
    confirmed = split_tables(merged, MELANOMA, settings.model_copy(update={"test_histo_only": True}), 1.0)
    for split in ("train", "val"):
        pd.testing.assert_frame_equal(confirmed[split], unrestricted[split])
    assert 0 < len(confirmed["test"]) < len(unrestricted["test"])
    assert confirmed["test"]["image_id"].tolist() == (
        unrestricted["test"].loc[unrestricted["test"]["dx_type"] == "histo", "image_id"].tolist()
    )


def test_one_image_confirmed_by_histology_confirms_its_lesion(merged: pd.DataFrame) -> None:
    table = merged.assign(
        dx_type=np.where(merged["image_id"].eq("ISIC_00") | merged["dx"].eq("mel"), "histo", "follow_up")
    )
    for seed in range(20):
        settings = LESION.model_copy(update={"seed": seed, "test_histo_only": True})
        unrestricted = split_tables(table, MELANOMA, LESION.model_copy(update={"seed": seed}), 1.0)["test"]
        if "HAM_00" in set(unrestricted["lesion_id"]):
            test = split_tables(table, MELANOMA, settings, 1.0)["test"]
            assert (test["lesion_id"] == "HAM_00").sum() == 2
            assert set(test.loc[test["label"] == 0, "lesion_id"]) == {"HAM_00"}
            return
    pytest.fail("no seed assigned the lesion to test")


def test_a_label_without_a_confirmed_lesion_is_refused(merged: pd.DataFrame, wording: Callable[[str], None]) -> None:
    table = merged.assign(dx_type=np.where(merged["dx"] == "mel", "histo", "consensus"))
    with pytest.raises(ParameterError, match=r"(?s)test keeps no benign image of \d+.*split.test_histo_only") as error:
        split_tables(table, MELANOMA, LESION.model_copy(update={"test_histo_only": True}), 1.0)
    wording(str(error.value))


def test_balanced_labels_get_no_augmented_images(merged: pd.DataFrame) -> None:
    train = split_tables(merged, Policy(malignant="nv+bkl"), LESION, 1.0)["train"]
    assert (train["image_id"] == train["source"]).all()


def test_augmented_images_are_spread_evenly_over_originals() -> None:
    names = [*(f"B{number:02}" for number in range(12)), "M1", "M2", "M3", "M4", "M5"]
    train = pd.DataFrame({"image_id": names, "source": names, "label": [0] * 12 + [1] * 5, "sha256": "x"})
    augmented = plan_augmented(train, 1.0, np.random.default_rng(0))
    assert sorted(augmented["source"].value_counts()) == [1, 1, 1, 2, 2]
    assert augmented["image_id"].is_unique
    assert set(augmented["image_id"]) >= {f"M{number}_copy1" for number in range(1, 6)}
    assert (augmented["sha256"] == "").all()
    reversed_rows = plan_augmented(train.iloc[::-1], 1.0, np.random.default_rng(0))
    assert set(reversed_rows["image_id"]) == set(augmented["image_id"])


@PROTOCOLS
def test_every_original_has_one_file_in_each_of_its_splits(
    merged: pd.DataFrame, tmp_path: Path, settings: Split
) -> None:
    images = tmp_path / "data" / "merged" / "images"
    write_splits(split_tables(merged, MELANOMA, settings, 1.0), images, tmp_path)
    rows = pd.concat([SPLIT.read(tmp_path / "data" / "split" / f"{split}.csv") for split in SPLITS])
    for image_id, path, label, split in zip(
        *(originals(rows)[name] for name in ("image_id", "path", "label", "split")), strict=True
    ):
        assert path == f"data/split/{split}/{('benign', 'malignant')[label]}/{image_id}.jpg"
        assert (tmp_path / path).read_bytes() == (images / f"{image_id}.jpg").read_bytes()
    files = list((tmp_path / "data" / "split").rglob("*.jpg"))
    assert len(files) == len(originals(rows))


@PROTOCOLS
def test_the_same_input_gives_the_same_bytes(merged: pd.DataFrame, tmp_path: Path, settings: Split) -> None:
    images = tmp_path / "data" / "merged" / "images"
    write_splits(split_tables(merged, MELANOMA, settings, 1.0), images, tmp_path / "one")
    write_splits(split_tables(merged.sample(frac=1, random_state=2), MELANOMA, settings, 1.0), images, tmp_path / "two")
    for split in SPLITS:
        first, second = (tmp_path / name / "data" / "split" / f"{split}.csv" for name in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()


def with_sources(merged: pd.DataFrame) -> pd.DataFrame:
    """Return the images with three sources; one lesion of the first has an image of the second."""
    number = merged["lesion_id"].str[-2:].astype(int)
    source = np.array(["one", "two", "three"])[number // 3 % 3]
    crossed = merged["image_id"] == "ISIC_24"  # the second image of HAM_00
    return merged.assign(dataset=np.where(crossed, "two", source))


def test_a_held_out_source_is_test_and_in_no_other_split(merged: pd.DataFrame) -> None:
    table = with_sources(merged)
    tables = split_tables(table, MELANOMA, LESION.model_copy(update={"held_out": "one"}), 1.0)
    assert set(tables["test"]["dataset"]) == {"one"}
    assert set(tables["test"]["image_id"]) == set(table.loc[table["dataset"] == "one", "image_id"])
    assert set(tables["train"]["dataset"]) == set(tables["val"]["dataset"]) == {"two", "three"}
    groups = {split: set(rows["group"]) for split, rows in tables.items()}
    assert not groups["test"] & (groups["train"] | groups["val"])
    assert not groups["train"] & groups["val"]
    assert "ISIC_24" not in set(pd.concat(tables.values())["image_id"])  # of a lesion with an image of the source


@pytest.mark.parametrize("known", [True, False])
def test_a_source_that_is_not_in_the_table_is_refused(merged: pd.DataFrame, known: bool) -> None:
    table = with_sources(merged) if known else merged
    words = "the sources are one, three, two" if known else "the table has no sources"
    with pytest.raises(ParameterError, match=rf"split.held_out: received 'four'; {words}"):
        split_tables(table, MELANOMA, LESION.model_copy(update={"held_out": "four"}), 1.0)


def test_a_source_with_one_label_is_refused(merged: pd.DataFrame) -> None:
    table = merged.assign(dataset=np.where(merged["dx"] == "mel", "clinic", "practice"))
    with pytest.raises(ParameterError, match=r"practice has no malignant image|no .* image"):
        split_tables(table, MELANOMA, LESION.model_copy(update={"held_out": "practice"}), 1.0)


@pytest.mark.parametrize("protocol", ["image", "paper"])
def test_a_source_is_held_out_by_lesion_only(protocol: str) -> None:
    with pytest.raises(ValueError, match="needs the protocol lesion"):
        Split(**SPLIT_PARAMS | {"protocol": protocol, "held_out": "one"})
