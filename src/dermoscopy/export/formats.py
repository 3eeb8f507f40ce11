"""Formats that an export adds to the bundle, each a function that writes files into its folder.

A new format is a row of `FORMATS`: its packages, and its function.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from dermoscopy.core.errors import UserError
from dermoscopy.core.files import write_text
from dermoscopy.networks.saved import SavedMember

STANDALONE = Path(__file__).with_name("standalone.py")  # it imports onnxruntime, and nothing of this project
INSTALL = "pip install -e '.[export]'"
# Lowest versions with which the test of `standalone` passes.
REQUIREMENTS = """\
numpy>=2.0
onnxruntime>=1.23
pillow>=12.0
"""

Members = Mapping[str, SavedMember]


class Format(NamedTuple):
    """A format of the members.

    Attributes:
        packages: Names by which the packages of the extra `export` are imported that it needs.
        write: Function from the members, the top folder of the project, whose images it may read, and the folder of
            the bundle, into which it writes.
    """

    packages: Sequence[str]
    write: Callable[[Members, Path, Path], None]


def write_keras(members: Members, root: Path, folder: Path) -> None:
    """Write the configuration of each network by Keras, for information: nothing reads it."""
    for name, member in members.items():
        config = json.loads(member.model.to_json())
        write_text(folder / "members" / name / "keras.json", json.dumps(config, indent=1) + "\n")


def write_onnx(members: Members, root: Path, folder: Path) -> None:
    """Write each member as an ONNX file, with a program that predicts images with them."""
    from dermoscopy.export.onnx import to_onnx

    for name, member in members.items():
        to_onnx(member, folder / "onnx" / f"{name}.onnx")
    shutil.copyfile(STANDALONE, folder / "predict.py")
    write_text(folder / "requirements.txt", REQUIREMENTS)


FORMATS: Mapping[str, Format] = {
    "keras": Format((), write_keras),
    "onnx": Format(("tf2onnx", "onnxruntime"), write_onnx),
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
