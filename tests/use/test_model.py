"""The ensemble of a finished run predicts other images as the pipeline predicted its test split."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

import dermoscopy
from dermoscopy.core.errors import ParameterError, TableError, UserError
from dermoscopy.core.tables import DIAGNOSIS_PROBABILITIES, ENSEMBLE, PREDICTIONS
from dermoscopy.ensemble.fit import SETS
from dermoscopy.ensemble.thresholds import ConformalSets, read_thresholds
from dermoscopy.evaluate.diagnoses import diagnosis_classifiers
from dermoscopy.evaluate.evaluate import fitted_classifiers
from dermoscopy.predict import predict
from dermoscopy.use import model as module
from dermoscopy.use.model import Model, load_model, overlay_name
from dermoscopy.use.recorded import read_recorded
from dermoscopy.use.sources import dvc_md5
from tests.finished_run import TARGETS, lock, members


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_predictions_of_test_images_equal_those_of_the_stages(run: Path, model: Model, images: list[Path]) -> None:
    """The bytes of the images are the same, so that not even rounding differs by more than 1e-6."""
    table = model.predict(images)
    raw = members(run, "test")
    thresholds = read_thresholds(run / "data/ensemble/points.csv")
    expected = next(iter(fitted_classifiers(raw, run / "data/ensemble", thresholds)))
    assert expected.name == ENSEMBLE
    np.testing.assert_allclose(table["probability"], expected.score, rtol=0, atol=1e-6)
    for member in TARGETS:
        np.testing.assert_allclose(table[f"raw_{member}"], raw[member], rtol=0, atol=1e-6)
    decision = np.where(expected.score >= thresholds[ENSEMBLE]["balanced"], "malignant", "benign")
    assert table["decision"].tolist() == decision.tolist()
    assert set(decision) == {"benign", "malignant"}
    (fitted,) = SETS.read(run / "data/ensemble/sets.csv").to_dict("records")
    sets = ConformalSets(fitted["malignant_from"], fitted["benign_until"])
    assert table["conformal_set"].tolist() == sets.decide(expected.score).tolist()
    assert (table["problem"] == "").all()


def test_probabilities_of_diagnoses_are_the_mean_over_the_members_that_have_them(
    run: Path, model: Model, images: list[Path]
) -> None:
    stored = PREDICTIONS.read(run / "data/predictions/test/cnn_b.csv")[list(DIAGNOSIS_PROBABILITIES)]
    expected = diagnosis_classifiers({"cnn_b": stored}, model.combiner.members)[0]
    table = model.predict(images)
    np.testing.assert_allclose(table[list(DIAGNOSIS_PROBABILITIES)], expected.probability, rtol=0, atol=1e-6)


@pytest.mark.parametrize("point", ["half", "sensitive"])
def test_decisions_are_those_of_the_operating_point(quick: Model, images: list[Path], point: str) -> None:
    table = quick.predict(images, point=point)
    assert ((table["decision"] == "malignant") == (table["probability"] >= quick.thresholds[point])).all()


def test_an_unknown_operating_point_is_refused(quick: Model) -> None:
    with pytest.raises(UserError, match="expected one of balanced, half, sensitive"):
        quick.predict([], point="best")


def test_a_pixel_array_is_predicted_like_its_file(quick: Model, images: list[Path]) -> None:
    arrays = [pixels(path) for path in images[:3]]
    expected = quick.predict(images[:3])["probability"]
    table = quick.predict(arrays)
    np.testing.assert_allclose(table["probability"], expected, atol=1e-6)
    assert table["image"].tolist() == ["array 0", "array 1", "array 2"]
    np.testing.assert_allclose(quick.predict(arrays[0])["probability"], expected[:1], atol=1e-6)
    np.testing.assert_allclose(quick.predict(np.stack(arrays))["probability"], expected, atol=1e-6)


def test_only_a_few_images_are_in_memory_and_the_rows_stay_in_order(
    quick: Model, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = quick.predict([*images, "missing.jpg"])
    stacked: list[int] = []
    outputs = predict.outputs
    monkeypatch.setattr(module, "CHUNK", 8)
    monkeypatch.setattr(
        predict, "outputs", lambda *given, **kept: stacked.append(len(given[1][0])) or outputs(*given, **kept)
    )
    table = quick.predict([*images, "missing.jpg"])
    assert max(stacked) == 8
    pd.testing.assert_frame_equal(table, whole, atol=1e-6)


def test_a_broken_image_is_a_row_and_changes_no_other(quick: Model, images: list[Path], tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(images[0].read_bytes()[:300])
    alone = quick.predict(images[:3])
    table = quick.predict([images[0], tmp_path / "broken.jpg", *images[1:3]])
    np.testing.assert_allclose(table["probability"].drop(1), alone["probability"], atol=1e-6)
    assert np.isnan(table.loc[1, "probability"])
    assert table.loc[1, ["decision", "conformal_set"]].tolist() == ["", ""]
    assert (table["problem"] != "").tolist() == [False, True, False, False]


def test_without_a_readable_image_the_table_has_all_columns(quick: Model, images: list[Path]) -> None:
    columns = quick.predict(images[:1]).columns.tolist()
    assert quick.predict(["missing.jpg"]).columns.tolist() == columns
    assert quick.predict([]).columns.tolist() == columns
    assert quick.predict([]).empty


def test_overlays_have_the_proportions_of_their_images(quick: Model, images: list[Path], tmp_path: Path) -> None:
    Image.fromarray(pixels(images[0])).resize((1200, 300)).save(tmp_path / "wide.png")
    table = quick.predict(["missing.jpg", images[1], tmp_path / "wide.png"], explain=tmp_path / "maps" / "new")
    assert table["overlay"].tolist() == ["", f"00002_{images[1].stem}.png", "00003_wide.png"]
    assert [pixels(tmp_path / "maps" / "new" / name).shape for name in table["overlay"][1:]] == [
        (24, 32, 3),
        (150, 600, 3),
    ]
    assert len(list((tmp_path / "maps" / "new").iterdir())) == 2
    assert "overlay" not in quick.predict(images[:1])


def test_an_overlay_shows_the_map_over_the_image(
    quick: Model, images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left_half(*given: object) -> np.ndarray:
        return np.tile(np.repeat([1.0, 0.0], 2).astype(np.float32), (1, 4, 1))

    monkeypatch.setattr(module, "gradcam", left_half)
    table = quick.predict(images[:1], explain=tmp_path)
    shown = pixels(tmp_path / table["overlay"][0]).astype(int)
    plain = pixels(images[0]).astype(int)
    np.testing.assert_array_equal(shown[:, -4:], plain[:, -4:])
    assert np.abs(shown[:, :4] - plain[:, :4]).mean() > 20


def test_a_file_in_place_of_the_folder_of_overlays_is_refused(quick: Model, images: list[Path], tmp_path: Path) -> None:
    (tmp_path / "maps").write_text("")
    with pytest.raises(UserError, match="expected a folder for the overlays"):
        quick.predict(images[:1], explain=tmp_path / "maps")


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("a/b/ISIC_1.jpg", "00007_ISIC_1.png"),
        ("x.zip: ../../etc/passwd.jpg", "00007_passwd.png"),
        ("a\nb\x1b[31m.png", "00007_a_b_31m.png"),
        ("..", "00007_...png"),
        ("é" * 300 + ".jpg", "00007__.png"),
        ("array 3", "00007_array_3.png"),
    ],
)
def test_names_of_overlays_stay_in_their_folder(image: str, name: str) -> None:
    assert overlay_name(7, image) == name
    assert Path("folder", name).parent == Path("folder")


def link(run: Path, folder: Path, **changed: object) -> Path:
    """Return a project whose data/ is that of the run, with changed stages in dvc.lock; None removes a stage."""
    (folder / "data").symlink_to(run / "data")
    stages = {name: entry for name, entry in (lock(run) | changed).items() if entry is not None}
    (folder / "dvc.lock").write_text(yaml.safe_dump({"stages": stages}))
    return folder


def test_parameters_are_those_of_the_run(run: Path, tmp_path: Path) -> None:
    """The ensemble is fitted to predictions made with them, whatever params.yaml has now."""
    evaluate = {"params": {"params.yaml": {"evaluate": {"point": "sensitive"}}}}
    recorded = read_recorded(link(run, tmp_path, evaluate=evaluate))
    assert recorded.point == "sensitive"
    assert recorded.predict.turns_and_flips
    assert recorded.limits.pixels == 1_000_000


def test_a_project_without_a_finished_run_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no finished run"):
        dermoscopy.load(tmp_path)
    with pytest.raises(UserError, match="has no finished run"):
        dermoscopy.load(link(run, tmp_path, evaluate=None))


def test_an_ensemble_of_earlier_models_is_refused(run: Path, tmp_path: Path) -> None:
    predict = lock(run)["predict"] | {"outs": [{"path": "data/predictions/test", "md5": "new"}]}
    evaluate = lock(run)["evaluate"] | {"deps": [{"path": "data/predictions/test", "md5": "old"}]}
    with pytest.raises(UserError, match="is of earlier models"):
        dermoscopy.load(link(run, tmp_path, predict=predict, evaluate=evaluate))


def test_a_run_of_another_version_is_refused(run: Path, tmp_path: Path) -> None:
    explain = {"params": {"params.yaml": {"explain": {}}}}
    with pytest.raises(ParameterError, match=r"explain\.map_size"):
        dermoscopy.load(link(run, tmp_path, explain=explain))


def copy_run(run: Path, folder: Path) -> None:
    for path in run.rglob("*"):
        if path.is_file() and path.suffix != ".jpg":
            copy = folder / path.relative_to(run)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


@pytest.mark.parametrize("name", ["models/cnn_b/model.weights.h5", "models/cnn_b/model.yaml", "ensemble/points.csv"])
@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_files_that_are_not_those_of_the_run_are_named(
    run: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    copy_run(run, tmp_path)
    path = tmp_path / "data" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"data/{name.rpartition('/')[0]}: expected md5"):
        load_model(tmp_path)


def test_damaged_weights_that_the_run_wrote_are_named(run: Path, tmp_path: Path) -> None:
    copy_run(run, tmp_path)
    (tmp_path / "data/models/cnn_b/model.weights.h5").write_bytes(b"no weights")
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"stages": lock(tmp_path)}))
    with pytest.raises(UserError, match="cnn_b cannot be loaded"):
        load_model(tmp_path)


def test_the_hash_of_a_folder_is_that_of_dvc(tmp_path: Path) -> None:
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs.local import LocalFileSystem

    folder = tmp_path / "folder"
    for name in ("b.txt", "a/é.txt", "a b.txt", "a/b/c.txt", "B.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    local = LocalFileSystem()
    _, _, tree = build(HashFileDB(local, str(tmp_path / "cache")), str(folder), local, "md5", dry_run=True)
    assert dvc_md5(folder) == tree.hash_info.value


def test_a_missing_ensemble_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/audited").write_text("lesion clean\n")
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"stages": lock(tmp_path)}))
    with pytest.raises(TableError, match=r"ensemble\.json"):
        load_model(tmp_path)


def test_the_import_of_the_package_is_light() -> None:
    code = (
        "import sys, dermoscopy; assert callable(dermoscopy.load); "
        "assert not {'tensorflow', 'pandas', 'numpy', 'PIL'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "src"}).returncode == 0
