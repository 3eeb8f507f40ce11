"""Parameters of the ensemble and evaluate stages for tests."""

from typing import Any

from dermoscopy.ensemble.params import Ensemble
from dermoscopy.evaluate.params import Evaluate


def ensemble(*members: str, **changes: Any) -> Ensemble:
    """Return parameters of a mean of two small networks, with changes."""
    values = {
        "members": list(members) or ["cnn_a", "cnn_b"],
        "method": "mean",
        "threshold": 0.5,
        "fallback": None,
        "folds": 5,
        "regularization": 1.0,
        "calibration": "platt",
        "sensitivity": 0.9,
        "coverage": 0.9,
    }
    return Ensemble.model_validate(values | changes)


def evaluate(**changes: Any) -> Evaluate:
    """Return parameters with few resamples, with changes."""
    values = {
        "confidence": 0.95,
        "resamples": 50,
        "seed": 1,
        "point": "half",
        "prevalences": [0.01, 0.2],
        "bins": 5,
        "thresholds": 9,
    }
    return Evaluate.model_validate(values | changes)
