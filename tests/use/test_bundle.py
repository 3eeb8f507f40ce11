"""A bundle is used like the run that made it, and a changed one is not read at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

import dermoscopy
from dermoscopy.bundle.contents import CONTENTS
from dermoscopy.bundle.manifest import SUMS, BundleError, write_sums
from dermoscopy.core.errors import UserError
from dermoscopy.networks import saved, weights_file
from dermoscopy.use import sources
from dermoscopy.use.model import Model, load_model
from tests.finished_run import write_bundle_of_run

WEIGHTS = "members/cnn_b/model.weights.h5"


@pytest.fixture(scope="module")
def written(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the run, in a folder without the run; tests do not change it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(run, folder, dirs_exist_ok=True)
    moved = tmp_path_factory.mktemp("moved") / "bundle"
    shutil.move(write_bundle_of_run(folder), moved)
    return moved


@pytest.fixture
def bundle(written: Path, tmp_path: Path) -> Path:
    """A copy of the bundle that a test may change."""
    return Path(shutil.copytree(written, tmp_path / "bundle"))


def test_a_bundle_predicts_what_its_run_predicts(written: Path, model: Model, images: list[Path]) -> None:
    loaded = dermoscopy.load(written)
    pd.testing.assert_frame_equal(loaded.predict(images), model.predict(images), check_exact=True)
    assert loaded.recorded == model.recorded
    assert (loaded.combiner, loaded.calibration, loaded.sets) == (model.combiner, model.calibration, model.sets)
    assert (loaded.thresholds, loaded.warning) == (model.thresholds, model.warning)


def change_a_bit(bundle: Path) -> None:
    path = bundle / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def remove(bundle: Path) -> None:
    (bundle / WEIGHTS).unlink()


def add(bundle: Path) -> None:
    (bundle / "members/sitecustomize.py").write_text("raise SystemExit('ran')")


def add_link(bundle: Path) -> None:
    (bundle / "link").symlink_to("/etc")


def lower_a_threshold(bundle: Path) -> None:
    path = bundle / CONTENTS
    content = json.loads(path.read_text())
    content["thresholds"]["balanced"] = 0.99
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("tamper", [change_a_bit, remove, add, add_link, lower_a_threshold])
def test_a_tampered_bundle_is_refused_before_it_is_read(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, tamper: Callable[[Path], None]
) -> None:
    tamper(bundle)
    for module, name in ((sources, "read_contents"), (saved, "load_weights"), (weights_file, "check_weights")):
        monkeypatch.setattr(module, name, lambda *given: pytest.fail("the bundle was read"))
    with pytest.raises(BundleError, match="not as it was written"):
        load_model(bundle)


def test_hostile_weights_with_right_checksums_are_refused(bundle: Path) -> None:
    with h5py.File(bundle / WEIGHTS, "r+") as file:
        file["layers/link"] = h5py.ExternalLink("/etc/passwd", "/")
    write_sums(bundle)
    with pytest.raises(UserError, match=r"cnn_b cannot be loaded.*an external link"):
        load_model(bundle)


def test_parameters_of_another_network_are_refused(bundle: Path) -> None:
    path = bundle / CONTENTS
    content = json.loads(path.read_text())
    content["members"]["cnn_b"]["parameters"]["filters"] = 6
    path.write_text(json.dumps(content))
    write_sums(bundle)
    with pytest.raises(UserError, match="cnn_b cannot be loaded"):
        load_model(bundle)


def test_a_file_that_runs_code_is_never_opened(bundle: Path, tmp_path: Path, images: list[Path]) -> None:
    """Also if it has a right checksum: nothing of a bundle but its numbers is used."""
    (bundle / "predict.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (bundle / "members/cnn_b/model.keras").write_bytes(b"PK")
    (bundle / "members/cnn_b/keras.json").write_text('{"class_name": "Lambda"}')
    write_sums(bundle)
    assert np.isfinite(load_model(bundle).predict(images[:1])["probability"]).all()
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_is_neither_a_bundle_nor_a_project_is_named(tmp_path: Path, bundle: Path) -> None:
    with pytest.raises(UserError, match="expected a bundle, or the top folder"):
        load_model(tmp_path / "absent")
    (bundle / SUMS).unlink()
    with pytest.raises(UserError, match=SUMS):
        load_model(bundle)
