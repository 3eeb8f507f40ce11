"""Published results of the paper that this project reproduces, and of the work it compares itself with.

Sources: Dermoscopy Image Analysis, A. Bunu, T. Cocaină, G. Loba, C. Pop, January 2024, sections 2, 5.1, 5.2 and 5.6;
A. Romero López, X. Giró-i-Nieto, J. Burdick, O. Marques, Skin lesion classification from dermoscopic images
using deep learning techniques, 2017, as that paper prints it in its figure 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dermoscopy.core.metrics import Confusion

MATRIX = Confusion(tn=682, fp=48, fn=72, tp=200)

# Section 5.6, which compares the paper with other work.
CLAIMS = {"accuracy": 0.89, "sensitivity": 0.82, "precision": 0.81}

IMAGE_SIZE = 224  # width and height of the images of all four networks, in pixels

SHOWN = ("accuracy", "sensitivity", "precision", "specificity")


@dataclass(frozen=True)
class Published:
    """Published metrics of another system.

    Attributes:
        name: Name of the system.
        accuracy: Accuracy, from 0 to 1.
        sensitivity: Sensitivity, from 0 to 1.
        precision: Precision (PPV), from 0 to 1.
    """

    name: str
    accuracy: float
    sensitivity: float
    precision: float

    @property
    def prevalence(self) -> float:
        """Prevalence that accuracy, sensitivity and precision together determine.

        Of P malignant images sP are true positives and (1 - s)P false negatives; sP(1 - p)/p images are
        false positives. The false ones are 1 - accuracy of all images.
        """
        errors = (1 - self.sensitivity) + self.sensitivity * (1 - self.precision) / self.precision
        return (1 - self.accuracy) / errors


ROMERO = (
    Published("M1, VGGNet, all layers trained", 0.6600, 0.5799, 0.6777),
    Published("M2, last layer trained", 0.6867, 0.3311, 0.4958),
    Published("M3, last convolution also trained", 0.8133, 0.7866, 0.7974),
)


@dataclass(frozen=True)
class System:
    """A row of the comparison.

    Attributes:
        name: Name of the system.
        values: Metrics in the order of `SHOWN`; None if a metric is not reported.
        data: Images and protocol of the evaluation.
    """

    name: str
    values: list[float | None]
    data: str


def corrected() -> dict[str, float]:
    """Return the metrics computed from the confusion matrix of the paper, by the names of `SHOWN`."""
    return {
        "accuracy": MATRIX.accuracy,
        "sensitivity": MATRIX.sensitivity,
        "precision": MATRIX.ppv,
        "specificity": MATRIX.specificity,
    }


def comparison(own: Mapping[str, float | None], data: str) -> list[System]:
    """Return the rows of the comparison: Romero López, the paper as reported and corrected, and this run.

    Args:
        own: Metrics of this run by the names of `SHOWN`.
        data: Images and protocol of this run.
    """
    isic = "ISIC, 2,000 images"
    paper = "HAM10000, 1,002 images; augmented before a split by image; the epoch was chosen on the same split"
    romero = [
        System(
            f"Romero López {system.name}",
            [system.accuracy, system.sensitivity, system.precision, None],
            f"{isic}; consistent only with {100 * system.prevalence:.0f} % malignant",
        )
        for system in ROMERO
    ]
    computed = corrected()
    return [
        *romero,
        System("the paper, as reported", [CLAIMS.get(metric) for metric in SHOWN], paper),
        System("the paper, from its confusion matrix", [computed[metric] for metric in SHOWN], paper),
        System("this run", [own.get(metric) for metric in SHOWN], data),
    ]
