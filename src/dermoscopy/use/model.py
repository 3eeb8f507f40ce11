"""The ensemble of a finished run or of a bundle, ready to predict other images."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.core.errors import UserError, WeightsError
from dermoscopy.core.progress import progress
from dermoscopy.core.protocol import leak_warning
from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import Combiner
from dermoscopy.ensemble.thresholds import DECISIONS, ConformalSets
from dermoscopy.explain.gradcam import ensemble_map, gradcam
from dermoscopy.explain.heat import overlay
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import SavedMember, load_network
from dermoscopy.predict.predict import predict_arrays
from dermoscopy.suitability.suitability import Reference
from dermoscopy.use.inputs import Found, Images, find_images
from dermoscopy.use.reading import SHOWN, Decoded, Reader
from dermoscopy.use.recorded import Recorded
from dermoscopy.use.sources import SourceMember, read_source

# Images are predicted in chunks of at least one batch: each call of a network costs as much as several images.
CHUNK_MEMORY = 128 * 2**20  # bytes of a chunk's pixels; two chunks are in memory
CHUNK = 512  # most images of a chunk
REFER = DECISIONS[1]  # conformal set of an image that is not suitable
RAW = "raw_"  # before the name of a member: its column
NAME_LENGTH = 60  # characters of an image's name that the name of its overlay has


@dataclass(frozen=True)
class Model:
    """The ensemble of a finished run or of a bundle.

    Attributes:
        members: Members that the ensemble combines.
        combiner: Their combination.
        calibration: Its calibration.
        thresholds: Operating point to the calibrated probability from which an image is predicted malignant.
        sets: Thresholds of the conformal sets.
        warning: Warning if the splits of the run share lesions; otherwise empty.
        recorded: Parameters of the run.
        reference: Which images are suitable for the ensemble.
    """

    members: Mapping[str, SavedMember]
    combiner: Combiner
    calibration: Calibration
    thresholds: Mapping[str, float]
    sets: ConformalSets
    warning: str
    recorded: Recorded
    reference: Reference

    def predict(self, images: Images, *, point: str | None = None, explain: str | Path | None = None) -> pd.DataFrame:
        """Predict images; only a few of them are in memory at a time.

        Args:
            images: Paths of files, folders or zips, patterns, or arrays, see `inputs.find_images`.
            point: Operating point of the decisions: half, balanced or sensitive. None: `evaluate.point` of the run.
            explain: Folder for Grad-CAM overlays, one PNG file for each image; it is created. None draws none.

        Returns:
            A row for each image, in the order of `images`, with the columns
            `image`: its path, or its position among arrays;
            `probability`: calibrated probability of malignancy, 0 to 1; NaN if the image cannot be read;
            `decision`: benign or malignant, at the operating point; empty if the image is not suitable;
            `conformal_set`: benign, malignant or refer; refer if the image is not suitable;
            `unsuitable`: reasons why the image is not suitable, see `suitability.REASONS`; otherwise empty;
            `raw_<member>`: probability of malignancy of each member, before calibration;
            `p_<dx>`: probability of each diagnosis, the mean over the members with the target dx, if there are any;
            `overlay`: name of its file in `explain`, if that is given;
            `note`: how the image was converted; and
            `problem`: reason for which it cannot be read. Where text does not apply, it is empty.

        Raises:
            UserError: The operating point is unknown, or `explain` is no folder.
        """
        threshold = self._threshold(point)
        folder = None if explain is None else Path(explain)
        if folder is not None:
            if folder.exists() and not folder.is_dir():
                raise UserError(f"{folder} is a file; expected a folder for the overlays.")
            folder.mkdir(parents=True, exist_ok=True)
        settings = self.recorded
        sizes = sorted({member.parameters.image_size for member in self.members.values()})
        reader = Reader(sizes, settings.limits, show=folder is not None, reference=self.reference)
        batch_size = settings.predict.batch_size
        pixels = sum(size**2 for size in sizes) + (0 if folder is None else SHOWN**2)
        chunk_size = max(min(CHUNK_MEMORY // (3 * pixels), CHUNK) // batch_size, 1) * batch_size
        found = list(find_images(images))
        tables = [self._table([], [], threshold, folder, 0)]
        with progress("Predicting images", len(found)) as advance:
            for chunk, decoded in reader.read(found, chunk_size):
                tables.append(self._table(chunk, decoded, threshold, folder, chunk_size * (len(tables) - 1)))
                advance(len(chunk))
        return pd.concat(tables[1:] or tables, ignore_index=True)

    def _threshold(self, point: str | None) -> float:
        name = point or self.recorded.point
        if name not in self.thresholds:
            raise UserError(f"Unknown operating point {name}; expected one of {', '.join(sorted(self.thresholds))}.")
        return self.thresholds[name]

    def _table(
        self, images: Sequence[Found], decoded: Sequence[Decoded], threshold: float, folder: Path | None, first: int
    ) -> pd.DataFrame:
        """Return the rows of a chunk.

        Args:
            images: Images of the chunk.
            decoded: Their pixels.
            threshold: Calibrated probability from which an image is predicted malignant.
            folder: Folder for overlays; may be None.
            first: Number of images in the chunks before.
        """
        valid = np.array([not one.problem for one in decoded], bool)
        readable = [one for one in decoded if not one.problem]
        classes = self._outputs(readable)
        raw = pd.DataFrame({name: member.target.probability(classes[name]) for name, member in self.members.items()})
        probability = self.calibration.apply(self.combiner.combine(raw))
        unsuitable = np.array([one.unsuitable for one in readable], dtype=object)
        decision = np.where(probability >= threshold, "malignant", "benign")
        columns: dict[str, NDArray[Any]] = {
            "probability": probability,
            "decision": np.where(unsuitable == "", decision, ""),
            "conformal_set": np.where(unsuitable == "", self.sets.decide(probability), REFER),
            "unsuitable": unsuitable,
            **{f"{RAW}{name}": raw[name].to_numpy() for name in raw},
            **self._diagnoses(classes),
        }
        if folder is not None:
            numbers = [first + int(index) + 1 for index in np.flatnonzero(valid)]
            names = [overlay_name(number, images[number - first - 1].name) for number in numbers]
            self._draw(readable, [folder / name for name in names])
            columns["overlay"] = np.array(names, dtype=object)
        table = pd.DataFrame({"image": pd.Series([image.name for image in images], dtype="str")})
        for name, values in columns.items():
            is_number = values.dtype.kind == "f"
            column = np.full(len(images), np.nan if is_number else "", float if is_number else object)
            column[valid] = values
            table[name] = column if is_number else pd.Series(column, dtype="str")
        table["note"] = pd.Series([one.note for one in decoded], dtype="str")
        table["problem"] = pd.Series([one.problem for one in decoded], dtype="str")
        return table

    def _outputs(self, readable: Sequence[Decoded]) -> dict[str, NDArray[np.float64]]:
        """Return the output of each member, shape (images, classes)."""
        if not readable:
            return {name: np.empty((0, len(member.target.classes))) for name, member in self.members.items()}
        found = {}
        for name, member in self.members.items():
            images = np.stack([one.sizes[member.parameters.image_size] for one in readable])
            found[name] = predict_arrays(member, images, self.recorded.predict, self.recorded.runtime)
        return found

    def _diagnoses(self, classes: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """Return the probability of each diagnosis; nothing if no member predicts diagnoses."""
        members = [name for name, member in self.members.items() if not member.target.is_binary]
        if not members:
            return {}
        mean = np.mean([classes[name] for name in members], axis=0)
        names = self.members[members[0]].target.classes
        return {f"p_{dx}": mean[:, column] for column, dx in enumerate(names)}

    def _draw(self, readable: Sequence[Decoded], paths: Sequence[Path]) -> None:
        """Write the overlay of each image: the mean of the members' Grad-CAM maps."""
        if not readable:
            return
        maps = {
            name: gradcam(
                member.model,
                member.target,
                np.stack([one.sizes[member.parameters.image_size] for one in readable]),
                self.recorded.map_size,
            )
            for name, member in self.members.items()
        }
        for number, (one, path) in enumerate(zip(readable, paths, strict=True)):
            assert one.shown is not None
            heat = ensemble_map({name: of_images[number] for name, of_images in maps.items()}, max(one.shown.shape))
            Image.fromarray(overlay(one.shown, heat)).save(path)


