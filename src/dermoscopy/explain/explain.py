"""Show the test images that tell most, as the members see them.

Which test images are worth a look.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.images import read_image
from dermoscopy.explain import figures as gallery
from dermoscopy.explain import maps
from dermoscopy.explain.activations import activation_maps
from dermoscopy.explain.figures import caption, mask
from dermoscopy.explain.params import Explain
from dermoscopy.networks.saved import load_member

# Where the mean holds neither label the more probable. The ensemble's threshold is the choice of stage ensemble;
# these images do not follow it, so that trying another costs nothing here.
EVEN = 0.5


def mean_members(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the mean probability of all members for each image.

    Args:
        predictions: Member to its predictions of the same split (`tables/predictions.py`).

    Returns:
        Columns image_id, lesion_id, dx, label, probability (the mean) and wrong (whether the mean
        holds the other label the more probable); sorted by image_id.

    Raises:
        ValueError: Two members' predictions are not of the same images.
    """
    tables = [table.sort_values("image_id", ignore_index=True) for table in predictions.values()]
    first = tables[0]
    if any(list(table["image_id"]) != list(first["image_id"]) for table in tables[1:]):
        raise ValueError(f"{', '.join(predictions)}: the members did not predict the same images")
    mean = np.mean([table["probability"].to_numpy() for table in tables], axis=0)
    called = (mean >= EVEN).astype(int)
    return first.assign(probability=mean, wrong=called != first["label"])


def worst(mean: pd.DataFrame, label: int, count: int) -> pd.DataFrame:
    """Return the images of one label that the mean is most confidently wrong about.

    Args:
        mean: From `mean_members`.
        label: 1 for missed malignant lesions, 0 for false alarms.
        count: At most so many.

    Returns:
        Rows of `mean`, the worst first.
    """
    wrong = mean[mean["wrong"] & (mean["label"] == label)]
    return wrong.sort_values(["probability", "image_id"], ascending=[label == 1, True]).head(count)


def telling(mean: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return images that show what the members see, in a telling order.

    The most confidently right malignant one, the most confidently right benign one, the worst missed
    malignant one and the worst false alarm; then a spread over the rest, from low to high probability.
    One image a lesion, as long as there are lesions.

    Args:
        mean: From `mean_members`.
        count: How many.

    Returns:
        `count` rows of `mean`, or all of them if it has fewer.
    """
    ranked = mean.sort_values(["probability", "image_id"])
    right = ranked[~ranked["wrong"]]
    extremes = pd.concat(
        [
            right[right["label"] == 1].tail(1),
            right[right["label"] == 0].head(1),
            worst(mean, 1, 1),
            worst(mean, 0, 1),
        ]
    )
    chosen = extremes.drop_duplicates("lesion_id").head(count)
    others = ranked[~ranked["lesion_id"].isin(chosen["lesion_id"])].drop_duplicates("lesion_id")
    spread = np.linspace(0, len(others) - 1, min(count - len(chosen), len(others))).round().astype(int)
    chosen = pd.concat([chosen, others.iloc[spread]])
    again = ranked[~ranked["image_id"].isin(chosen["image_id"])].head(count - len(chosen))
    return pd.concat([chosen, again])


def draw_wrong(mean: pd.DataFrame, paths: Mapping[str, Path], count: int, folder: Path, warning: str = "") -> None:
    """Draw the images that the mean of the members calls wrongly, as `wrong.png`.

    Args:
        mean: From `choose.mean_members`.
        paths: image_id to its file.
        count: At most so many of each label.
        folder: Where the image goes.
        warning: Of a leaky protocol, below the title.
    """
    headings = {"Malignant, called benign": 1, "Benign, called malignant": 0}
    groups = {heading: worst(mean, label, count) for heading, label in headings.items()}
    total = {heading: len(worst(mean, label, len(mean))) for heading, label in headings.items()}
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
    """Draw what a member answers to a few images, as `activations_<member>.png`.

    Args:
        member: Its name.
        model_folder: What `train` left of it.
        predictions: The member's own, of the test split.
        mean: From `choose.mean_members`; it chooses the images, the same for every member.
        paths: image_id to its file.
        masks: Folder of lesion masks, possibly empty.
        settings: How many images, convolutions and channels.
        folder: Where the image goes.
        warning: Of a leaky protocol, below the title.
    """
    model, parameters = load_member(model_folder)
    chosen = telling(mean, settings.images)
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
    images = np.stack([image.image for image in seen]).astype(np.float32)
    layers = activation_maps(model, images, settings.layers, settings.channels)
    maps.draw(member, seen, layers, folder / f"activations_{member}.png", warning)
