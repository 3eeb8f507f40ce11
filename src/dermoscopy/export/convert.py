"""Convert members to ONNX and LiteRT, in float32 and int8, and check each file on real images."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import UserError, first_few
from dermoscopy.core.progress import progress
from dermoscopy.export.constant import Network, float32_copy
from dermoscopy.export.litert import litert_network, to_litert, to_litert_int8
from dermoscopy.export.onnx import onnx_network, quantize_onnx, to_onnx
from dermoscopy.export.parity import BATCH, Exported, compare, predict
from dermoscopy.networks.data import outputs, read_images
from dermoscopy.networks.saved import SavedMember

CALIBRATION = 128  # images of train that calibrate int8
FORMATS: Mapping[str, tuple[str, Callable[[Path, int], Network]]] = {
    "onnx": (".onnx", onnx_network),
    "litert": (".tflite", litert_network),
}
PRECISIONS = {"float32": "", "int8": "_int8"}  # in the name of a file


def convert_members(
    members: Mapping[str, SavedMember], kind: str, train: pd.DataFrame, val: pd.DataFrame, folder: Path, threads: int
) -> list[dict[str, object]]:
    """Write the files `<kind>/<member>.<ending>` of all members, in both precisions; return their rows of `PARITY`.

    Args:
        members: Trained members.
        kind: A name of `FORMATS`.
        train: Rows of train whose files exist; some of them calibrate int8.
        val: Rows of val, on which the files are compared with the members.
        folder: Folder for the files.
        threads: Number of threads.

    Raises:
        UserError: Images are missing.
        ParityError: A file in float32 does not predict what its member predicts.
    """
    require_images(pd.concat([sample(train), val]))
    rows = []
    with progress(f"Converting members to {kind}", len(members)) as advance:
        for name, member in members.items():
            with _errors_only():
                rows += _convert(name, member, kind, train, val, folder, threads)
            advance(1)
    return rows


def _convert(
    name: str, member: SavedMember, kind: str, train: pd.DataFrame, val: pd.DataFrame, folder: Path, threads: int
) -> list[dict[str, object]]:
    size = member.parameters.image_size
    calibration = read_images(_paths(sample(train)), size, threads)
    images = read_images(_paths(val), size, threads)
    expected = outputs(float32_copy(member.model), [images], BATCH)
    rows = []
    for precision in PRECISIONS:
        path = file_of(folder, name, kind, precision)
        write(member, kind, precision, calibration, path)
        exported = Exported(name, kind, precision, path.stat().st_size)
        received = predict(FORMATS[kind][1](path, threads), images)
        rows.append(compare(exported, val, expected, received, member.target))
    return rows


@contextmanager
def _errors_only() -> Iterator[None]:
    """Log only errors: the converters warn of what is usual in a conversion."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(level)


def write(member: SavedMember, kind: str, precision: str, calibration: NDArray[np.uint8], path: Path) -> None:
    """Write a member in a format; the int8 file of ONNX is made from the float32 file beside it."""
    if kind == "litert":
        if precision == "float32":
            to_litert(member, path)
        else:
            to_litert_int8(member, calibration, path)
    elif precision == "float32":
        to_onnx(member, path)
    else:
        quantize_onnx(path.with_name(path.name.replace(PRECISIONS["int8"], "")), calibration, path)


def file_of(folder: Path, member: str, kind: str, precision: str) -> Path:
    """Return the path of an exported file."""
    return folder / kind / f"{member}{PRECISIONS[precision]}{FORMATS[kind][0]}"


def require_images(rows: pd.DataFrame) -> None:
    """Raise an error if files of images are missing, as in a clone that has the models only."""
    missing = [str(path) for path in _paths(rows) if not path.is_file()]
    if missing:
        raise UserError(
            f"Images of train and val are missing ({len(missing):,}): {', '.join(first_few(missing))}.\n"
            "The exported files are checked on them. Get them with: dvc checkout split, or dvc pull split"
        )


def sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Return at most `CALIBRATION` originals, spread evenly over the rows, which are sorted by image_id."""
    originals = rows[rows["image_id"] == rows["source"]]
    positions = np.linspace(0, len(originals) - 1, min(CALIBRATION, len(originals))).round().astype(int)
    return originals.iloc[positions]


def _paths(rows: pd.DataFrame) -> list[Path]:
    return [Path(path) for path in rows["path"]]
