"""Whether Grad-CAM lies inside the lesion, and whether it depends on what the network learned.

The second question is the model randomisation test of Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018:
maps of networks with random weights should differ from those of the trained one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.images import read_image
from dermoscopy.explain.figures import mask
from dermoscopy.explain.gradcam import enlarge, gradcam
from dermoscopy.explain.params import Explain
from dermoscopy.networks.build import build_member
from dermoscopy.networks.saved import SavedMember

RANDOM_NETWORKS = 5
TRAINED, RANDOM = "trained", "random"


def measure_localization(
    member: str,
    saved: SavedMember,
    test: pd.DataFrame,
    masks: Path,
    settings: Explain,
    confidence: float,
) -> list[dict[str, object]]:
    """Compare the Grad-CAM maps of a member, and of the same network with random weights, with the lesion masks.

    Args:
        member: Name of the member.
        saved: The trained member.
        test: Images of the test split, columns `image_id`, `lesion_id` and `path`.
        masks: Folder of lesion masks; may be empty.
        settings: `map_size`, see `gradcam.split_at_map`, and `localized`, the largest number of images, spread over the
            table. Images without a mask are left out.
        confidence: Confidence level of the intervals, from 0 to 1.

    Returns:
        Rows of `core.tables.LOCALIZATION` by column: one for the trained network and one for all random ones; no rows
        without masks.
    """
    size = saved.parameters.image_size
    found = {image_id: mask(masks, image_id, size) for image_id in test["image_id"]}
    outlines = {image_id: outline for image_id, outline in found.items() if outline is not None}
    usable = test[test["image_id"].isin(outlines.keys())]
    if usable.empty:
        return []
    rows = usable.iloc[np.linspace(0, len(usable) - 1, min(settings.localized, len(usable))).round().astype(int)]
    images = np.stack([read_image(Path(path), size) for path in rows["path"]])
    inside = np.stack([outlines[image_id] for image_id in rows["image_id"]])
    lesions = rows["lesion_id"].to_numpy()

    trained = gradcam(saved.model, saved.target, images, settings.map_size)
    own = compare(trained, inside, lesions)
    networks = list(_random_maps(member, saved, images, settings.map_size))
    others = pd.DataFrame([compare(maps, inside, lesions).mean() for maps in networks])
    common = {"name": member, "images": len(rows), "lesions": rows["lesion_id"].nunique()}
    return [
        {
            **common,
            "weights": TRAINED,
            "networks": 1,
            "empty": _empty(trained),
            **summary(own, confidence),
            "correlation": float("nan"),
        },
        {
            **common,
            "weights": RANDOM,
            "networks": len(networks),
            "empty": float(np.mean([_empty(maps) for maps in networks])),
            **summary(others, confidence),
            "correlation": float(np.nanmean([rank_correlation(trained, maps) for maps in networks])),
        },
    ]


def compare(maps: NDArray[np.float32], inside: NDArray[np.bool_], lesions: NDArray[Any]) -> pd.DataFrame:
    """Return how much of each map is inside the lesion.

    Args:
        maps: Grad-CAM maps, shape (images, height, width).
        inside: Masks of the lesions, shape (images, image_size, image_size).
        lesions: Lesion of each image, shape (images,).

    Returns:
        A row for each lesion, the mean over its images: `inside`, the proportion of the map's sum that is inside, and
        `area`, the proportion of the image's area. Maps that are 0 everywhere have no proportion and are left out.
    """
    large = enlarge(maps, inside.shape[1]).astype(np.float64)
    total = large.sum(axis=(1, 2))
    shown = total > 0
    frame = pd.DataFrame(
        {
            "lesion_id": lesions[shown],
            "inside": (large * inside).sum(axis=(1, 2))[shown] / total[shown],
            "area": inside.mean(axis=(1, 2))[shown],
        }
    )
    return frame.groupby("lesion_id")[["inside", "area"]].mean()


def summary(rows: pd.DataFrame, confidence: float) -> dict[str, float]:
    """Return the mean of the rows, and of `inside` minus `area` an interval by Student's t.

    Args:
        rows: Columns `inside` and `area`, a row for each lesion, or for each network with random weights.
        confidence: Confidence level, from 0 to 1.
    """
    from scipy import stats

    differences = (rows["inside"] - rows["area"]).dropna()
    count, mean = len(differences), float(differences.mean())
    half = float("nan")
    if count > 1:
        half = float(stats.t.ppf((1 + confidence) / 2, count - 1) * differences.std() / np.sqrt(count))
    values = {"inside": float(rows["inside"].mean()), "area": float(rows["area"].mean())}
    return {**values, "difference": mean, "low": mean - half, "high": mean + half}


def rank_correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return Spearman's correlation of the pixels of two maps, the mean over the images; NaN if all are constant.

    Args:
        first: Maps, shape (images, height, width).
        second: Maps of the same shape.
    """
    from scipy import stats

    ranks = [stats.rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (first, second)]
    centred = [of - of.mean(axis=1, keepdims=True) for of in ranks]
    norms = np.prod([np.linalg.norm(of, axis=1) for of in centred], axis=0)
    varied = norms > 0
    if not varied.any():
        return float("nan")
    products = (centred[0] * centred[1]).sum(axis=1)[varied]
    return float((products / norms[varied]).mean())


def _random_maps(
    member: str, saved: SavedMember, images: NDArray[np.uint8], map_size: int
) -> Iterator[NDArray[np.float32]]:
    """Yield the maps of networks with random weights: the initial weights, shuffled within each variable."""
    model = build_member(member, saved.parameters, seed=0, target=saved.target)
    initial = model.get_weights()
    for number in range(RANDOM_NETWORKS):
        random = np.random.default_rng(number)
        model.set_weights([random.permutation(weight.ravel()).reshape(weight.shape) for weight in initial])
        yield gradcam(model, saved.target, images, map_size)


def _empty(maps: NDArray[np.float32]) -> float:
    """Return the proportion of maps that are 0 everywhere."""
    return float((maps.max(axis=(1, 2)) == 0).mean())
