"""Show the test photographs that tell most, as the members see them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.explain import choose, gallery, maps
from dermoscopy.explain.activations import activation_maps
from dermoscopy.explain.photographs import caption, mask
from dermoscopy.images import read_image
from dermoscopy.networks.saved import load_member
from dermoscopy.params.explain import Explain


def draw_wrong(mean: pd.DataFrame, paths: Mapping[str, Path], count: int, folder: Path, warning: str = "") -> None:
    """Draw the photographs that the mean of the members calls wrongly, as `wrong.png`.

    Args:
        mean: From `choose.mean_members`.
        paths: image_id to its file.
        count: At most so many of each label.
        folder: Where the picture goes.
        warning: Of a leaky protocol, below the title.
    """
    headings = {"Malignant, called benign": 1, "Benign, called malignant": 0}
    groups = {heading: choose.worst(mean, label, count) for heading, label in headings.items()}
    total = {heading: len(choose.worst(mean, label, len(mean))) for heading, label in headings.items()}
    gallery.draw(groups, total, paths, folder / "wrong.png", warning)


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
    """Draw what a member answers to a few photographs, as `activations_<member>.png`.

    Args:
        member: Its name.
        model_folder: What `train` left of it.
        predictions: The member's own, of the test part.
        mean: From `choose.mean_members`; it chooses the photographs, the same for every member.
        paths: image_id to its file.
        masks: Folder of lesion masks, possibly empty.
        settings: How many photographs, convolutions and channels.
        folder: Where the picture goes.
        warning: Of a leaky protocol, below the title.
    """
    model, parameters = load_member(model_folder)
    chosen = choose.telling(mean, settings.photographs)
    own = predictions.set_index("image_id")["probability"]
    size = parameters.image_size
    seen = [
        maps.Seen(
            image=read_image(paths[row["image_id"]], size),
            lesion=mask(masks, row["image_id"], size),
            text=f"{caption(row)}\nthis member: {own[row['image_id']]:.2f}\nmean: {row['probability']:.2f}",
        )
        for _, row in chosen.iterrows()
    ]
    images = np.stack([photograph.image for photograph in seen]).astype(np.float32)
    layers = activation_maps(model, images, settings.layers, settings.channels)
    maps.draw(member, seen, layers, folder / f"activations_{member}.png", warning)
