"""What the rebuilt paper prints, and what its own numbers give.

Dermoscopy Image Analysis, A. Bunu, T. Cocaină, G. Loba, C. Pop, January 2024, sections 2, 5.1, 5.2 and 5.6;
A. Romero López, X. Giró-i-Nieto, J. Burdick, O. Marques, Skin lesion classification from dermoscopic images
using deep learning techniques, 2017, as that paper prints it in its figure 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dermoscopy.core.metrics import Confusion

MATRIX = Confusion(tn=682, fp=48, fn=72, tp=200)

# Section 5.6, where it compares itself with others.
CLAIMS = {"accuracy": 0.89, "sensitivity": 0.82, "precision": 0.81}

SHOWN = ("accuracy", "sensitivity", "precision", "specificity")


@dataclass(frozen=True)
class Published:
    """What another system printed of itself.

    Attributes:
        name: What it is.
        accuracy: From 0 to 1.
        sensitivity: Likewise.
        precision: Likewise.
    """

    name: str
    accuracy: float
    sensitivity: float
    precision: float

    @property
    def prevalence(self) -> float:
        """The only share of malignant images with which the three can be true at once.

        Of P malignant images sP are found, (1 - s)P missed and sP(1 - p)/p benign ones called malignant;
        the last two are all mistakes, 1 - accuracy of the whole.
        """
        mistakes = (1 - self.sensitivity) + self.sensitivity * (1 - self.precision) / self.precision
        return (1 - self.accuracy) / mistakes


ROMERO = (
    Published("M1, all of VGGNet trained", 0.6600, 0.5799, 0.6777),
    Published("M2, its last layer trained", 0.6867, 0.3311, 0.4958),
    Published("M3, its last convolution too", 0.8133, 0.7866, 0.7974),
)


@dataclass(frozen=True)
class System:
    """A row of the comparison.

    Attributes:
        name: Whose.
        values: In the order of `SHOWN`; None where it is not told.
        data: On which images, judged how.
    """

    name: str
    values: list[float | None]
    data: str


def corrected() -> dict[str, float]:
    """Return what the paper's matrix gives, by the names of `SHOWN`."""
    return {
        "accuracy": MATRIX.accuracy,
        "sensitivity": MATRIX.sensitivity,
        "precision": MATRIX.ppv,
        "specificity": MATRIX.specificity,
    }


def comparison(own: Mapping[str, float | None], data: str) -> list[System]:
    """Return Romero López's three, the paper as it claims and as its matrix has it, and this run.

    Args:
        own: This run's figures by the names of `SHOWN`.
        data: This run's images and protocol.
    """
    isic = "ISIC, 2,000 images"
    paper = "HAM10000, 1,002 images; copies made before a split by image; the split that chose the epoch"
    theirs = [
        System(
            f"Romero López {one.name}",
            [one.accuracy, one.sensitivity, one.precision, None],
            f"{isic}; consistent only with {100 * one.prevalence:.0f} % malignant",
        )
        for one in ROMERO
    ]
    given = corrected()
    return [
        *theirs,
        System("the paper, as it claims", [CLAIMS.get(metric) for metric in SHOWN], paper),
        System("the paper, by its own matrix", [given[metric] for metric in SHOWN], paper),
        System("this run", [own.get(metric) for metric in SHOWN], data),
    ]