def overlay_name(number: int, image: str) -> str:
    """Return the name of an overlay: the number of the image and its name, without unusual characters.

    Args:
        number: Number of the image, from 1.
        image: Name of the image.
    """
    stem = Path(image.replace("\\", "/").rpartition("/")[2]).stem
    return f"{number:05d}_{re.sub(r'[^A-Za-z0-9._-]+', '_', stem)[:NAME_LENGTH]}.png"


def load_model(folder: str | Path) -> Model:
    """Load the ensemble of a bundle or of a finished run; see `dermoscopy.load`.

    Args:
        folder: A bundle, or the top folder of a project.

    Raises:
        UserError: The folder is neither, or its files are missing, changed or damaged.
    """
    source = read_source(Path(folder))
    runtime = source.recorded.runtime.model_copy(update={"devices": 1})
    configure(runtime)
    # TensorFlow warns if several networks and a last, smaller batch are predicted in one process.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return Model(
        {name: _load(name, member, source.remedy) for name, member in source.members.items()},
        source.combiner,
        source.calibration,
        source.thresholds,
        source.sets,
        leak_warning(source.protocol),
        source.recorded._replace(runtime=runtime),
        source.reference,
    )


def _load(name: str, member: SourceMember, remedy: str) -> SavedMember:
    try:
        return load_network(name, *member)
    except (OSError, ValueError, WeightsError) as error:
        raise UserError(f"The member {name} cannot be loaded: {error}\n{remedy}") from None
