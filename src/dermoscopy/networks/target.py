"""Target of the networks: what the columns of their output are, and how they give the probability of malignancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dermoscopy.core.tables import DIAGNOSES
from dermoscopy.networks.params import TargetName

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Target:
    """Classes that a network predicts.

    Attributes:
        classes: Name of each class, in the order of the output's columns, to its label: 1 if it is malignant, else 0.
            The binary target has one class, whose output is a sigmoid; several classes share a softmax.
    """

    classes: Mapping[str, int]

    @property
    def is_binary(self) -> bool:
        """Whether the output is the probability of malignancy."""
        return len(self.classes) == 1

    @property
    def malignant(self) -> NDArray[np.float64]:
        """1 for each malignant class, else 0; shape (classes,)."""
        import numpy as np

        return np.array(list(self.classes.values()), np.float64)

    def truth(self, labels: NDArray[np.float32], diagnoses: NDArray[np.str_] | None) -> NDArray[np.float32]:
        """Return what the output should be.

        Args:
            labels: Labels, 0 benign, 1 malignant, shape (images,).
            diagnoses: Diagnosis of each image, shape (images,); not needed for the binary target.

        Returns:
            1 for the class of the image, else 0; shape (images, classes).
        """
        import numpy as np

        if self.is_binary:
            return labels[:, np.newaxis]
        assert diagnoses is not None
        truth: NDArray[np.float32] = (diagnoses[:, np.newaxis] == np.array(list(self.classes))).astype(np.float32)
        return truth

    def probability(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of malignancy: the sum over the malignant classes.

        As Esteva et al. 2017 (doi:10.1038/nature21056) sum the probabilities of the classes below a node of their tree.

        Args:
            outputs: Output of the network, shape (images, classes).
        """
        import numpy as np

        # Rounding may bring a sum above 1.
        return np.minimum(outputs @ self.malignant, 1.0)


BINARY = Target({"malignant": 1})


def make_target(name: TargetName, rows: pd.DataFrame) -> Target:
    """Return a target.

    Args:
        name: Value of `training.target`.
        rows: Images of train and val, columns `dx` and `label`. A diagnosis that none of them has counts as benign: the
            network never sees it and gives it next to no probability.
    """
    if name == "binary":
        return BINARY
    labels = rows.groupby("dx")["label"].max()
    return Target({dx: int(labels.get(dx, 0)) for dx in DIAGNOSES})
