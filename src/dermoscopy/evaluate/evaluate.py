"""The test split judged: every table of data/evaluation from one reading of the predictions.

Everyone who gave the test images a score: members, ensembles, baselines, the simulator's truth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.errors import TableError
from dermoscopy.core.members import member_names
from dermoscopy.core.tables import ENSEMBLE, LATENT_SCORES, PREDICTIONS
from dermoscopy.ensemble.combiners import ALONE, METHODS, Choice, read_choice
from dermoscopy.ensemble.fit import POINTS, SETS, read_candidates
from dermoscopy.ensemble.thresholds import Sets
from dermoscopy.evaluate.decisions import calibrated, coverage, predictive, score_groups, sweep
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.scores import Classifier, score_classifiers, score_subsets
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import align, images, lesions
from dermoscopy.stats.paired import Calls, compare

LATENT = "latent score"
HALF = {"half": 0.5}  # of a baseline, which nothing on val has calibrated


def read_members(rows: pd.DataFrame, data: Path) -> pd.DataFrame:
    """Read the members' probabilities of the test split.

    Args:
        rows: The test images, with columns image_id and label.
        data: The folder that holds predictions/.

    Returns:
        Rows by members, in the order of `rows`.

    Raises:
        TableError: A file is missing or does not fit `rows`.
    """
    return _align(rows, {name: data / "predictions" / name / "test.csv" for name in member_names()})


def read_classifiers(rows: pd.DataFrame, members: pd.DataFrame, data: Path) -> list[Classifier]:
    """Read what the stages before left of the test split.

    Args:
        rows: The test images, with columns image_id, source and label.
        members: From `read_members`.
        data: The folder that holds ensemble/, baselines/ and truth/.

    Returns:
        Their scores in the order of `rows`: the ensemble, the members that count and each way to
        combine them, as val has calibrated them; the baselines and, for the simulated dataset, the
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
    scores = LATENT_SCORES.read(path).set_index("image_id")["score"].reindex(list(rows["source"])).to_numpy()
    if np.isnan(scores).all():  # a real dataset has no such thing
        return []
    if np.isnan(scores).any():
        raise TableError(f"{path}: {np.isnan(scores).sum()} test images have no score. Run `dvc repro`.")
    return [Classifier(LATENT, "truth", scores)]


@dataclass(frozen=True)
class Evaluation:
    """What the test split says.

    Attributes:
        classifiers: Everyone who was scored, the ensemble first.
        tables: By their names in `tables.evaluation.TABLES`.
    """

    classifiers: Sequence[Classifier]
    tables: dict[str, pd.DataFrame]

    @property
    def ensemble(self) -> Classifier:
        """The ensemble."""
        return self.classifiers[0]


def judge(test: pd.DataFrame, data: Path, settings: Evaluate) -> Evaluation:
    """Score everything on the test split; nothing is fitted or chosen here.

    Args:
        test: The test images (`tables.splits`).
        data: The folder that holds predictions/, ensemble/, baselines/ and truth/.
        settings: Confidence, draws, prevalences, bins and thresholds.

    Raises:
        TableError: A file is missing or does not fit the images.
    """
    members = read_members(test, data)
    classifiers = read_classifiers(test, members, data)
    ensemble, confidence = classifiers[0], settings.confidence
    by_image, by_lesion = images(test), lesions(test)
    draws = {
        unit.name: resample_lesions(unit.lesion, unit.label, settings.resamples, np.random.default_rng(settings.seed))
        for unit in (by_image, by_lesion)
    }
    choice = read_choice(data / "ensemble" / "ensemble.json")
    combiner, _ = read_candidates(data / "ensemble")["+".join(choice.members), choice.method]
    (fixed,) = SETS.read(data / "ensemble" / "sets.csv").to_dict("records")
    score = by_lesion.mean(ensemble.score)
    scores = {"before": by_lesion.mean(combiner.combine(members)), "after": score}
    losses, bins = calibrated(by_lesion, scores, settings.bins, draws["lesion"], confidence)
    tables = {
        "scores": pd.concat(
            [score_classifiers(classifiers, unit, draws[unit.name], confidence) for unit in (by_image, by_lesion)]
        ),
        "comparisons": comparisons(test, classifiers, settings),
        "subsets": score_subsets(by_image, members, data / "ensemble", draws["image"], confidence),
        "predictive": predictive(by_lesion, score, ensemble.thresholds, settings.prevalences, confidence),
        "sweep": sweep(by_lesion, score, settings.thresholds, confidence),
        "calibration": losses,
        "reliability": bins,
        "coverage": coverage(by_lesion, score, Sets(fixed["malignant_from"], fixed["benign_until"]), confidence),
        "groups": score_groups(test, by_lesion, ensemble.score, ensemble.thresholds, confidence),
    }
    return Evaluation(classifiers, tables)


def comparisons(rows: pd.DataFrame, classifiers: Sequence[Classifier], settings: Evaluate) -> pd.DataFrame:
    """Test the ensemble against everyone else who gives probabilities: rows of `tables.evaluation.COMPARISONS`.

    Calls are those of the headline's operating point; a baseline has but one.

    Args:
        rows: The images, with columns lesion_id and label.
        classifiers: The ensemble first.
        settings: The operating point, and the confidence of intervals.
    """
    calls = {
        one.name: Calls(one.score, one.thresholds.get(settings.point, one.thresholds["half"]))
        for one in classifiers
        if one.thresholds
    }
    return pd.DataFrame(
        [
            {
                "second": name,
                "unit": found.unit,
                "metric": found.metric,
                "test": found.test,
                "ensemble": found.first,
                "other": found.second,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p": found.p,
            }
            for name, other in calls.items()
            if name != ENSEMBLE
            for found in compare(rows, calls[ENSEMBLE], other, settings.confidence)
        ]
    )
