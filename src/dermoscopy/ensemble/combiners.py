"""Ways to make one probability of several members', and what each is fitted to on val.

data/ensemble/ensemble.json: what the ensemble is, and the paired test on val behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import TableError
from dermoscopy.core.files import write_text
from dermoscopy.core.metrics import confusion
from dermoscopy.core.params import Block
from dermoscopy.ensemble.calibration import fit_logistic, from_logit, to_logit
from dermoscopy.ensemble.params import Ensemble, Method

ALONE: Literal["alone"] = "alone"  # the method of a single member

Way = Method | Literal["alone"]


class Choice(Block):
    """What was chosen on val.

    Attributes:
        members: Which are combined.
        method: How.
        best_member: The single member with the lowest log loss on val.
        fell_back: Whether that member stands in for an ensemble that did not earn its place.
        tried_members: What was to be combined, before a fallback.
        tried_method: How.
        gain: ROC AUC of that ensemble minus the best member's, on lesions of val left out of its fits.
        gain_low: Of its interval; None where it has none.
        gain_high: Likewise.
        p: Of the test that there is no gain; None where it cannot be told.
        malignant: Lesions of val that are.
        benign: Likewise.
    """

    members: list[str]
    method: Way
    best_member: str
    fell_back: bool
    tried_members: list[str]
    tried_method: Way
    gain: float
    gain_low: float | None
    gain_high: float | None
    p: float | None
    malignant: int
    benign: int

    def write(self, path: Path) -> None:
        """Write the choice; `read_choice` reads it."""
        write_text(path, self.model_dump_json(indent=2) + "\n")


def read_choice(path: Path) -> Choice:
    """Read which members were combined and how, as it was chosen on val.

    Raises:
        TableError: The file is missing or is not what `ensemble` writes.
    """
    try:
        return Choice.model_validate_json(path.read_text())
    except (FileNotFoundError, ValueError) as error:
        raise TableError(f"{path} is missing or is not what stage ensemble writes: {error}\nRun `dvc repro`.") from None


METHODS: tuple[Method, ...] = get_args(Method)

MAJORITY = 0.5  # of the votes; a tie is called malignant, the mistake that costs less


@dataclass(frozen=True)
class Combiner:
    """A fitted way to combine members.

    Attributes:
        method: One of `METHODS`, or "alone".
        weights: Each member's; of the log-odds for "stacking", else they sum to one.
        threshold: Probability, before calibration, from which a lesion is called malignant; a vote's
            members are each called so.
        intercept: Of "stacking".
    """

    method: Way
    weights: Mapping[str, float]
    threshold: float
    intercept: float = field(default=0.0)

    @property
    def members(self) -> tuple[str, ...]:
        """The members that are combined."""
        return tuple(self.weights)

    @property
    def cut(self) -> float:
        """The combined probability from which a lesion is called malignant.

        A vote is decided by the majority: the threshold has done its work in each member's call.
        """
        return MAJORITY if self.method == "vote" else self.threshold

    def combine(self, probabilities: pd.DataFrame) -> NDArray[np.float64]:
        """Make one probability of the members'.

        Args:
            probabilities: Rows by members, from 0 to 1; other members are left out.

        Returns:
            From 0 to 1; shape (rows,).
        """
        each = probabilities[list(self.weights)].to_numpy(dtype=float)
        shares = np.array(list(self.weights.values()))
        if self.method == "vote":
            each = (each >= self.threshold).astype(float)
        if self.method == "stacking":
            return from_logit(to_logit(each) @ shares + self.intercept)
        combined: NDArray[np.float64] = each @ shares
        return combined.clip(0, 1)  # weights sum to one but for rounding


def fit_combiner(label: NDArray[np.int64], probabilities: pd.DataFrame, method: Way, settings: Ensemble) -> Combiner:
    """Fit a way to combine members.

    Args:
        label: 0 benign, 1 malignant, of images of val, both present; shape (rows,).
        probabilities: Rows by members, from 0 to 1; only the members to combine.
        method: The way; a single member is taken as it is.
        settings: The threshold, and the strength of stacking's penalty.
    """
    members = [str(member) for member in probabilities.columns]
    values = probabilities.to_numpy(dtype=float)
    if method == "stacking":
        weights, intercept = _logistic(label, values, settings.regularization)
        return Combiner(method, dict(zip(members, weights.tolist(), strict=True)), settings.threshold, intercept)
    if method == "accuracy_weighted":
        weights = accuracy_weights(label, values, settings.threshold)
    elif method == "log_loss_weighted":
        weights = log_loss_weights(label, values)
    else:
        weights = np.full(len(members), 1 / len(members))
    return Combiner(method, dict(zip(members, weights.tolist(), strict=True)), settings.threshold)


def accuracy_weights(
    label: NDArray[np.int64], probabilities: NDArray[np.float64], threshold: float
) -> NDArray[np.float64]:
    """Return weights in proportion to accuracy (the paper's), equal ones where nobody is ever right.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        probabilities: Shape (rows, members).
        threshold: Probability from which a member calls a image malignant.

    Returns:
        They sum to one; shape (members,).
    """
    accuracies = np.array([confusion(label, member >= threshold).accuracy for member in probabilities.T])
    total = accuracies.sum()
    return accuracies / total if total else np.full(len(accuracies), 1 / len(accuracies))


def log_loss_weights(label: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights, none below 0 and all together 1, whose weighted mean has the lowest log loss.

    A convex problem; where several solutions are equal (two members that always agree), the one
    nearest to equal weights is where the search starts from.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        probabilities: Shape (rows, members).

    Returns:
        Shape (members,).
    """
    from scipy.optimize import minimize

    given = from_logit(to_logit(np.where((label == 1)[:, None], probabilities, 1 - probabilities)))
    count = given.shape[1]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        mixed = given @ weights
        return float(-np.log(mixed).mean()), -(given / mixed[:, None]).mean(axis=0)

    found = minimize(
        loss,
        np.full(count, 1 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-10, "maxiter": 200},
    )
    clipped = np.clip(found.x, 0, None)
    weights: NDArray[np.float64] = clipped / clipped.sum()
    return weights


def _logistic(
    label: NDArray[np.int64], probabilities: NDArray[np.float64], regularization: float
) -> tuple[NDArray[np.float64], float]:
    columns = np.column_stack([to_logit(probabilities), np.ones(len(label))])
    penalty = np.full(columns.shape[1], 1 / regularization)
    penalty[-1] = 0  # the intercept's
    *weights, intercept = fit_logistic(columns, label.astype(float), penalty)
    return np.array(weights), float(intercept)
