"""Read an ensemble from a finished run or from a bundle: the same object from both. Nothing imports TensorFlow here."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dermoscopy.bundle.contents import CONTENTS, SUITABILITY, WEIGHTS, read_contents
from dermoscopy.bundle.manifest import SUMS, verify_sums
from dermoscopy.core.errors import ProblemsError, UserError
from dermoscopy.core.protocol import read_audited_protocol
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import Combiner
from dermoscopy.ensemble.fit import SETS, read_ensemble
from dermoscopy.ensemble.thresholds import ConformalSets, read_thresholds
from dermoscopy.networks import saved
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.target import Target
from dermoscopy.suitability.suitability import REFERENCE, Reference, read_reference
from dermoscopy.use.recorded import LOCK, Recorded, read_recorded, read_stages


class SourceMember(NamedTuple):
    """A member that is not loaded yet.

    Attributes:
        parameters: Parameters of the member.
        target: Classes that it predicts.
        weights: File of its weights.
    """

    parameters: Transfer | SmallCNN
    target: Target
    weights: Path


class Source(NamedTuple):
    """An ensemble before its networks are built.

    Attributes:
        members: Members that the ensemble combines.
        combiner: Their combination.
        calibration: Its calibration.
        thresholds: Operating point to the calibrated probability from which an image is predicted malignant.
        sets: Thresholds of the conformal sets.
        protocol: Protocol of the splits.
        recorded: Parameters of the run.
        reference: Limits of suitable images.
        remedy: What to do if a file is damaged.
    """

    members: Mapping[str, SourceMember]
    combiner: Combiner
    calibration: Calibration
    thresholds: Mapping[str, float]
    sets: ConformalSets
    protocol: str
    recorded: Recorded
    reference: Reference
    remedy: str


def read_source(folder: Path) -> Source:
    """Read an ensemble; the files are compared with their recorded hashes before any of them is used.

    Args:
        folder: A bundle, or the top folder of a project with a finished run.

    Raises:
        UserError: The folder is neither, or files are missing, changed or not valid.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; expected a bundle, or the top folder of a project.")
    is_bundle = (folder / SUMS).exists() or (folder / CONTENTS).exists()
    return read_bundle(folder) if is_bundle else read_run(folder)


def read_bundle(folder: Path) -> Source:
    """Read the ensemble of a bundle.

    Raises:
        BundleError: Files are changed, missing or additional, or bundle.json is not valid.
        UserError: SHA256SUMS is missing or not valid.
    """
    contents = read_contents(folder, verify_sums(folder))
    return Source(
        members={
            name: SourceMember(member.parameters, member.target, folder / WEIGHTS.format(name=name))
            for name, member in contents.members.items()
        },
        combiner=contents.combiner,
        calibration=contents.fitted_calibration,
        thresholds={str(point): threshold for point, threshold in contents.thresholds.items()},
        sets=contents.sets,
        protocol=contents.run.protocol,
        recorded=Recorded(contents.predict, contents.runtime, contents.point, contents.map_size, contents.limits),
        reference=read_reference(folder / SUITABILITY),
        remedy="Get the bundle again from where it comes.",
    )


def read_run(root: Path) -> Source:
    """Read the ensemble of a finished run.

    Args:
        root: Top folder of the project.

    Raises:
        UserError: There is no finished run, or files of it are missing or were changed since.
    """
    recorded = read_recorded(root)
    data = root / "data"
    require_recorded(root, ["data/audited", "data/ensemble", REFERENCE.as_posix()])
    protocol = read_audited_protocol(data / "audited")
    combiner, calibration = read_ensemble(data / "ensemble")
    folders = {name: f"data/models/{name}" for name in combiner.members}
    require_recorded(root, list(folders.values()))
    (fitted,) = SETS.read(data / "ensemble" / "sets.csv").to_dict("records")
    return Source(
        members={name: _member(root / folder) for name, folder in folders.items()},
        combiner=combiner,
        calibration=calibration,
        thresholds=read_thresholds(data / "ensemble" / "points.csv")[ENSEMBLE],
        sets=ConformalSets(fitted["malignant_from"], fitted["benign_until"]),
        protocol=protocol,
        recorded=recorded,
        reference=read_reference(root / REFERENCE),
        remedy="Run dvc checkout to get its files again.",
    )


def _member(folder: Path) -> SourceMember:
    _, parameters, target = saved.read_card(folder)
    return SourceMember(parameters, target, folder / saved.WEIGHTS)


def require_recorded(root: Path, paths: Sequence[str]) -> None:
    """Check that outs are as the run wrote them; missing ones are left out, since their readers name them.

    Args:
        root: Top folder of the project.
        paths: Paths of outs in the project.

    Raises:
        ProblemsError: Outs differ from dvc.lock; all of them are listed.
    """
    outs = {out["path"]: out.get("md5") for entry in read_stages(root).values() for out in entry.get("outs", [])}
    problems = []
    for path in paths:
        if (root / path).exists() and (received := dvc_md5(root / path)) != outs.get(path):
            problems.append(f"{path}: expected md5 {outs.get(path)}, received {received}.")
    if problems:
        raise ProblemsError(
            f"Files of the run were changed since {root / LOCK} was written",
            problems,
            "Run dvc checkout to get them again, or dvc repro to make them again.",
        )


def dvc_md5(path: Path) -> str:
    """Return the md5 of a file or folder as DVC records it in dvc.lock.

    Args:
        path: A file, or a folder; symbolic links are followed, since DVC may link its cache.
    """
    if path.is_file():
        return md5_of_file(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    entries = [{"md5": md5_of_file(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    listing: list[dict[str, Any]] = sorted(entries, key=lambda entry: entry["relpath"])
    return hashlib.md5(json.dumps(listing).encode(), usedforsecurity=False).hexdigest() + ".dir"


def md5_of_file(path: Path) -> str:
    """Return the md5 of a file, under which DVC's cache has it.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
