"""Compare exported files with the member that they were made from, on real images: the table parity.csv."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import UserError
from dermoscopy.core.tables import Table
from dermoscopy.export.constant import Network
from dermoscopy.networks.target import Target
from dermoscopy.stats.lesions import by_image
from dermoscopy.stats.paired import ThresholdedScores, delong

LARGEST = 1e-4  # allowed difference of a probability in float32
LARGEST_LOSS = 0.002  # of ROC AUC in int8, above which the user is warned
BATCH = 32  # images at a time
CONFIDENCE = 0.95

PARITY = Table(
    columns={
        "member": "str",
        "format": "str",  # "onnx" or "litert"
        "precision": "str",  # "float32" or "int8"
        "bytes": "int64",  # size of the file
        "images": "int64",  # images of val
        "difference": "float64",  # largest difference of a class's probability from that of Keras in float32
        "image_id": "str",  # image with that difference
        "roc_auc_keras": "float64",
        "roc_auc": "float64",
        "loss": "float64",  # roc_auc_keras - roc_auc, with its interval, by image, for other lesions
        "low": "float64",
        "high": "float64",
    },
    order=("member", "format", "precision"),
)


class ParityError(UserError):
    """An exported file does not predict what its member predicts."""


@dataclass(frozen=True)
class Exported:
    """An exported file of a member.

    Attributes:
        member: Name of the member.
        format: "onnx" or "litert".
        precision: "float32" or "int8".
        bytes: Size of the file.
    """

    member: str
    format: str
    precision: str
    bytes: int


def predict(network: Network, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the probabilities of images, float64, shape (images, classes).

    Args:
        network: Function that predicts a batch.
        images: Images, shape (images, image_size, image_size, 3).
    """
    batches = (network(images[start : start + BATCH]) for start in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(batch, np.float64) for batch in batches])


def compare(
    exported: Exported,
    rows: pd.DataFrame,
    expected: NDArray[np.float64],
    received: NDArray[np.float64],
    target: Target,
) -> dict[str, object]:
    """Return the row of `PARITY` of an exported file.

    Args:
        exported: The file.
        rows: The images, with columns image_id, lesion_id and label.
        expected: Probabilities by Keras in float32, shape (images, classes).
        received: Probabilities by the file, shape (images, classes).
        target: Classes of the member.

    Raises:
        ParityError: A probability in float32 differs by more than `LARGEST`, or one is not a number.
    """
    differences = np.abs(received - expected).max(axis=1)
    worst = int(np.argmax(differences))  # the first NaN, if there is one
    difference, image_id = float(differences[worst]), str(rows["image_id"].iloc[worst])
    allowed = LARGEST if exported.precision == "float32" else 1.0
    if not difference <= allowed:
        raise ParityError(
            f"{exported.member}, {exported.format}, {exported.precision}: the exported network differs from the member "
            f"for image {image_id} by {difference:.2g} in a probability; at most {allowed:g} is allowed. "
            "Nothing is exported.\nThis is an error of the converter. Export without this format, or install other "
            "versions of its packages: pip install --upgrade -e '.[export]'"
        )
    keras, exported_scores = (ThresholdedScores(target.probability(outputs), 0.5) for outputs in (expected, received))
    test = delong(by_image(rows), keras, exported_scores, CONFIDENCE)
    return {
        "member": exported.member,
        "format": exported.format,
        "precision": exported.precision,
        "bytes": exported.bytes,
        "images": len(rows),
        "difference": difference,
        "image_id": image_id,
        "roc_auc_keras": test.first,
        "roc_auc": test.second,
        "loss": test.difference,
        "low": test.low,
        "high": test.high,
    }


def losses(parity: pd.DataFrame) -> list[str]:
    """Return a line for each file in int8 that loses more ROC AUC than `LARGEST_LOSS`.

    Args:
        parity: Table `PARITY`.
    """
    found = parity[(parity["precision"] == "int8") & (parity["loss"] > LARGEST_LOSS)]
    return [
        f"{row.member}, {row.format}: {row.loss:.4f} ({row.low:.4f} to {row.high:.4f})" for row in found.itertuples()
    ]


def table(rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    """Return the rows of `compare` as a frame of `PARITY`."""
    return PARITY.sort(pd.DataFrame(list(rows), columns=list(PARITY.columns)))
