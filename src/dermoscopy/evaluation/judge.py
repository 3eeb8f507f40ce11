"""The test part judged: every table of data/evaluation from one reading of the predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.evaluation.chosen import read_choice
from dermoscopy.evaluation.classifiers import read_classifiers, read_members
from dermoscopy.evaluation.decisions import calibrated, coverage, predictive, sweep
from dermoscopy.evaluation.fixed import ENSEMBLE
from dermoscopy.evaluation.groups import score_groups
from dermoscopy.evaluation.intervals import draw_lesions
from dermoscopy.evaluation.lesions import lesions, photographs
from dermoscopy.evaluation.paired import Calls, compare
from dermoscopy.evaluation.records import read_candidates
from dermoscopy.evaluation.scores import Classifier, score_classifiers
from dermoscopy.evaluation.sets import Sets
from dermoscopy.evaluation.subsets import score_subsets
from dermoscopy.params.evaluate import Evaluate
from dermoscopy.tables.ensemble import SETS


@dataclass(frozen=True)
class Judged:
    """What the test part says.

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


def judge(test: pd.DataFrame, data: Path, settings: Evaluate) -> Judged:
    """Score everything on the test part; nothing is fitted or chosen here.

    Args:
        test: The test pictures (`tables.parts`).
        data: The folder that holds predictions/, ensemble/, baselines/ and truth/.
        settings: Confidence, draws, prevalences, bins and thresholds.

    Raises:
        TableError: A file is missing or does not fit the pictures.
    """
    members = read_members(test, data)
    classifiers = read_classifiers(test, members, data)
    ensemble, confidence = classifiers[0], settings.confidence
    by_image, by_lesion = photographs(test), lesions(test)
    draws = {
        unit.name: draw_lesions(unit.lesion, unit.label, settings.resamples, np.random.default_rng(settings.seed))
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
    return Judged(classifiers, tables)


def comparisons(rows: pd.DataFrame, classifiers: Sequence[Classifier], settings: Evaluate) -> pd.DataFrame:
    """Test the ensemble against everyone else who gives probabilities: rows of `tables.evaluation.COMPARISONS`.

    Calls are those of the headline's operating point; a baseline has but one.

    Args:
        rows: The photographs, with columns lesion_id and label.
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
