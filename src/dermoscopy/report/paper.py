"""What the rebuilt paper prints of its ensemble, and what its own confusion matrix gives.

Dermoscopy Image Analysis, A. Bunu, T. Cocaină, G. Loba, C. Pop, January 2024, sections 5.1, 5.2 and 5.6.
"""

from dermoscopy.evaluation.metrics import Confusion

MATRIX = Confusion(tn=682, fp=48, fn=72, tp=200)

# Section 5.6, where it compares itself with others.
CLAIMS = {"accuracy": 0.89, "precision": 0.81, "recall": 0.82}

METRICS = ("accuracy", "precision", "recall", "specificity")


def rows(test: dict[str, float | None]) -> list[tuple[str, float | None, float, float | None]]:
    """Return, for each metric, the paper's claim, what its matrix gives, and this run's value.

    Args:
        test: metrics/test.json.
    """
    return [(metric, CLAIMS.get(metric), getattr(MATRIX, metric), test.get(metric)) for metric in METRICS]
