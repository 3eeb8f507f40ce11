"""Everyone who gave the test photographs a score: members, ensembles, baselines, the simulator's truth."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from dermoscopy.errors import TableError
from dermoscopy.evaluation.align import align
from dermoscopy.evaluation.chosen import ALONE, Choice, read_choice
from dermoscopy.evaluation.combiners import METHODS
from dermoscopy.evaluation.fixed import ENSEMBLE
from dermoscopy.evaluation.records import read_candidates
from dermoscopy.evaluation.scores import Classifier
from dermoscopy.params.models import Member
from dermoscopy.tables import truth
from dermoscopy.tables.ensemble import POINTS
from dermoscopy.tables.predictions import PREDICTIONS

LATENT = "latent score"
HALF = {"half": 0.5}  # of a baseline, which nothing on val has calibrated


def read_members(rows: pd.DataFrame, data: Path) -> pd.DataFrame:
    """Read the members' probabilities of the test part.

    Args:
        rows: The test pictures, with columns image_id and label.
        data: The folder that holds predictions/.

    Returns:
        Rows by members, in the order of `rows`.

    Raises:
        TableError: A file is missing or does not fit `rows`.
    """
    return _align(rows, {name: data / "predictions" / name / "test.csv" for name in get_args(Member)})


def read_classifiers(rows: pd.DataFrame, members: pd.DataFrame, data: Path) -> list[Classifier]:
    """Read what the stages before left of the test part.

    Args:
        rows: The test pictures, with columns image_id, source and label.
        members: From `read_members`.
        data: The folder that holds ensemble/, baselines/ and truth/.

    Returns:
        Their scores in the order of `rows`: the ensemble, the members that count and each way to
        combine them, as val has calibrated them; the baselines and, for the simulated archive, the
        latent score.

    Raises:
        TableError: A file is missing or does not fit `rows`.
    """
    baselines = _align(rows, {path.stem: path for path in sorted((data / "baselines").glob("*.csv"))})
    return [
        *_fitted(members, data / "ensemble"),
        *(Classifier(str(name), "baseline", baselines[name].to_numpy(), HALF) for name in baselines),
        *_latent(rows, data / "truth" / "scores.csv"),
    ]


def _fitted(members: pd.DataFrame, folder: Path) -> Iterator[Classifier]:
    choice, candidates = read_choice(folder / "ensemble.json"), read_candidates(folder)
    thresholds: Mapping[str, dict[str, float]] = {
        str(name): dict(zip(points["point"], points["threshold"], strict=True))
        for name, points in POINTS.read(folder / "points.csv").groupby("name")
    }
    for name, key in _keys(choice, candidates).items():
        combiner, calibration = candidates[key]
        score = calibration.apply(combiner.combine(members))
        yield Classifier(name, "member" if key == (name, ALONE) else "ensemble", score, thresholds[name])


def _keys(choice: Choice, candidates: Mapping[tuple[str, str], object]) -> dict[str, tuple[str, str]]:
    """Return each classifier's members, joined by +, and its way, in the order they are shown."""
    alone = [members for members, method in candidates if method == ALONE]
    everyone = max((members for members, _ in candidates), key=lambda members: members.count("+"))
    return {
        ENSEMBLE: ("+".join(choice.members), choice.method),
        **{member: (member, ALONE) for member in alone},
        **({method: (everyone, method) for method in METHODS} if "+" in everyone else {}),
    }


def _align(rows: pd.DataFrame, paths: Mapping[str, Path]) -> pd.DataFrame:
    return align(rows, {name: (path, PREDICTIONS.read(path)) for name, path in paths.items()})


def _latent(rows: pd.DataFrame, path: Path) -> list[Classifier]:
    scores = truth.SCORES.read(path).set_index("image_id")["score"].reindex(list(rows["source"])).to_numpy()
    if np.isnan(scores).all():  # a real archive has no such thing
        return []
    if np.isnan(scores).any():
        raise TableError(f"{path}: {np.isnan(scores).sum()} test photographs have no score. Run `dvc repro`.")
    return [Classifier(LATENT, "truth", scores)]
