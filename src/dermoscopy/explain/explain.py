"""Choose test images and draw them: wrongly classified images and activation maps of the members."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.images import read_image
from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import Combiner
from dermoscopy.explain.activations import activation_maps
from dermoscopy.explain.figures import caption, draw_gallery, mask
from dermoscopy.explain.maps import ModelInput, draw_maps
from dermoscopy.explain.params import Explain
from dermoscopy.networks.saved import load_member


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


def draw_wrong(
    predicted: pd.DataFrame, paths: Mapping[str, Path], count: int, folder: Path, threshold: str, warning: str = ""
) -> None:
    """Draw the wrongly classified images as `wrong.png`.

    Args:
        predicted: Predictions of the ensemble, from `ensemble_predictions`.
        paths: image_id to its file.
        count: Largest number of images of each label.
        folder: Output folder.
        threshold: Description of the threshold, shown below the title.
        warning: Warning of a leaky protocol, shown after the threshold; may be empty.
    """
    labels = {"False negatives (malignant, predicted benign)": 1, "False positives (benign, predicted malignant)": 0}
    groups = {heading: worst(predicted, label, count) for heading, label in labels.items()}
    total = {heading: len(worst(predicted, label, len(predicted))) for heading, label in labels.items()}
    draw_gallery(groups, total, paths, folder / "wrong.png", " · ".join(filter(None, (threshold, warning))))


def draw_activations(
    member: str,
    model_folder: Path,
    predictions: pd.DataFrame,
    predicted: pd.DataFrame,
    paths: Mapping[str, Path],
    masks: Path,
    settings: Explain,
    folder: Path,
    warning: str = "",
) -> None:
    """Draw the activation maps of a member as `activations_<member>.png`.

    Args:
        member: Name of the member.
        model_folder: Folder of the trained member.
        predictions: Predictions of the member on the test split.
        predicted: Predictions of the ensemble, from `ensemble_predictions`; they determine the images, the same for
            all members.
        paths: image_id to its file.
        masks: Folder of lesion masks; may be empty.
        settings: Numbers of images, layers and channels.
        folder: Output folder.
        warning: Warning of a leaky protocol, shown below the title; may be empty.
    """
    model, parameters, _ = load_member(model_folder)
    chosen = choose_examples(predicted, settings.images)
    own = predictions.set_index("image_id")["probability"]
    size = parameters.image_size
    inputs = [
        ModelInput(
            image=read_image(paths[row["image_id"]], size),
            lesion=mask(masks, row["image_id"], size),
            text=f"{caption(row)}\nmember (raw): {own[row['image_id']]:.2f}\nensemble: {row['probability']:.2f}",
        )
        for _, row in chosen.iterrows()
    ]
    images = np.stack([model_input.image for model_input in inputs]).astype(np.float32)
    layers = activation_maps(model, images, settings.layers, settings.channels)
    draw_maps(member, inputs, layers, folder / f"activations_{member}.png", warning)
