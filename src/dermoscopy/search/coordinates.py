"""Trials as lines through the dimensions of the space (parallel coordinates: Inselberg 1985)."""

from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.networks.grid import DIMENSIONS
from dermoscopy.params.training import Monitor
from dermoscopy.search.leaderboard import merit

SCORE = "score"


def coordinates(ranked: pd.DataFrame, monitor: Monitor) -> pd.DataFrame:
    """Return the points of each trial's line: evenly spaced values on each axis, the score on the last.

    Args:
        ranked: Rows of data/search/leaderboard.csv; failed trials have no line.
        monitor: What scores.

    Returns:
        Rows of data/search/coordinates.csv.
    """
    scored = ranked.dropna(subset="score")
    axes = {name: (scored[name].astype(str), _even(scored[name])) for name in DIMENSIONS}
    axes[SCORE] = (scored["score"].map("{:.4f}".format), _scaled(merit(scored["score"], monitor)))
    columns: dict[str, Any] = {name: scored[name] for name in ("trial", "name", "protocol", "rank", "score")}
    points = [
        pd.DataFrame({**columns, "place": place, "dimension": name, "value": value, "height": height})
        for place, (name, (value, height)) in enumerate(axes.items())
    ]
    return pd.concat(points, ignore_index=True)


def _even(values: "pd.Series[Any]") -> "pd.Series[float]":
    known = sorted(values.unique())
    heights = dict(zip(known, np.linspace(0, 1, len(known)), strict=True)) if len(known) > 1 else {}
    return values.map(heights).astype(float).fillna(0.5)


def _scaled(values: "pd.Series[float]") -> "pd.Series[float]":
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else values * 0 + 0.5
