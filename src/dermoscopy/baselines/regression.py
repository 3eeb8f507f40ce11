"""The one model behind every baseline: logistic regression on standardised features."""

import numpy as np
from numpy.typing import NDArray

STEPS = 10_000  # a bound that a convex problem of this size does not reach


def regress(
    train: NDArray[np.float64],
    label: NDArray[np.int64],
    test: NDArray[np.float64],
    regularization: float,
) -> NDArray[np.float64]:
    """Fit a logistic regression and return its probabilities of malignant.

    Args:
        train: Features to fit on; shape (train rows, features).
        label: 0 benign, 1 malignant, both of them; shape (train rows,).
        test: Features to predict from; shape (test rows, features).
        regularization: Inverse strength (C) of the penalty on squared coefficients.

    Returns:
        From 0 to 1; shape (test rows,). No draw is involved: the same input gives the same output.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=regularization, max_iter=STEPS))
    probability: NDArray[np.float64] = model.fit(train, label).predict_proba(test)[:, 1]
    return probability
