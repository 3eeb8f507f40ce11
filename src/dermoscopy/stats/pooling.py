"""Pool the values of several sources, and predict the value of a new source.

The random-effects model: the values of the sources differ with a variance between sources, and each is measured with
its own variance. With few sources, the usual intervals are too narrow. These average over the variances between
sources that the values allow: for normal values with known variances, the generalized Q statistic has a chi-squared
distribution whatever the variance between sources is (Viechtbauer, Confidence intervals for the amount of
heterogeneity in meta-analysis, Statistics in Medicine 26, 2007). So its inversion gives a distribution of that variance
(generalized inference, Iyer, Wang and Mathew, Journal of the American Statistical Association 99, 2004). The value is
that of Paule and Mandel's variance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUANTILES = (np.arange(1000) + 0.5) / 1000  # of the distribution of the variance between sources


@dataclass(frozen=True)
class Pooled:
    """Pooled value of several sources.

    Attributes:
        value: Mean of all sources, those that were not measured included.
        low: Low end of its confidence interval.
        high: High end of its confidence interval.
        new_low: Low end of the prediction interval for the value of a new source.
        new_high: High end of the prediction interval for the value of a new source.
        between: Standard deviation between sources.
    """

    value: float
    low: float
    high: float
    new_low: float
    new_high: float
    between: float


def pool(values: NDArray[np.float64], variances: NDArray[np.float64], confidence: float) -> Pooled:
    """Pool the values of sources.

    Args:
        values: Value of each source, on a scale without ends, such as the logit of a ROC AUC; shape (sources,), at
            least two.
        variances: Variance of each value, above 0; shape (sources,).
        confidence: Confidence level of both intervals, 0 to 1.
    """
    from scipy.stats import chi2

    paule_mandel = variance_between(values, variances, np.array([len(values) - 1.0]))
    mean, _ = _weighted(values, variances, paule_mandel)
    between = variance_between(values, variances, chi2.ppf(QUANTILES, len(values) - 1))
    means, of_mean = _weighted(values, variances, between)
    low, high = _quantiles(means, np.sqrt(of_mean), confidence)
    new_low, new_high = _quantiles(means, np.sqrt(of_mean + between), confidence)
    return Pooled(float(mean[0]), low, high, new_low, new_high, float(np.sqrt(paule_mandel[0])))


def variance_between(
    values: NDArray[np.float64], variances: NDArray[np.float64], statistics: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the variances between sources at which the generalized Q statistic has given values; 0 if there is none.

    Args:
        values: Value of each source; shape (sources,).
        variances: Variance of each value; shape (sources,).
        statistics: Values of the statistic; sources minus 1 gives Paule and Mandel's variance.
    """
    from scipy.optimize.elementwise import find_root

    def excess(between: NDArray[np.float64], statistic: NDArray[np.float64]) -> NDArray[np.float64]:
        mean, _ = _weighted(values, variances, between)
        squares: NDArray[np.float64] = (values - mean[:, np.newaxis]) ** 2 / (variances + between[:, np.newaxis])
        total: NDArray[np.float64] = squares.sum(axis=1) - statistic
        return total

    above = excess(np.zeros(len(statistics)), statistics) > 0
    found = np.zeros(len(statistics))
    # The statistic is at most the sum of squares divided by the variance, so it is lower at the upper end.
    ends = 2 * ((values - values.mean()) ** 2).sum() / statistics[above]
    found[above] = find_root(excess, (np.zeros(len(ends)), ends), args=(statistics[above],)).x
    return found


def _weighted(
    values: NDArray[np.float64], variances: NDArray[np.float64], between: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and its variance for each variance between sources, each of the shape of `between`."""
    weights = 1 / (variances + between[:, np.newaxis])
    return (weights * values).sum(axis=1) / weights.sum(axis=1), 1 / weights.sum(axis=1)


def _quantiles(means: NDArray[np.float64], deviations: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Return the central interval of a mixture of normal distributions of equal weight."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    reach = 10 * deviations.max()
    ends = [
        brentq(lambda x, p=p: ndtr((x - means) / deviations).mean() - p, means.min() - reach, means.max() + reach)
        for p in ((1 - confidence) / 2, (1 + confidence) / 2)
    ]
    return float(ends[0]), float(ends[1])
