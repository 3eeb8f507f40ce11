"""Each corruption is reported by its own line if strict; otherwise the valid images, and only these, continue."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from dermoscopy.acquire.acquire import acquire
from dermoscopy.acquire.params import Data, Limits
from dermoscopy.core.errors import DatasetError
from dermoscopy.ham10000.duplicates import MERGED
from dermoscopy.ham10000.metadata import METADATA
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.merge.merge import merge
from dermoscopy.merge.params import Merge
from dermoscopy.simulate.params import Simulate
from tests.acquire.corruptions import (
    ALL,
    FATAL,
    KEPT,
    LEFT_OUT,
    UNKNOWN,
    Corruption,
    cell,
    image_path,
    mask,
    same_bytes,
)

SIMULATION = Simulate(
    seed=1, lesions=20, malignant=0.3, repeated=0.2, width=64, height=48, separation=2.33, cameras=1.0, noise=0.5
)

MERGE = Merge(lesions=None, seed=1, near_duplicates=None)


def settings(source: Path, strict: bool) -> Data:
    return Data(
        source="directory", path=str(source), strict=strict, limits=Limits(pixels=1000, unpacked=0.001), weights={}
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(dataset: Path, tmp_path: Path) -> Callable[..., Path]:
    """Acquire the corrupted dataset over the data of an earlier run; return data/."""

    def acquired(*corruptions: Corruption, strict: bool) -> Path:
        folder = tmp_path / "data"
        (folder / "dataset").mkdir(parents=True)
        (folder / "dataset" / "earlier").write_text("last valid")
        (folder / "problems.csv").write_text("last valid")
        sources = [corrupt(dataset) for corrupt in corruptions]
        source = next((source for source in sources if isinstance(source, Path) and source.suffix == ".zip"), dataset)
        acquire(settings(source, strict), SIMULATION, folder, tmp_path / "downloads", members=[], starting_weights={})
        assert not (folder / "dataset" / "earlier").exists()
        return folder

    return acquired


def assert_refused(run: Callable[..., Path], tmp_path: Path, *corruptions: Corruption, strict: bool) -> str:
    with pytest.raises(DatasetError) as error:
        run(*corruptions, strict=strict)
    assert contents(tmp_path / "data") == {"dataset/earlier": b"last valid", "problems.csv": b"last valid"}
    return str(error.value)


@pytest.mark.parametrize("name", [*FATAL, *LEFT_OUT, *UNKNOWN])
def test_if_strict_every_problem_refuses_the_dataset(run: Callable[..., Path], tmp_path: Path, name: str) -> None:
    corrupt, line, *_ = {**FATAL, **LEFT_OUT, **UNKNOWN}[name]
    message = assert_refused(run, tmp_path, corrupt, strict=True)
    assert f"\n  {line}" in message
    assert "source.json" in message.splitlines()[-1]
    assert ("-S data.strict=false" in message) == (name not in FATAL)


@pytest.mark.parametrize("name", FATAL)
def test_a_fatal_problem_always_refuses_the_dataset(run: Callable[..., Path], tmp_path: Path, name: str) -> None:
    corrupt, line = FATAL[name]
    assert f"\n  {line}" in assert_refused(run, tmp_path, corrupt, strict=False)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_if_not_strict_the_valid_images_are_merged(
    run: Callable[..., Path], tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    corrupt, line, left_out = LEFT_OUT[name]
    with caplog.at_level("INFO"):
        folder = run(corrupt, strict=False)
    assert any(message.startswith(f"Left out: {line}") for message in caplog.messages)

    problems = PROBLEMS.read(folder / "problems.csv")
    assert set(problems["outcome"]) == {"left out"}
    assert set(problems["image_id"]) - {""} == left_out

    merge(folder / "dataset", folder / "problems.csv", MERGE, tmp_path / "merged")
    merged = MERGED.read(tmp_path / "merged" / "metadata.csv")
    assert merged["image_id"].tolist() == sorted(ALL - left_out)
    assert {path.stem for path in (tmp_path / "merged" / "images").iterdir()} == ALL - left_out


@pytest.mark.parametrize("name", UNKNOWN)
def test_if_not_strict_an_invalid_value_becomes_unknown_and_its_image_stays(
    run: Callable[..., Path], tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    corrupt, line, column = UNKNOWN[name]
    with caplog.at_level("INFO"):
        folder = run(corrupt, strict=False)
    assert f"Made unknown: {line}" in caplog.messages
    assert PROBLEMS.read(folder / "problems.csv")[["image_id", "outcome"]].to_numpy().tolist() == [["ISIC_2", "kept"]]

    merge(folder / "dataset", folder / "problems.csv", MERGE, tmp_path / "merged")
    merged = MERGED.read(tmp_path / "merged" / "metadata.csv").set_index("image_id")
    assert set(merged.index) == ALL
    assert merged.index[merged[column].isin(["unknown"]) | merged[column].isna()].tolist() == ["ISIC_2"]


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("strict", [True, False])
def test_kept_images_are_logged(
    run: Callable[..., Path], tmp_path: Path, name: str, strict: bool, caplog: pytest.LogCaptureFixture
) -> None:
    corrupt, line = KEPT[name]
    with caplog.at_level("INFO"):
        folder = run(corrupt, strict=strict)
    assert f"Kept: {line}" in caplog.messages
    problems = PROBLEMS.read(folder / "problems.csv")
    assert set(problems["outcome"]) == {"kept"}
    merge(folder / "dataset", folder / "problems.csv", MERGE, tmp_path / "merged")
    assert set(MERGED.read(tmp_path / "merged" / "metadata.csv")["image_id"]) == ALL


def test_all_problems_are_reported_at_once(run: Callable[..., Path], tmp_path: Path) -> None:
    corruptions = [
        cell("dx", "wart", row=0),
        cell("image_id", "../ISIC_1", row=1),
        cell("age", "121", row=2),
        lambda dataset: image_path(dataset, 3).unlink(),
        lambda dataset: image_path(dataset, 4).write_bytes(b""),
        lambda dataset: image_path(dataset, 5).write_bytes(b"no image"),
        lambda dataset: Image.new("L", (4, 4)).save(image_path(dataset, 6)),
    ]
    message = assert_refused(run, tmp_path, *corruptions, strict=True)
    assert [line.strip() for line in message.splitlines()[1:-1]] == [
        "image_id with a path outside the folder, 1: ../ISIC_1 (line 3)",
        "dx other than akiec, bcc, bkl, df, mel, nv, vasc, 1: 'wart' (1 row)",
        "age other than a number from 0 to 120, 1: '121' (1 row)",
        "row without an image, 1: ISIC_3",
        "image without a row, 1: ISIC_1",
        "image of zero bytes, 1: ISIC_4",
        "file that is not an image, 1: ISIC_5 (neither JPEG nor PNG)",
    ]


def test_an_image_left_out_is_not_reported_as_kept(run: Callable[..., Path]) -> None:
    folder = run(same_bytes(0, 7), cell("dx", "wart", row=7), strict=False)
    assert PROBLEMS.read(folder / "problems.csv")[["image_id", "outcome"]].to_numpy().tolist() == [
        ["ISIC_7", "left out"]
    ]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_another_separator_and_a_byte_order_mark_are_accepted(run: Callable[..., Path], separator: str) -> None:
    def corrupt(dataset: Path) -> None:
        table = pd.read_csv(dataset / METADATA)
        table.to_csv(dataset / METADATA, index=False, sep=separator, encoding="utf-8-sig")

    assert PROBLEMS.read(run(corrupt, strict=True) / "problems.csv").empty


@pytest.mark.parametrize("age", ["NA", "nan", "NaN", "null", "None", " "])
def test_an_age_may_be_written_as_missing(run: Callable[..., Path], tmp_path: Path, age: str) -> None:
    folder = run(cell("age", age), strict=True)
    merge(folder / "dataset", folder / "problems.csv", MERGE, tmp_path / "merged")
    merged = MERGED.read(tmp_path / "merged" / "metadata.csv").set_index("image_id")
    assert merged.index[merged["age"].isna()].tolist() == ["ISIC_2"]


def test_only_the_damaged_mask_is_left_out(run: Callable[..., Path]) -> None:
    folder = run(mask(b""), strict=False)
    assert [path.name for path in (folder / "truth" / "masks").iterdir()] == ["ISIC_0_segmentation.png"]


@pytest.mark.parametrize("column", ["age", "sex", "localization", "dx_type"])
def test_age_sex_localization_and_dx_type_may_be_missing(run: Callable[..., Path], column: str) -> None:
    assert PROBLEMS.read(run(cell(column, ""), strict=True) / "problems.csv").empty
