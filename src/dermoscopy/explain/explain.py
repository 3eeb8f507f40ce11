"""Draw test images: wrongly classified ones, Grad-CAM and activation maps of the members."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.images import read_image
from dermoscopy.explain.activations import activation_maps, chosen_layers
from dermoscopy.explain.choose import Shown
from dermoscopy.explain.figures import caption, mask
from dermoscopy.explain.gallery import draw_gallery
from dermoscopy.explain.gradcam import ensemble_map, gradcam
from dermoscopy.explain.heat import draw_heat
from dermoscopy.explain.maps import ModelInput, draw_maps
from dermoscopy.explain.params import Explain
from dermoscopy.explain.tiles import TILE_PIXELS
from dermoscopy.networks.saved import SavedMember


class Drawing(NamedTuple):
    """What all figures share.

    Attributes:
        paths: image_id to its file.
        masks: Folder of lesion masks; may be empty.
        folder: Output folder.
        warning: Warning of a leaky protocol, shown below the title; may be empty.
    """

    paths: Mapping[str, Path]
    masks: Path
    folder: Path
    warning: str = ""

    def model_input(self, row: pd.Series, size: int, text: str) -> ModelInput:
        """Return an image in a given size, with its mask and a text."""
        image_id = row["image_id"]
        return ModelInput(read_image(self.paths[image_id], size), mask(self.masks, image_id, size), text)


def heat_maps(
    saved: SavedMember, image_ids: Sequence[str], drawing: Drawing, map_size: int
) -> dict[str, NDArray[np.float32]]:
    """Return the Grad-CAM map of each image, shape (height, width), by image_id.

    Args:
        saved: A trained member.
        image_ids: Ids of the images.
        drawing: Files of the images.
        map_size: Smallest width of a map, see `gradcam.split_at_map`.
    """
    images = np.stack([read_image(drawing.paths[image_id], saved.parameters.image_size) for image_id in image_ids])
    return dict(zip(image_ids, gradcam(saved.model, saved.target, images, map_size), strict=True))


def draw_wrong(
    shown: Shown, heat: Mapping[str, Mapping[str, NDArray[np.float32]]], drawing: Drawing, threshold: str
) -> None:
    """Draw the wrongly classified images as `wrong.png`.

    Args:
        shown: Images that are explained.
        heat: Member of the ensemble to its Grad-CAM maps, from `heat_maps`.
        drawing: Files and folders.
        threshold: Description of the threshold, shown below the title.
    """
    groups = {
        "False negatives (malignant, predicted benign)": shown.false_negatives,
        "False positives (benign, predicted malignant)": shown.false_positives,
    }
    wrong = shown.predicted[shown.predicted["wrong"]]
    total = dict(zip(groups, ((wrong["label"] == 1).sum(), (wrong["label"] == 0).sum()), strict=True))
    means = {
        image_id: ensemble_map({member: maps[image_id] for member, maps in heat.items()}, TILE_PIXELS)
        for rows in groups.values()
        for image_id in rows["image_id"]
    }
    subtitle = " · ".join(filter(None, (threshold, drawing.warning)))
    draw_gallery(groups, total, drawing.paths, means, drawing.folder / "wrong.png", subtitle)


def draw_examples(
    shown: Shown,
    predictions: Mapping[str, pd.DataFrame],
    heat: Mapping[str, Mapping[str, NDArray[np.float32]]],
    combined: Sequence[str],
    drawing: Drawing,
) -> None:
    """Draw the Grad-CAM maps of all members and of the ensemble as `gradcam.png`.

    Args:
        shown: Images that are explained.
        predictions: Member to its predictions on the test split.
        heat: Member to its Grad-CAM maps, from `heat_maps`.
        combined: Members of the ensemble.
        drawing: Files and folders.
    """
    ids = list(shown.examples["image_id"])
    maps: dict[str, list[NDArray[np.float32]]] = {}
    texts: dict[str, list[str]] = {}
    for member, of_images in heat.items():
        height, width = of_images[ids[0]].shape
        title = f"{member}\n{width} × {height} pixels"
        own = predictions[member].set_index("image_id")["probability"]
        maps[title] = [of_images[image_id] for image_id in ids]
        texts[title] = [f"raw {own[image_id]:.2f}" for image_id in ids]
    title = f"ensemble\nmean of {len(combined)} maps" if len(combined) > 1 else f"ensemble\n{combined[0]}"
    maps[title] = [
        ensemble_map({member: heat[member][image_id] for member in combined}, TILE_PIXELS) for image_id in ids
    ]
    texts[title] = [f"{probability:.2f}" for probability in shown.examples["probability"]]
    inputs = [drawing.model_input(row, TILE_PIXELS, caption(row)) for _, row in shown.examples.iterrows()]
    draw_heat(inputs, maps, texts, drawing.folder / "gradcam.png", drawing.warning)


def draw_activations(
    member: str,
    saved: SavedMember,
    predictions: pd.DataFrame,
    examples: pd.DataFrame,
    settings: Explain,
    drawing: Drawing,
) -> None:
    """Draw the activation maps of a member as `activations_<member>.png`.

    Args:
        member: Name of the member.
        saved: The trained member.
        predictions: Predictions of the member on the test split.
        examples: Images, the same for all members, from `choose_examples`.
        settings: Layers and number of channels.
        drawing: Files and folders.
    """
    own = predictions.set_index("image_id")["probability"]
    inputs = []
    for _, row in examples.iterrows():
        text = f"{caption(row)}\nmember (raw): {own[row['image_id']]:.2f}\nensemble: {row['probability']:.2f}"
        inputs.append(drawing.model_input(row, saved.parameters.image_size, text))
    images = np.stack([model_input.image for model_input in inputs]).astype(np.float32)
    shown = chosen_layers(saved.model, saved.parameters, settings)
    layers = activation_maps(saved.model, shown, images, settings.channels)
    draw_maps(member, inputs, layers, drawing.folder / f"activations_{member}.png", drawing.warning)
