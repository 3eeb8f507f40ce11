"""Everyone who gave the test photographs a score: members, ensembles, baselines, the simulator's truth."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from dermoscopy.errors import TableError
from dermoscopy.evaluation.align import align
from dermoscopy.evaluation.ensembles import METHODS, combine, operating_threshold
from dermoscopy.evaluation.scores import Classifier, Kind
from dermoscopy.params.ensemble import Ensemble
from dermoscopy.params.models import Member
from dermoscopy.tables import truth
from dermoscopy.tables.ensemble import WEIGHTS
from dermoscopy.tables.predictions import PREDICTIONS

ENSEMBLE = "ensemble"  # the method that was chosen on val; the others go by their own names
LATENT = "latent score"


def read_classifiers(rows: pd.DataFrame, data: Path) -> list[Classifier]:
    """Read what the stages before left of the test part.

    Args:
        rows: The test pictures, with columns image_id, source and label.
        data: The folder that holds predictions/, ensemble/, baselines/ and truth/.

    Returns:
        Their scores in the order of `rows`: the members, the ensemble, each way to combine the
        same members, the baselines and, for the simulated archive, the latent score.

    Raises:
        TableError: A file is missing or does not fit `rows`.
    """
    settings = read_choice(data / "ensemble" / "ensemble.json")
    weights = WEIGHTS.read(data / "ensemble" / "weights.csv")
    members = _align(rows, {name: data / "predictions" / name / "test.csv" for name in get_args(Member)})
    baselines = _align(rows, {path.stem: path for path in sorted((data / "baselines").glob("*.csv"))})
    return [
        *_each("member", members, settings.threshold),
        *ensembles(members[settings.members], settings, dict(zip(weights["member"], weights["weight"], strict=True))),
        *_each("baseline", baselines, settings.threshold),
        *_latent(rows, data / "truth" / "scores.csv"),
    ]


def read_choice(path: Path) -> Ensemble:
    """Read which members were combined and how, as it was chosen on val.

    Raises:
        TableError: The file is missing or is not what `weigh` writes.
    """
    try:
        return Ensemble.model_validate_json(path.read_text())
    except (FileNotFoundError, ValueError) as error:
        raise TableError(f"{path} is missing or is not what stage weigh writes: {error}\nRun `dvc repro`.") from None


def ensembles(probabilities: pd.DataFrame, settings: Ensemble, weights: Mapping[str, float]) -> list[Classifier]:
    """Combine members in every way, the chosen one first.

    Args:
        probabilities: Rows by members; only those that count.
        settings: The method that was chosen, and the threshold.
        weights: Each member's; they sum to one.
    """
    named = [(ENSEMBLE, settings.method), *((method, method) for method in METHODS)]
    return [
        Classifier(
            name=name,
            kind="ensemble",
            score=combine(probabilities, method, settings.threshold, weights),
            threshold=operating_threshold(method, settings.threshold),
        )
        for name, method in named
    ]


def _align(rows: pd.DataFrame, paths: Mapping[str, Path]) -> pd.DataFrame:
    return align(rows, {name: (path, PREDICTIONS.read(path)) for name, path in paths.items()})


def _each(kind: Kind, probabilities: pd.DataFrame, threshold: float) -> Iterable[Classifier]:
    for name in probabilities:
        yield Classifier(str(name), kind, probabilities[name].to_numpy(), threshold)


def _latent(rows: pd.DataFrame, path: Path) -> list[Classifier]:
    scores = truth.SCORES.read(path).set_index("image_id")["score"].reindex(list(rows["source"])).to_numpy()
    if np.isnan(scores).all():  # a real archive has no such thing
        return []
    if np.isnan(scores).any():
        raise TableError(f"{path}: {np.isnan(scores).sum()} test photographs have no score. Run `dvc repro`.")
    return [Classifier(LATENT, "truth", scores, threshold=None)]
