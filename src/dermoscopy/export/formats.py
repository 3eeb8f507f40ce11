"""Formats that an export adds to the bundle, each a function that writes files into its folder.

A new format is a row of `FORMATS`: its packages, and its function.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dermoscopy.core.errors import UserError
from dermoscopy.core.files import write_text
from dermoscopy.core.splits import read_split
from dermoscopy.export.convert import convert_members
from dermoscopy.networks.saved import SavedMember

STANDALONE = Path(__file__).with_name("standalone.py")  # it imports onnxruntime, and nothing of this project
INSTALL = "pip install -e '.[export]'"
# Lowest versions with which the test of `standalone` passes.
REQUIREMENTS = """\
numpy>=2.0
onnxruntime>=1.23
pillow>=12.0
"""


@dataclass(frozen=True)
class Export:
    """What a format is made from.

    Attributes:
        members: Trained members.
        root: Top folder of the project.
        threads: Number of threads.
    """

    members: Mapping[str, SavedMember]
    root: Path
    threads: int

    def convert(self, kind: str, folder: Path) -> list[dict[str, object]]:
        """Convert the members with images of the run, see `convert.convert_members`."""
        return convert_members(self.members, kind, self._split("train"), self._split("val"), folder, self.threads)

    def _split(self, split: str) -> pd.DataFrame:
        """Return the rows of a split, with the paths of its images from any folder."""
        rows = read_split(self.root / f"data/split/{split}.csv", split)
        return rows.assign(path=[str(self.root / path) for path in rows["path"]])


class Format(NamedTuple):
    """A format of the members.

    Attributes:
        packages: Names by which the packages of the extra `export` are imported that it needs.
        write: Function that writes files into the folder of the bundle, and returns their rows of `parity.PARITY`.
    """

    packages: Sequence[str]
    write: Callable[[Export, Path], list[dict[str, object]]]


def write_keras(export: Export, folder: Path) -> list[dict[str, object]]:
    """Write the configuration of each network by Keras, for information: nothing reads it."""
    for name, member in export.members.items():
        config = json.loads(member.model.to_json())
        write_text(folder / "members" / name / "keras.json", json.dumps(config, indent=1) + "\n")
    return []


def write_onnx(export: Export, folder: Path) -> list[dict[str, object]]:
    """Write each member as ONNX files, with a program that predicts images with them."""
    shutil.copyfile(STANDALONE, folder / "predict.py")
    write_text(folder / "requirements.txt", REQUIREMENTS)
    return export.convert("onnx", folder)


def write_litert(export: Export, folder: Path) -> list[dict[str, object]]:
    """Write each member as LiteRT files."""
    return export.convert("litert", folder)


FORMATS: Mapping[str, Format] = {
    "keras": Format((), write_keras),
    "onnx": Format(("onnx", "onnxruntime", "tf2onnx"), write_onnx),
    "litert": Format(("ai_edge_litert",), write_litert),
}


def require_packages(names: Sequence[str]) -> None:
    """Check that formats are known and that their packages are installed.

    Args:
        names: Names of formats.

    Raises:
        UserError: A name is unknown, or packages are missing; the message says how to install them.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UserError(f"Unknown format {', '.join(unknown)}; expected some of {', '.join(FORMATS)}.")
    missing = {name: [one for one in FORMATS[name].packages if find_spec(one) is None] for name in names}
    if any(missing.values()):
        lines = [f"  {name}: {', '.join(packages)}" for name, packages in missing.items() if packages]
        raise UserError(
            "\n".join(
                [
                    "Packages of these formats are not installed:",
                    *lines,
                    f"Install them: {INSTALL}",
                    "Or export without these formats: dermoscopy export FOLDER --format keras",
                ]
            )
        )
