"""Choose test images and draw them: wrongly classified images and activation maps of the members."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.images import read_image
from dermoscopy.explain.activations import activation_maps
from dermoscopy.explain.figures import caption, draw_gallery, mask
from dermoscopy.explain.maps import ModelInput, draw_maps
from dermoscopy.explain.params import Explain
from dermoscopy.networks.saved import load_member

# Threshold of the mean probability. The threshold of the ensemble is not used, so that this stage need not run
# again when the ensemble changes.
THRESHOLD = 0.5


def mean_members(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the mean probability of all members for each image.

    Args:
        predictions: Member to its predictions of the same split (`core.tables.PREDICTIONS`).

    Returns:
        Columns image_id, lesion_id, dx, label, probability (the mean) and wrong (whether the mean is
        on the wrong side of the threshold); sorted by image_id.

    Raises:
        ValueError: The members did not predict the same images.
    """
    tables = [table.sort_values("image_id", ignore_index=True) for table in predictions.values()]
    first = tables[0]
    if any(list(table["image_id"]) != list(first["image_id"]) for table in tables[1:]):
        raise ValueError(f"{', '.join(predictions)}: the members did not predict the same images")
    mean = np.mean([table["probability"].to_numpy() for table in tables], axis=0)
    predicted = (mean >= THRESHOLD).astype(int)
    return first.assign(probability=mean, wrong=predicted != first["label"])


def worst(mean: pd.DataFrame, label: int, count: int) -> pd.DataFrame:
    """Return the wrongly classified images of one label, the most confident errors first.

    Args:
        mean: Mean probabilities from `mean_members`.
        label: 1 for false negatives, 0 for false positives.
        count: Largest number of images.

    Returns:
        Rows of `mean`.
    """
    wrong = mean[mean["wrong"] & (mean["label"] == label)]
    return wrong.sort_values(["probability", "image_id"], ascending=[label == 1, True]).head(count)


def choose_examples(mean: pd.DataFrame, count: int) -> pd.DataFrame:
    """Choose example images for the activation maps.

    The first four are the most confident true positive, true negative, false negative and false
    positive. The others are evenly spaced over the remaining images, from low to high probability.
    A lesion is shown a second time only if there is no other lesion.

    Args:
        mean: Mean probabilities from `mean_members`.
        count: Number of images.

    Returns:
        `count` rows of `mean`, or all rows if it has fewer.
    """
    ranked = mean.sort_values(["probability", "image_id"])
    correct = ranked[~ranked["wrong"]]
    extremes = pd.concat(
        [
            correct[correct["label"] == 1].tail(1),
            correct[correct["label"] == 0].head(1),
            worst(mean, 1, 1),
            worst(mean, 0, 1),
        ]
    )
    chosen = extremes.drop_duplicates("lesion_id").head(count)
    others = ranked[~ranked["lesion_id"].isin(chosen["lesion_id"])].drop_duplicates("lesion_id")
    spread = np.linspace(0, len(others) - 1, min(count - len(chosen), len(others))).round().astype(int)
    chosen = pd.concat([chosen, others.iloc[spread]])
    repeated = ranked[~ranked["image_id"].isin(chosen["image_id"])].head(count - len(chosen))
    return pd.concat([chosen, repeated])


def draw_wrong(mean: pd.DataFrame, paths: Mapping[str, Path], count: int, folder: Path, warning: str = "") -> None:
    """Draw the wrongly classified images as `wrong.png`.

    Args:
        mean: Mean probabilities from `mean_members`.
        paths: image_id to its file.
        count: Largest number of images of each label.
        folder: Output folder.
        warning: Warning of a leaky protocol, shown below the title; may be empty.
    """
    headings = {"False negatives (malignant, predicted benign)": 1, "False positives (benign, predicted malignant)": 0}
    groups = {heading: worst(mean, label, count) for heading, label in headings.items()}
    total = {heading: len(worst(mean, label, len(mean))) for heading, label in headings.items()}
    draw_gallery(groups, total, paths, folder / "wrong.png", warning)


def draw_activations(
    member: str,
    model_folder: Path,
    predictions: pd.DataFrame,
    mean: pd.DataFrame,
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
        mean: Mean probabilities from `mean_members`; they determine the images, the same for all members.
        paths: image_id to its file.
        masks: Folder of lesion masks; may be empty.
        settings: Numbers of images, layers and channels.
        folder: Output folder.
        warning: Warning of a leaky protocol, shown below the title; may be empty.
    """
    model, parameters = load_member(model_folder)
    chosen = choose_examples(mean, settings.images)
    own = predictions.set_index("image_id")["probability"]
    size = parameters.image_size
    inputs = [
        ModelInput(
            image=read_image(paths[row["image_id"]], size),
            lesion=mask(masks, row["image_id"], size),
            text=f"{caption(row)}\nthis member: {own[row['image_id']]:.2f}\nall members: {row['probability']:.2f}",
        )
        for _, row in chosen.iterrows()
    ]
    images = np.stack([model_input.image for model_input in inputs]).astype(np.float32)
    layers = activation_maps(model, images, settings.layers, settings.channels)
    draw_maps(member, inputs, layers, folder / f"activations_{member}.png", warning)
