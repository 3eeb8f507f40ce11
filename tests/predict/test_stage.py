"""The stage predict; under the protocol "paper", all splits have augmented images, which are shown like originals."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from ruamel.yaml import YAML

from dermoscopy.core import params as file
from dermoscopy.core.errors import LeakError
from dermoscopy.core.members import member_names
from dermoscopy.core.splits import SPLIT
from dermoscopy.core.tables import CURVE, PREDICTIONS
from dermoscopy.networks.build import build_member
from dermoscopy.networks.saved import save_member
from dermoscopy.networks.target import BINARY
from stages.baselines import baselines
from stages.ensemble import ensemble
from stages.explain import explain
from stages.predict import predict
from tests import tiny
from tests.audit import plant

TOP = Path(__file__).parents[2]
PARAMETERS = tiny.small_cnn(
    image_size=8, filters=2, padding="same", pool_size=2, units=2, dropout=0.0, learning_rate=0.001, epochs=1
)

EPOCH = {name: "trained" if kind == "str" else 1 for name, kind in CURVE.columns.items()}


@pytest.fixture(params=["paper"])
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Folder with the inputs of explain, predict and baselines: the splits and four tiny members."""
    tiny.split(tmp_path, tiny.merge(tmp_path), protocol=request.param)
    verdict = "clean" if request.param == "lesion" else "leaky"
    (tmp_path / "data" / "audited").write_text(f"{request.param} {verdict}\n")
    monkeypatch.chdir(tmp_path)
    params = YAML().load(TOP / "params.yaml")
    params["runtime"]["eager"] = True
    params["explain"].update({"images": 2, "layers": 1, "channels": 1, "wrong": 4})
    YAML().dump(params, tmp_path / "params.yaml")
    for member in member_names():
        save_member(member, PARAMETERS, BINARY, build_member(member, PARAMETERS, seed=1), Path("data/models", member))
        CURVE.write(pd.DataFrame([EPOCH]), Path("data/curves", f"{member}.csv"))
    file.read.cache_clear()
    yield tmp_path
    file.read.cache_clear()


def predicted_images(split: str, member: str) -> list[str]:
    return PREDICTIONS.read(Path(f"data/predictions/{split}/{member}.csv"))["image_id"].tolist()


def test_augmented_images_are_predicted_and_shown(project: Path) -> None:
    predict()
    baselines()
    ensemble()
    explain()
    for split in ("val", "test"):
        rows = SPLIT.read(Path(f"data/split/{split}.csv"))
        assert (rows["image_id"] != rows["source"]).any()
        for member in member_names():
            assert predicted_images(split, member) == rows["image_id"].tolist()
        for path in Path("data/baselines", split).iterdir():
            assert PREDICTIONS.read(path)["image_id"].tolist() == rows["image_id"].tolist()
    train = SPLIT.read(Path("data/split/train.csv"))
    assert (train["image_id"] != train["source"]).any()
    assert all(predicted_images("train", member) == train["image_id"].tolist() for member in member_names())
    for path in Path("data/explain").glob("*.png"):
        with Image.open(path) as image:
            assert image.width > 100
    assert len(list(Path("data/explain").glob("*.png"))) == 6


@pytest.mark.parametrize("stage", [predict, baselines, explain])
def test_rows_of_train_in_test_raise_leak_error(project: Path, stage) -> None:
    train = plant.row_of(project, "train")
    plant.add(project, "test", train.to_frame().T)
    with pytest.raises(LeakError, match=rf"test\.csv.*\n  {train['image_id']}: split train"):
        stage()


@pytest.mark.parametrize("project", ["lesion", "image"], indirect=True)
def test_under_the_other_protocols_the_originals_of_train_are_predicted(project: Path) -> None:
    predict()
    train = SPLIT.read(Path("data/split/train.csv"))
    originals = train.loc[train["image_id"] == train["source"], "image_id"].tolist()
    assert len(originals) < len(train)
    for member in member_names():
        assert predicted_images("train", member) == originals
