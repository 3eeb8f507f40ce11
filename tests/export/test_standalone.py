"""The program in a bundle reads images and combines members as the pipeline does, without this project."""

import ast
import csv
import io
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.images import read_image
from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import Combiner
from dermoscopy.ensemble.thresholds import ConformalSets
from dermoscopy.export.export import export_bundle
from dermoscopy.export.formats import STANDALONE
from dermoscopy.networks.views import VIEWS, view_image
from dermoscopy.use.model import load_model


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """The program, with a runtime that is never called."""
    module = ModuleType("standalone")
    module.__file__ = str(STANDALONE)
    sys.modules.setdefault("onnxruntime", ModuleType("onnxruntime"))
    exec(compile(STANDALONE.read_text(), STANDALONE, "exec"), module.__dict__)
    return module


def test_it_imports_nothing_of_this_project() -> None:
    tree = ast.parse(STANDALONE.read_text())
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    third_party = {name.split(".")[0] for name in modules} - sys.stdlib_module_names
    assert third_party == {"numpy", "onnxruntime", "PIL"}


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "P", "RGBA", "LA", "1", "EXIF"])
def test_pixels_are_those_of_the_pipeline(program: ModuleType, tmp_path: Path, mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (45, 60, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    path = tmp_path / ("image.jpg" if mode in ("CMYK", "EXIF") else "image.png")
    if mode == "EXIF":
        exif = image.getexif()
        exif[0x0112] = 6
        image.save(path, exif=exif)
    else:
        image.convert(mode).save(path)
    expected = read_image(path, 16)
    seen = program.views(program.read_image(path, 10**6), 16, True)
    assert seen.dtype == np.float32
    for view in range(VIEWS):
        np.testing.assert_array_equal(seen[view], view_image(expected, view))
    np.testing.assert_array_equal(program.views(program.read_image(path, 10**6), 16, False), expected[np.newaxis])


@pytest.mark.parametrize("method", ["single", "mean", "log_loss_weighted", "vote", "stacking"])
def test_probabilities_are_combined_as_in_the_pipeline(program: ModuleType, method: Any) -> None:
    combiner = Combiner(method, {"a": 0.3, "b": 0.7}, 0.4, -0.5 if method == "stacking" else 0.0)
    calibration = Calibration(1.3, -0.2)
    rows = pd.DataFrame(np.random.default_rng(0).random((50, 2)), columns=["a", "b"])
    rows.iloc[:2] = [[0.0, 0.0], [1.0, 1.0]]
    bundle = {"combination": asdict(combiner), "calibration": asdict(calibration)}
    received = [program.combine(row, bundle) for row in rows.to_dict("records")]
    np.testing.assert_allclose(received, calibration.apply(combiner.combine(rows)), rtol=0, atol=1e-12)


def test_conformal_sets_are_those_of_the_pipeline(program: ModuleType) -> None:
    values = np.linspace(0, 1, 11)
    for low, high in ((0.3, 0.6), (0.6, 0.3), (0.5, 0.5)):
        sets = ConformalSets(low, high)
        assert [program.conformal_set(value, asdict(sets)) for value in values] == sets.decide(values).tolist()


@pytest.mark.slow
def test_an_exported_bundle_predicts_the_same_without_the_project(run: Path, tmp_path: Path) -> None:
    """As in an empty environment with the packages of requirements.txt: nothing of this project can be imported."""
    for name in ("onnxruntime", "tf2onnx"):
        pytest.importorskip(name)
    export_bundle(run, tmp_path / "bundle", ["onnx"], None)
    images = sorted((run / "data/split/test").rglob("*.jpg"))
    expected = load_model(run).predict(images)
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    code = (
        "import runpy, sys\n"
        "sys.modules['dermoscopy'] = sys.modules['keras'] = sys.modules['tensorflow'] = None\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    program = tmp_path / "bundle/predict.py"
    done = subprocess.run(
        [sys.executable, "-c", code, str(program), *map(str, images), str(tmp_path / "broken.jpg")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    *rows, broken = csv.DictReader(io.StringIO(done.stdout))
    table = pd.DataFrame(rows)
    for column in ("probability", "raw_cnn_a", "raw_cnn_b"):
        np.testing.assert_allclose(table[column].astype(float), expected[column], rtol=0, atol=1e-4)
    assert table["decision"].tolist() == expected["decision"].tolist()
    assert table["conformal_set"].tolist() == expected["conformal_set"].tolist()
    assert broken["problem"]
    assert not broken["probability"]
    (tmp_path / "bundle/onnx/cnn_a.onnx").write_bytes(b"")
    done = subprocess.run([sys.executable, program, str(images[0])], capture_output=True, text=True)
    assert done.returncode == 1
    assert "cnn_a.onnx is damaged" in done.stderr
