"""Methods that combine the members' probabilities, their fits on val, and the choice written to ensemble.json."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import TableError
from dermoscopy.core.files import write_text
from dermoscopy.core.metrics import confusion
from dermoscopy.core.params import Block
from dermoscopy.ensemble.calibration import fit_logistic, from_logit, to_logit
from dermoscopy.ensemble.params import Ensemble, Method

CombinationMethod = Method | Literal["single"]


class Choice(Block):
    """The members and the method chosen on val (data/ensemble/ensemble.json).

    Attributes:
        members: Members that are combined.
        method: Method that combines them.
        best_member: The single member with the lowest log loss on val.
        fell_back: Whether the best member replaces an ensemble that was not significantly better.
        tried_members: Members of the ensemble before the fallback.
        tried_method: Method of the ensemble before the fallback.
        gain: ROC AUC of the ensemble before the fallback minus the best member's, on out-of-fold lesions of val.
        gain_low: Lower bound of the gain's interval; None if undefined.
        gain_high: Upper bound of the gain's interval; None if undefined.
        p: p-value of the hypothesis of no gain; None if undefined.
        malignant: Number of malignant lesions of val.
        benign: Number of benign lesions of val.
    """

    members: list[str]
    method: CombinationMethod
    best_member: str
    fell_back: bool
    tried_members: list[str]
    tried_method: CombinationMethod
    gain: float
    gain_low: float | None
    gain_high: float | None
    p: float | None
    malignant: int
    benign: int

    def write(self, path: Path) -> None:
        """Write the choice as JSON; `read_choice` reads it."""
        write_text(path, self.model_dump_json(indent=2) + "\n")


def read_choice(path: Path) -> Choice:
    """Read the members and the method chosen on val.

    Raises:
        TableError: The file is missing or was not written by the ensemble stage.
    """
    try:
        return Choice.model_validate_json(path.read_text())
    except (FileNotFoundError, ValueError) as error:
        raise TableError(
            f"{path} is missing or was not written by the ensemble stage: {error}\nRun `dvc repro`."
        ) from None


MAJORITY = 0.5  # proportion of votes; ties are predicted malignant, as a false negative is the worse error


@dataclass(frozen=True)
class Combiner:
    """A fitted combination of members.

    Attributes:
        method: One of `METHODS`, or "single".
        weights: Weight of each member; of its logit for "stacking", else they sum to one.
        threshold: Probability, before calibration, from which a lesion is predicted malignant; "vote"
            applies it to each member.
        intercept: Intercept of "stacking".
    """

    method: CombinationMethod
    weights: Mapping[str, float]
    threshold: float
    intercept: float = field(default=0.0)

    @property
    def members(self) -> tuple[str, ...]:
        """The members that are combined."""
        return tuple(self.weights)

    @property
    def combined_threshold(self) -> float:
        """The combined probability, before calibration, from which a lesion is predicted malignant.

        A vote is decided by the majority: the threshold is already applied to each member.
        """
        return MAJORITY if self.method == "vote" else self.threshold

    def combine(self, probabilities: pd.DataFrame) -> NDArray[np.float64]:
        """Return the combined probability.

        Args:
            probabilities: Probabilities from 0 to 1, rows by members; other members are ignored.

        Returns:
            Probabilities from 0 to 1; shape (rows,).
        """
        values = probabilities[list(self.weights)].to_numpy(dtype=float)
        weights = np.array(list(self.weights.values()))
        if self.method == "vote":
            values = (values >= self.threshold).astype(float)
        if self.method == "stacking":
            return from_logit(to_logit(values) @ weights + self.intercept)
        combined: NDArray[np.float64] = values @ weights
        return combined.clip(0, 1)  # weights sum to one up to rounding


def fit_combiner(
    y_true: NDArray[np.int64], probabilities: pd.DataFrame, method: CombinationMethod, settings: Ensemble
) -> Combiner:
    """Fit a combination of members.

    Args:
        y_true: Labels of images of val, 0 benign, 1 malignant, both present; shape (rows,).
        probabilities: Probabilities from 0 to 1, rows by members; only the members to combine.
        method: Combination method; "single" leaves one member unchanged.
        settings: Parameters of the ensemble; threshold and regularization are used.
    """
    members = [str(member) for member in probabilities.columns]
    values = probabilities.to_numpy(dtype=float)
    if method == "stacking":
        weights, intercept = _fit_stacking(y_true, values, settings.regularization)
        return Combiner(method, dict(zip(members, weights.tolist(), strict=True)), settings.threshold, intercept)
    if method == "accuracy_weighted":
        weights = accuracy_weights(y_true, values, settings.threshold)
    elif method == "log_loss_weighted":
        weights = log_loss_weights(y_true, values)
    else:
        weights = np.full(len(members), 1 / len(members))
    return Combiner(method, dict(zip(members, weights.tolist(), strict=True)), settings.threshold)


def accuracy_weights(
    y_true: NDArray[np.int64], probabilities: NDArray[np.float64], threshold: float
) -> NDArray[np.float64]:
    """Return weights in proportion to accuracy, as the paper does; equal ones if all accuracies are 0.

    Args:
        y_true: Labels, 0 benign, 1 malignant; shape (rows,).
        probabilities: Probabilities of the members; shape (rows, members).
        threshold: Probability from which a member predicts an image malignant.

    Returns:
        Weights that sum to one; shape (members,).
    """
    accuracies = np.array([confusion(y_true, member >= threshold).accuracy for member in probabilities.T])
    total = accuracies.sum()
    return accuracies / total if total else np.full(len(accuracies), 1 / len(accuracies))


def log_loss_weights(y_true: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the non-negative weights that sum to one and whose weighted mean has the lowest log loss.

    The problem is convex. The search starts from equal weights: of several solutions (two members that
    always agree) it returns the one nearest to them.

    Args:
        y_true: Labels, 0 benign, 1 malignant; shape (rows,).
        probabilities: Probabilities of the members; shape (rows, members).

    Returns:
        Weights; shape (members,).
    """
    from scipy.optimize import minimize

    of_label = from_logit(to_logit(np.where((y_true == 1)[:, None], probabilities, 1 - probabilities)))
    count = of_label.shape[1]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        mixed = of_label @ weights
        return float(-np.log(mixed).mean()), -(of_label / mixed[:, None]).mean(axis=0)

    result = minimize(
        loss,
        np.full(count, 1 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-10, "maxiter": 200},
    )
    clipped = np.clip(result.x, 0, None)
    weights: NDArray[np.float64] = clipped / clipped.sum()
    return weights


def _fit_stacking(
    y_true: NDArray[np.int64], probabilities: NDArray[np.float64], regularization: float
) -> tuple[NDArray[np.float64], float]:
    columns = np.column_stack([to_logit(probabilities), np.ones(len(y_true))])
    penalty = np.full(columns.shape[1], 1 / regularization)
    penalty[-1] = 0  # of the intercept
    *weights, intercept = fit_logistic(columns, y_true.astype(float), penalty)
    return np.array(weights), float(intercept)
