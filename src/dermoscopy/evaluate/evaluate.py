"""Evaluate all classifiers on the test split: members, ensembles, baselines and the simulator's latent score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.baselines.params import predicted_baselines
from dermoscopy.core.errors import TableError
from dermoscopy.core.members import member_names
from dermoscopy.core.metrics import roc_auc
from dermoscopy.core.tables import ENSEMBLE, LATENT, LATENT_SCORES, PREDICTIONS
from dermoscopy.ensemble.combiners import Choice, read_choice
from dermoscopy.ensemble.fit import SETS, read_candidates, read_ensemble
from dermoscopy.ensemble.params import METHODS, SINGLE
from dermoscopy.ensemble.thresholds import ConformalSets, read_thresholds
from dermoscopy.evaluate.calibration import calibration_rows
from dermoscopy.evaluate.decisions import coverage_rows, predictive_rows, score_groups, sweep_rows
from dermoscopy.evaluate.diagnoses import diagnosis_classifiers, read_diagnosis_probabilities, score_diagnoses
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.risks import decision_curve_rows, risk_rows
from dermoscopy.evaluate.scores import Classifier, score_classifiers, score_subsets
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import align, by_image, by_lesion
from dermoscopy.stats.paired import ThresholdedScores, compare
from dermoscopy.stats.sample_size import sample_size_rows


def read_members(rows: pd.DataFrame, data: Path) -> pd.DataFrame:
    """Read the members' probabilities on the test split.

    Args:
        rows: Images of test, with columns image_id and label.
        data: Folder that holds predictions/.

    Returns:
        Probabilities of images by members, in the order of `rows`.

    Raises:
        TableError: A file is missing or does not match `rows`.
    """
    return _read_aligned(rows, {name: data / "predictions" / "test" / f"{name}.csv" for name in member_names()})


def read_classifiers(rows: pd.DataFrame, members: pd.DataFrame, data: Path) -> list[Classifier]:
    """Read the scores of all classifiers on the test split.

    Args:
        rows: Images of test, with columns image_id, source and label.
        members: Probabilities of images by members, from `read_members`.
        data: Folder that holds ensemble/, baselines/ and acquired/.

    Returns:
        Classifiers with scores in the order of `rows`: the ensemble first, then the members and the
        combination methods, calibrated on val, the baselines and, for the simulated dataset, the latent score.
        Each but the latent score has its own operating points from val.

    Raises:
        TableError: A file is missing or does not match `rows`.
    """
    folder = data / "baselines" / "test"
    names = predicted_baselines(folder)
    baselines = _read_aligned(rows, {name: folder / f"{name}.csv" for name in names})
    thresholds = read_thresholds(data / "ensemble" / "points.csv")
    return [
        *fitted_classifiers(members, data / "ensemble", thresholds),
        *(Classifier(name, "baseline", baselines[name].to_numpy(), thresholds[name]) for name in names),
        *_latent(rows, data / "acquired" / "truth" / "scores.csv"),
    ]


def fitted_classifiers(
    members: pd.DataFrame, folder: Path, thresholds: Mapping[str, Mapping[str, float]]
) -> Iterator[Classifier]:
    """Yield the ensemble, then the members and the combination methods, calibrated on val.

    Args:
        members: Probabilities of images by members.
        folder: data/ensemble.
        thresholds: Classifier to its operating points.
    """
    choice, candidates = read_choice(folder / "ensemble.json"), read_candidates(folder)
    for name, key in _candidate_keys(choice, candidates).items():
        combiner, calibration = candidates[key]
        score = calibration.apply(combiner.combine(members))
        yield Classifier(name, "member" if key == (name, SINGLE) else "ensemble", score, thresholds[name])


def _candidate_keys(choice: Choice, candidates: Mapping[tuple[str, str], object]) -> dict[str, tuple[str, str]]:
    """Return, for each classifier in display order, its members, joined by +, and its method."""
    singles = [members for members, method in candidates if method == SINGLE]
    all_members = max((members for members, _ in candidates), key=lambda members: members.count("+"))
    return {
        ENSEMBLE: ("+".join(choice.members), choice.method),
        **{member: (member, SINGLE) for member in singles},
        **({method: (all_members, method) for method in METHODS} if "+" in all_members else {}),
    }


def _read_aligned(rows: pd.DataFrame, paths: Mapping[str, Path]) -> pd.DataFrame:
    return align(rows, {name: (path, PREDICTIONS.read(path)) for name, path in paths.items()})


def _latent(rows: pd.DataFrame, path: Path) -> list[Classifier]:
    scores = LATENT_SCORES.read(path).set_index("image_id")["score"].reindex(list(rows["source"])).to_numpy()
    if np.isnan(scores).all():  # a real dataset has no latent score
        return []
    if np.isnan(scores).any():
        raise TableError(f"{path}: {np.isnan(scores).sum()} test images have no score. Run `dvc repro`.")
    return [Classifier(LATENT, "ceiling", scores)]


@dataclass(frozen=True)
class Evaluation:
    """Results on the test split.

    Attributes:
        classifiers: Evaluated classifiers, the ensemble first.
        tables: Tables by their names in `evaluate.tables.TABLES`.
    """

    classifiers: Sequence[Classifier]
    tables: dict[str, pd.DataFrame]

    @property
    def ensemble(self) -> Classifier:
        """The ensemble."""
        return self.classifiers[0]


def evaluate_test(test: pd.DataFrame, data: Path, settings: Evaluate) -> Evaluation:
    """Evaluate all classifiers on the test split; nothing is fitted or chosen on it.

    Args:
        test: Images of test, rows of `core.splits.SPLIT`.
        data: Folder that holds predictions/, ensemble/, baselines/ and acquired/.
        settings: Parameters of the evaluation.

    Raises:
        TableError: A file is missing or does not match the images.
    """
    members = read_members(test, data)
    diagnoses = read_diagnosis_probabilities(test, data / "predictions" / "test")
    classifiers = read_classifiers(test, members, data)
    ensemble, confidence = classifiers[0], settings.confidence
    images, lesions = by_image(test), by_lesion(test)
    resamples = {
        unit.name: resample_lesions(unit.lesion, unit.label, settings.resamples, np.random.default_rng(settings.seed))
        for unit in (images, lesions)
    }
    combiner, _ = read_ensemble(data / "ensemble")
    (fitted,) = SETS.read(data / "ensemble" / "sets.csv").to_dict("records")
    sets = ConformalSets(fitted["malignant_from"], fitted["benign_until"])
    score = lesions.mean(ensemble.score)
    scores = {"before": lesions.mean(combiner.combine(members)), "after": score}
    measures, bins, curves = calibration_rows(
        lesions, scores, settings.bins, resamples["lesion"], confidence, settings.seed
    )
    risks, quartiles = risk_rows(lesions, score, settings.bins)
    tables = {
        "scores": pd.concat(
            [score_classifiers(classifiers, unit, resamples[unit.name], confidence) for unit in (images, lesions)]
        ),
        "comparisons": comparison_rows(test, classifiers, settings),
        "subsets": score_subsets(images, members, data / "ensemble", resamples["image"], confidence),
        "predictive": predictive_rows(lesions, score, ensemble.thresholds, settings.prevalences, confidence),
        "sweep": sweep_rows(lesions, score, settings.thresholds, confidence),
        "calibration": measures,
        "reliability": bins,
        "calibration_curve": curves,
        "risks": risks,
        "risk_quartiles": quartiles,
        "decision_curve": decision_curve_rows(classifiers, lesions, settings.thresholds, confidence),
        "sample_size": sample_size_rows(lesions.label, score, roc_auc(lesions.label, score), confidence),
        "coverage": coverage_rows(lesions, score, sets, confidence),
        "groups": score_groups(test, lesions, ensemble.score, ensemble.thresholds, confidence),
        **score_diagnoses(test, (images, lesions), diagnosis_classifiers(diagnoses, combiner.members), settings),
    }
    return Evaluation(classifiers, tables)


def comparison_rows(rows: pd.DataFrame, classifiers: Sequence[Classifier], settings: Evaluate) -> pd.DataFrame:
    """Compare the ensemble with every other classifier that predicts probabilities.

    Predictions are made at the operating point of the headline, which each classifier has from val.

    Args:
        rows: Images of test, with columns lesion_id and label.
        classifiers: Classifiers, the ensemble first.
        settings: Parameters of the evaluation; point and confidence are used.

    Returns:
        Rows of `evaluate.tables.COMPARISONS`.
    """
    scores = {
        classifier.name: ThresholdedScores(classifier.score, classifier.thresholds[settings.point])
        for classifier in classifiers
        if classifier.thresholds
    }
    return pd.DataFrame(
        [
            {
                "reference": name,
                "unit": test.unit,
                "metric": test.metric,
                "test": test.test,
                "ensemble": test.first,
                "reference_value": test.second,
                "difference": test.difference,
                "low": test.low,
                "high": test.high,
                "p": test.p,
            }
            for name, reference in scores.items()
            if name != ENSEMBLE
            for test in compare(rows, scores[ENSEMBLE], reference, settings.confidence)
        ]
    )
