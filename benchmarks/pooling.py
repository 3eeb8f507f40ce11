"""Simulate how often the intervals of pooled values contain the truth, with four sources of unequal size.

python benchmarks/pooling.py

Writes docs/pooling.csv: the intervals of `stats.pooling.pool`, and those of Hartung and Knapp with the prediction
interval of Higgins, Thompson and Spiegelhalter (2009), both with Paule and Mandel's variance between sources.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from dermoscopy.stats.pooling import Pooled, pool, variance_between

RESULTS = Path("docs/pooling.csv")
SAMPLES, CONFIDENCE, MEAN = 3000, 0.95, 0.9
# Standard errors on the logit scale, about those of the sources of HAM10000.
DEVIATIONS = np.array([0.06, 0.06, 0.28, 0.17])
BETWEEN = (0.0, 0.1, 0.2, 0.4, 0.8)  # standard deviations between sources


def hartung_knapp(values: NDArray[np.float64], variances: NDArray[np.float64], confidence: float) -> Pooled:
    """Return the usual intervals."""
    sources = len(values)
    (between,) = variance_between(values, variances, np.array([sources - 1.0]))
    weights = 1 / (variances + between)
    mean = float((weights * values).sum() / weights.sum())
    variance = float((weights * (values - mean) ** 2).sum() / ((sources - 1) * weights.sum()))
    half = stdtrit(sources - 1, (1 + confidence) / 2) * np.sqrt(variance)
    new = stdtrit(sources - 2, (1 + confidence) / 2) * np.sqrt(between + variance)
    return Pooled(mean, mean - half, mean + half, mean - new, mean + new, float(np.sqrt(between)))


def main() -> None:
    """Simulate and write the table."""
    random = np.random.default_rng(1)
    rows = []
    for between in BETWEEN:
        covered = {"here": np.zeros(2), "Hartung and Knapp": np.zeros(2)}
        for _ in range(SAMPLES):
            values = MEAN + between * random.standard_normal(4) + DEVIATIONS * random.standard_normal(4)
            new = MEAN + between * random.standard_normal()
            for method, function in (("here", pool), ("Hartung and Knapp", hartung_knapp)):
                found = function(values, DEVIATIONS**2, CONFIDENCE)
                covered[method] += found.low < MEAN < found.high, found.new_low < new < found.new_high
        for method, counts in covered.items():
            mean, of_new = counts / SAMPLES
            rows.append({"between": between, "method": method, "mean": mean, "new": of_new})
    pd.DataFrame(rows).to_csv(RESULTS, index=False, lineterminator="\n", float_format="%.4f")


if __name__ == "__main__":
    main()
