"""The page docs/how-to/predict.md names what the command writes, and its example in Python runs."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.acquire.jpeg import MAX_SCANS
from dermoscopy.core.tables import DIAGNOSIS_PROBABILITIES
from dermoscopy.use.inputs import ENDINGS
from dermoscopy.use.model import Model
from dermoscopy.use.reading import MIN_SIZE

PAGE = Path("docs/how-to/predict.md").read_text()


def in_rows(name: str) -> bool:
    """Return whether the first column of a table of the page names a column or field."""
    return any(f"`{name}`" in line.split("|")[1] for line in PAGE.splitlines() if line.startswith("|"))


def test_the_page_names_every_column(quick: Model, images: list[Path], tmp_path: Path) -> None:
    for column in quick.predict(images[:1], explain=tmp_path):
        general = "p_<dx>" if column in DIAGNOSIS_PROBABILITIES else re.sub("^raw_.*", "raw_<member>", column)
        assert in_rows(general), column


def test_the_page_names_every_field_of_json() -> None:
    source = Path("src/dermoscopy/cli/predict.py").read_text()
    fields = re.findall(r'^        "(\w+)":', source.partition("head = {")[2], flags=re.M)
    assert {"notice", "images"} <= set(fields)
    for field in fields:
        assert in_rows(field), field


def test_the_page_has_the_limits_and_endings_of_the_code() -> None:
    assert f"less than {MIN_SIZE} pixels" in PAGE
    assert f"more than {MAX_SCANS} scans" in " ".join(PAGE.split())
    assert all(f"`{ending}`" in PAGE for ending in ENDINGS)


def test_the_example_runs(
    run: Path, images: list[Path], quick: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [example] = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
    assert len(example.strip().splitlines()) <= 14
    (tmp_path / "images").mkdir()
    for path in (tmp_path / "lesion.jpg", tmp_path / "images" / "a.jpg"):
        shutil.copyfile(images[0], path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dermoscopy.load", lambda folder: {".": quick}[folder])
    names: dict[str, object] = {}
    exec(example, names)
    table, unreadable = names["table"], names["unreadable"]
    assert isinstance(table, pd.DataFrame)
    assert isinstance(unreadable, pd.DataFrame)
    assert unreadable.empty
    assert np.isfinite(table["probability"]).all()
    with Image.open(tmp_path / "maps" / table["overlay"][0]) as overlay:
        assert overlay.size == (32, 24)
