"""Tables of the predicted risks of the test lesions: their distribution by label, and decision curves.

Both belong to the four results that every prediction model should report: Van Calster et al., Evaluation of performance
measures in predictive artificial intelligence models to support medical decisions, Lancet Digital Health 7 (2025),
100916. The other two are the ROC AUC and the calibration curve.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion
from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.evaluate.scores import Classifier
from dermoscopy.evaluate.tables import DECISION_CURVE, LEAK, RISK_QUARTILES, RISKS
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.net_benefit import net_benefit_interval, net_benefit_of_all

TREAT_ALL, TREAT_NONE = "treat all", "treat none"


def risk_rows(lesions: Unit, score: NDArray[np.float64], bins: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the distribution of the probabilities of benign and of malignant lesions.

    Args:
        lesions: Lesions of test.
        score: Probability of each lesion; shape (lesions,).
        bins: Number of equally wide bins from 0 to 1; the last one includes 1.

    Returns:
        Rows of `evaluate.tables.RISKS`, with the empty bins, and of `evaluate.tables.RISK_QUARTILES`. A label without
        lesions has none.
    """
    edges = np.arange(bins + 1) / bins
    distribution, quartiles = [], []
    for number, label in enumerate(LABELS):
        own = score[lesions.label == number]
        if not len(own):
            continue
        # The same bins as those of the reliability table.
        counts = np.bincount(np.minimum((own * bins).astype(int), bins - 1), minlength=bins)
        distribution += [(label, *row) for row in zip(edges[:-1], edges[1:], counts, counts / len(own), strict=True)]
        quartiles.append((label, len(own), *np.quantile(own, [0.25, 0.5, 0.75])))
    return (
        pd.DataFrame(distribution, columns=list(RISKS.columns)),
        pd.DataFrame(quartiles, columns=list(RISK_QUARTILES.columns)),
    )


def decision_curve_rows(
    classifiers: Iterable[Classifier], lesions: Unit, n_thresholds: int, confidence: float
) -> pd.DataFrame:
    """Return the net benefit of ensemble, members, baselines, and of treating all lesions or none.

    Intervals are pointwise, for other lesions with the same proportion of malignant ones.

    Args:
        classifiers: Classifiers; those without probabilities and the other combination methods are left out.
        lesions: Lesions of test.
        n_thresholds: Number of threshold probabilities, evenly spaced between 0 and 1.
        confidence: Confidence level of the intervals, from 0 to 1.

    Returns:
        Rows of `evaluate.tables.DECISION_CURVE`.
    """
    rows: list[tuple[object, ...]] = []
    thresholds = [step / (n_thresholds + 1) for step in range(1, n_thresholds + 1)]
    for classifier in classifiers:
        if classifier.thresholds and (classifier.kind != "ensemble" or classifier.name == ENSEMBLE):
            score = lesions.mean(classifier.score)
            for threshold in thresholds:
                counts = confusion(lesions.label, score >= threshold)
                bounded = net_benefit_interval(counts, threshold, confidence)
                rows.append((classifier.name, classifier.kind, threshold, *bounded))
    for threshold in thresholds:
        of_all = net_benefit_of_all(lesions.label, threshold)
        rows.append((TREAT_ALL, "strategy", threshold, of_all, np.nan, np.nan))
        rows.append((TREAT_NONE, "strategy", threshold, 0.0, np.nan, np.nan))
    return pd.DataFrame(rows, columns=list(DECISION_CURVE.columns))


def decision_curves(decision_curve: pd.DataFrame) -> pd.DataFrame:
    """Return the decision curves that are shown: all except that of the baseline that leaks the label.

    Args:
        decision_curve: Rows of `evaluate.tables.DECISION_CURVE`.
    """
    return decision_curve[decision_curve["name"] != LEAK]
