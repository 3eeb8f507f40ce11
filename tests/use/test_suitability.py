"""An image that is not suitable keeps its probabilities, and gets a reason, no decision and the set refer."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

import dermoscopy
from dermoscopy.core.errors import TableError, UserError
from dermoscopy.suitability.measures import measure
from dermoscopy.suitability.suitability import BLANK, DARK, REFERENCE, SMALL, UNLIKE, Limits
from dermoscopy.use.model import Model
from dermoscopy.use.recorded import read_recorded
from tests.finished_run import LENIENT, lock
from tests.use.test_model import link, pixels


def with_limits(model: Model, min_size: int = 1, **limits: float) -> Model:
    """Return the ensemble with other limits; those that are not given refuse nothing."""
    changed = Limits(**(LENIENT.model_dump() | limits))
    return replace(model, reference=model.reference.model_copy(update={"min_size": min_size, "limits": changed}))


@pytest.fixture
def mixed(images: list[Path], tmp_path: Path) -> list[Path]:
    """A suitable image, a dark one, and one of a single colour."""
    dark, blank = tmp_path / "dark.png", tmp_path / "blank.png"
    Image.fromarray(pixels(images[0]) // 8).save(dark)
    Image.new("RGB", (60, 45), (200, 160, 150)).save(blank)
    return [images[0], dark, blank]


def test_an_unsuitable_image_has_probabilities_and_a_reason_but_no_decision(quick: Model, mixed: list[Path]) -> None:
    strict, lenient = (model.predict(mixed) for model in (with_limits(quick, brightness=0.2, contrast=-5.0), quick))
    assert strict["unsuitable"].tolist() == ["", DARK, BLANK]
    assert (lenient["unsuitable"] == "").all()
    assert strict["decision"].tolist() == [lenient["decision"][0], "", ""]
    assert strict["conformal_set"].tolist() == [lenient["conformal_set"][0], "refer", "refer"]
    untouched = [name for name in strict if name not in ("decision", "conformal_set", "unsuitable")]
    pd.testing.assert_frame_equal(strict[untouched], lenient[untouched])
    assert set(lenient["decision"]) <= {"benign", "malignant"}


def test_the_original_image_counts_not_the_one_that_a_network_sees(quick: Model, images: list[Path]) -> None:
    """All images are resized to 16 and 24 pixels for the networks, and 24 x 32 pixels is their own size."""
    assert with_limits(quick, min_size=24).predict(images[:1])["unsuitable"].tolist() == [""]
    assert with_limits(quick, min_size=25).predict(images[:1])["unsuitable"].tolist() == [SMALL]


def test_several_reasons_are_joined(quick: Model, mixed: list[Path]) -> None:
    strict = with_limits(quick, min_size=30, brightness=0.2)
    assert strict.predict(mixed[1:2])["unsuitable"].tolist() == [f"{SMALL}; {DARK}"]


def test_distance_refuses_an_image_in_which_nothing_else_is_wrong(quick: Model, images: list[Path]) -> None:
    grey = np.repeat(pixels(images[0]).mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    found = [float(quick.reference.distance(measure(Image.fromarray(array)))) for array in (pixels(images[0]), grey)]
    assert found[1] > found[0]
    table = with_limits(quick, distance=sum(found) / 2).predict([pixels(images[0]), grey])
    assert table["unsuitable"].tolist() == ["", UNLIKE]


def as_arrays(paths: list[Path], folder: Path) -> list[np.ndarray]:
    return [pixels(path) for path in paths]


def as_zip(paths: list[Path], folder: Path) -> list[Path]:
    with ZipFile(folder / "images.zip", "w") as archive:
        for number, path in enumerate(paths):
            archive.write(path, f"{number}{path.suffix}")
    return [folder / "images.zip"]


@pytest.mark.parametrize("given", [as_arrays, as_zip])
def test_arrays_and_zips_are_checked_like_files(
    quick: Model, mixed: list[Path], tmp_path: Path, given: Callable[..., list[object]]
) -> None:
    strict = with_limits(quick, brightness=0.2, contrast=-5.0)
    expected = strict.predict(mixed)
    table = strict.predict(given(mixed, tmp_path))
    for column in ("unsuitable", "decision", "conformal_set"):
        assert table[column].tolist() == expected[column].tolist()


def test_an_image_that_cannot_be_read_has_a_problem_and_is_not_unsuitable(quick: Model) -> None:
    table = with_limits(quick, min_size=1000).predict(["missing.jpg"])
    assert table.loc[0, ["unsuitable", "conformal_set"]].tolist() == ["", ""]


def test_an_unsuitable_image_has_an_overlay(quick: Model, images: list[Path], tmp_path: Path) -> None:
    table = with_limits(quick, min_size=1000).predict(images[:1], explain=tmp_path)
    assert (tmp_path / table["overlay"][0]).is_file()


def test_a_run_before_the_stage_suitability_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"stage suitability.*was never run.\nRun it first: dvc repro"):
        read_recorded(link(run, tmp_path, suitability=None))


def test_a_reference_of_earlier_images_is_refused(run: Path, tmp_path: Path) -> None:
    split = {"outs": [{"path": "data/split/train", "md5": "new"}]}
    suitability = {"deps": [{"path": "data/split/train", "md5": "old"}]}
    with pytest.raises(UserError, match="is of earlier images"):
        read_recorded(link(run, tmp_path, split=split, suitability=suitability))


def test_a_missing_reference_is_named(run: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for path in (run / "data").iterdir():
        if path.name != REFERENCE.name:
            (tmp_path / "data" / path.name).symlink_to(path)
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"stages": lock(tmp_path)}))
    with pytest.raises(TableError, match=r"suitability\.json is missing"):
        dermoscopy.load(tmp_path)
