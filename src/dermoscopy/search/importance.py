"""How much each dimension of the space had to do with the scores."""

import pandas as pd

from dermoscopy.networks.grid import DIMENSIONS


def importance(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, for each dimension, the share of the scores' variance that lies between its values.

    That is the correlation ratio of a one-way layout (Pearson 1905, Fisher's eta squared): alone, it sees
    no interplay of dimensions, as the functional analysis of variance does (Hutter, Hoos and Leyton-Brown
    2014), and it never comes out as zero. A dimension of k values that does nothing has a share of
    (k - 1) / (n - 1) of n trials on average: only what lies well above that tells.

    Args:
        rows: Of data/search/trials.csv, one a trial, all after equally many epochs.

    Returns:
        Rows of data/search/importance.csv, but for the protocol; none of fewer than three scores.
    """
    scored = rows.dropna(subset="score")
    score = scored["score"]
    spread = float(((score - score.mean()) ** 2).sum())
    told = []
    for name in DIMENSIONS if len(scored) > 2 and spread > 0 else ():
        means = score.groupby(scored[name]).transform("mean")
        values = scored[name].nunique()
        told.append(
            {
                "dimension": name,
                "values": values,
                "trials": len(scored),
                "share": float(((means - score.mean()) ** 2).sum()) / spread,
                "chance": (values - 1) / (len(scored) - 1),
            }
        )
    return pd.DataFrame(told, columns=["dimension", "values", "trials", "share", "chance"])
