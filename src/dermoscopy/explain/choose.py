"""Choose the test images that are explained: wrongly classified ones and examples."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import Combiner
from dermoscopy.explain.params import Explain


def ensemble_predictions(
    predictions: Mapping[str, pd.DataFrame], combiner: Combiner, calibration: Calibration, threshold: float
) -> pd.DataFrame:
    """Return the probability that the ensemble predicts for each image, and whether its prediction is wrong.

    Args:
        predictions: Member to its predictions of the same split (`core.tables.PREDICTIONS`).
        combiner: The ensemble.
        calibration: Calibration of the ensemble.
        threshold: Calibrated probability from which an image is predicted malignant.

    Returns:
        Columns image_id, lesion_id, dx, label, probability (calibrated) and wrong; sorted by image_id.

    Raises:
        ValueError: The members did not predict the same images.
    """
    tables = {member: table.sort_values("image_id", ignore_index=True) for member, table in predictions.items()}
    first = next(iter(tables.values()))
    if any(list(table["image_id"]) != list(first["image_id"]) for table in tables.values()):
        raise ValueError(f"{', '.join(predictions)}: the members did not predict the same images")
    members = pd.DataFrame({member: table["probability"] for member, table in tables.items()})
    probability = calibration.apply(combiner.combine(members))
    return first.assign(probability=probability, wrong=(probability >= threshold) != (first["label"] == 1))


def worst(predicted: pd.DataFrame, label: int, count: int) -> pd.DataFrame:
    """Return the wrongly classified images of one label, the most confident errors first.

    Args:
        predicted: Predictions of the ensemble, from `ensemble_predictions`.
        label: 1 for false negatives, 0 for false positives.
        count: Largest number of images.

    Returns:
        Rows of `predicted`.
    """
    wrong = predicted[predicted["wrong"] & (predicted["label"] == label)]
    return wrong.sort_values(["probability", "image_id"], ascending=[label == 1, True]).head(count)


def choose_examples(predicted: pd.DataFrame, count: int) -> pd.DataFrame:
    """Choose example images for the activation maps.

    The first four are the most confident true positive, true negative, false negative and false
    positive. The others are evenly spaced over the remaining images, from low to high probability.
    A lesion is shown a second time only if there is no other lesion.

    Args:
        predicted: Predictions of the ensemble, from `ensemble_predictions`.
        count: Number of images.

    Returns:
        `count` rows of `predicted`, or all rows if it has fewer.
    """
    ranked = predicted.sort_values(["probability", "image_id"])
    correct = ranked[~ranked["wrong"]]
    extremes = pd.concat(
        [
            correct[correct["label"] == 1].tail(1),
            correct[correct["label"] == 0].head(1),
            worst(predicted, 1, 1),
            worst(predicted, 0, 1),
        ]
    )
    chosen = extremes.drop_duplicates("lesion_id").head(count)
    others = ranked[~ranked["lesion_id"].isin(chosen["lesion_id"])].drop_duplicates("lesion_id")
    spread = np.linspace(0, len(others) - 1, min(count - len(chosen), len(others))).round().astype(int)
    chosen = pd.concat([chosen, others.iloc[spread]])
    repeated = ranked[~ranked["image_id"].isin(chosen["image_id"])].head(count - len(chosen))
    return pd.concat([chosen, repeated])


@dataclass(frozen=True)
class Shown:
    """Test images that are explained.

    Attributes:
        predicted: Predictions of the ensemble on the test split, from `ensemble_predictions`.
        examples: Rows of it with activation maps and Grad-CAM of each member, from `choose_examples`.
        false_negatives: Rows of it: malignant images predicted benign.
        false_positives: Rows of it: benign images predicted malignant.
    """

    predicted: pd.DataFrame
    examples: pd.DataFrame
    false_negatives: pd.DataFrame
    false_positives: pd.DataFrame

    @property
    def image_ids(self) -> list[str]:
        """Ids of all these images, each once."""
        tables = (self.examples, self.false_negatives, self.false_positives)
        return list(dict.fromkeys(image_id for table in tables for image_id in table["image_id"]))


def choose_images(predicted: pd.DataFrame, settings: Explain) -> Shown:
    """Choose the test images that are explained.

    Args:
        predicted: Predictions of the ensemble, from `ensemble_predictions`.
        settings: Numbers of images.
    """
    examples = choose_examples(predicted, settings.images)
    return Shown(predicted, examples, worst(predicted, 1, settings.wrong), worst(predicted, 0, settings.wrong))
