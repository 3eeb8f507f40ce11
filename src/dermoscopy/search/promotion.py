"""The best trials as values of params.yaml, for a person to take or leave."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.networks.grid import DIMENSIONS, small_cnn
from dermoscopy.networks.small_cnn import feature_side
from dermoscopy.params.search import Search


def promotion(ranked: pd.DataFrame, sides: Mapping[str, int], search: Search) -> dict[str, dict[str, Any]]:
    """Return for each small member the values that make it one of the best trials.

    Args:
        ranked: Rows of data/search/leaderboard.csv.
        sides: Members that are to be replaced, and the size of the photographs each is fed, in pixels.
        search: What was searched.

    Returns:
        Keys of `models.<member>`, the best trial's for the first member. The members keep their photographs and
        epochs; only where a network needs larger ones does it bring those of the search with it.
    """
    best = ranked.dropna(subset="score").head(len(sides))
    told = {}
    for (member, side), trial in zip(sides.items(), best.to_dict("records"), strict=False):
        row = {name: trial[name] for name in DIMENSIONS}
        at_member = small_cnn(row, search).model_copy(update={"image_size": side})
        told[member] = row if feature_side(at_member) else {**row, "image_size": search.image_size}
    return told


def write_promotion(values: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Write the values as a profile, leaves of params.yaml that differ; the file appears whole or not at all."""
    import yaml

    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"models": {name: dict(row) for name, row in values.items()}}, sort_keys=False)
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text("# The best trials of the search as CNN A and CNN B.\n" + text)
    beside.replace(path)
