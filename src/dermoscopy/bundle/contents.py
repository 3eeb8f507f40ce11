"""The file bundle.json: all that is needed to use the weights of a bundle, as numbers and words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from dermoscopy.acquire.params import Limits
from dermoscopy.bundle.manifest import BundleError
from dermoscopy.core.files import write_text
from dermoscopy.core.params import Block, Positive, Proportion
from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import CombinationMethod, Combiner
from dermoscopy.ensemble.thresholds import ConformalSets
from dermoscopy.evaluate.params import Point
from dermoscopy.networks.params import Member, Runtime
from dermoscopy.networks.target import Target
from dermoscopy.predict.params import Predict

CONTENTS = "bundle.json"
SUITABILITY = "suitability.json"  # limits of suitable images, the file of the stage suitability
FORMAT: Literal[1] = 1
WEIGHTS = "members/{name}/model.weights.h5"  # path in the bundle

Probability = Annotated[float, Field(ge=0, le=1)]


class MemberContents(Block):
    """A network of the ensemble.

    Attributes:
        parameters: Parameters from which the network is built.
        classes: Classes of its output, in their order, and their labels: 1 malignant, 0 benign.
        normalization: Normalization of the pixels, which is the network's first layer (information).
    """

    parameters: Member
    classes: dict[str, Literal[0, 1]] = Field(min_length=1)
    normalization: str

    @property
    def target(self) -> Target:
        """Classes that the network predicts."""
        return Target(self.classes)


class Combination(Block):
    """Combination of the members, see `ensemble.combiners.Combiner`."""

    method: CombinationMethod
    weights: dict[str, float]
    threshold: float
    intercept: float


class Calibrated(Block):
    """Calibration of the combined probability, see `ensemble.calibration.Calibration`."""

    slope: Annotated[float, Field(gt=0)]
    intercept: float


class Sets(Block):
    """Conformal sets, see `ensemble.thresholds.ConformalSets`."""

    malignant_from: Probability
    benign_until: Probability
    coverage: Proportion


class Preprocessing(Block):
    """How pixels become the input of all networks (information: code has the same rules)."""

    channels: Literal["red, green, blue"] = "red, green, blue"
    values: Literal["0 to 255"] = "0 to 255"
    resize: Literal["bilinear of Pillow, to a square, without cropping"] = (
        "bilinear of Pillow, to a square, without cropping"
    )
    orientation: Literal["EXIF is ignored"] = "EXIF is ignored"


class Run(Block):
    """The run that made the bundle.

    Attributes:
        dataset: Name of the dataset.
        source: Source of the dataset and of the starting weights with their checksums, data/source.json.
        versions: Versions of libraries, data/environment.json.
        protocol: Protocol of the splits.
        malignant: Malignant diagnoses.
        seed: Seed of the training.
        split_seed: Seed of the split.
    """

    dataset: str
    source: dict[str, Any]
    versions: dict[str, str]
    protocol: Literal["lesion", "image", "paper"]
    malignant: list[str]
    seed: int
    split_seed: int


class Contents(Block):
    """Content of bundle.json.

    Attributes:
        format: Version of this format.
        members: Members of the ensemble.
        combination: Combination of the members' probabilities.
        calibration: Calibration of the combined probability.
        thresholds: Operating point to the calibrated probability from which an image is predicted malignant.
        point: Operating point that decides if none is named.
        conformal_sets: Thresholds of the conformal sets.
        predict: Block `predict` of the run: test-time augmentation.
        runtime: Block `runtime` of the run.
        limits: Block `data.limits` of the run.
        map_size: `explain.map_size` of the run.
        preprocessing: How pixels become the input of the networks.
        run: The run that made the bundle.
    """

    format: Literal[1] = FORMAT
    members: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")], MemberContents] = Field(min_length=1)
    combination: Combination
    calibration: Calibrated
    thresholds: dict[Point, Probability]
    point: Point
    conformal_sets: Sets
    predict: Predict
    runtime: Runtime
    limits: Limits
    map_size: Positive
    preprocessing: Preprocessing = Preprocessing()
    run: Run

    @property
    def combiner(self) -> Combiner:
        """The combination of the members."""
        return Combiner(**self.combination.model_dump())

    @property
    def fitted_calibration(self) -> Calibration:
        """The calibration of the combined probability."""
        return Calibration(**self.calibration.model_dump())

    @property
    def sets(self) -> ConformalSets:
        """The conformal sets."""
        return ConformalSets(self.conformal_sets.malignant_from, self.conformal_sets.benign_until)

    def write(self, folder: Path) -> None:
        """Write bundle.json; all digits of floats are kept."""
        write_text(folder / CONTENTS, self.model_dump_json(indent=2) + "\n")


def read_contents(folder: Path, listed: Mapping[str, str]) -> Contents:
    """Read bundle.json.

    Args:
        folder: Folder of a bundle that was verified.
        listed: Files of the bundle.

    Raises:
        BundleError: The file or the weights of a member are missing, or the file is not valid.
    """
    remedy = "It may be the bundle of another version of dermoscopy."
    if CONTENTS not in listed:
        raise BundleError(f"{folder} is no bundle", [f"{CONTENTS}: missing."], remedy)
    try:
        contents = Contents.model_validate_json((folder / CONTENTS).read_bytes())
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}." for one in error.errors()]
        raise BundleError(f"{folder / CONTENTS} is not valid", problems, remedy) from None
    needed = [*(WEIGHTS.format(name=name) for name in contents.members), SUITABILITY]
    problems = [f"{path}: missing." for path in needed if path not in listed]
    if list(contents.members) != list(contents.combination.weights):
        problems.append("members and combination.weights: expected the same names.")
    if contents.point not in contents.thresholds:
        problems.append(f"point: {contents.point} has no threshold.")
    if problems:
        raise BundleError(f"{folder / CONTENTS} does not fit its bundle", problems, remedy)
    return contents
