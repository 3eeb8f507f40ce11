"""A probe: can a classifier with simple features tell augmented images from originals?

A network could learn the same difference as a sign of malignancy, since only malignant images are augmented.
"""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.core.images import read_image

Plane = NDArray[np.float64]
Features = Mapping[str, float]

FOLDS = 5
BANDS = 8  # of a spectrum
BLOCK = 8  # width of a block of JPEG, in pixels of the file
REACH = 6  # rows compared on each side of a mirror axis
RIM = 0.2  # width of the rim in which mirror axes are searched, as a fraction of the image
SMALL = 0.1  # keeps logarithms finite; grey levels


def one_sided_zoom(original: Path, rng: np.random.Generator) -> bytes:
    """Return a JPEG that is easy to recognize: enlarged by up to 10 %, moved, interpolated, of another quality."""
    with Image.open(original) as image:
        size = np.array(image.size)
        kept, scale = rng.uniform(0.9, 1), rng.uniform(0.85, 1.15)
        centre = (0.5 + rng.uniform(-0.5, 0.5, 2) * (1 - kept) + rng.uniform(-0.1, 0.1, 2)) * size
        low, high = centre - kept / scale / 2 * size, centre + kept / scale / 2 * size
        margin = np.ceil(np.maximum(0, np.maximum(-low, high - size))).astype(int)
        pixels = np.pad(np.asarray(image), ((margin[1],) * 2, (margin[0],) * 2, (0, 0)), mode="reflect")
        window = (*(low + margin).tolist(), *(high + margin).tolist())
        changed = Image.fromarray(pixels).resize(image.size, Image.Resampling.BICUBIC, box=window)
    file = BytesIO()
    changed.save(file, "JPEG", quality=90)
    return file.getvalue()


def measure(paths: Iterable[Path], file_size: tuple[int, int], size: int, flip: float, seed: int) -> list[Features]:
    """Return the features of images as a network sees them in training.

    Args:
        paths: Files of the images.
        file_size: Width and height of the files of originals, in pixels.
        size: Width and height to which images are resized, in pixels.
        flip: Probability of a horizontal and of a vertical flip, as in training.augment.flip.
        seed: Seed of these flips.
    """
    rng = np.random.default_rng(seed)
    measured = []
    for path in paths:
        pixels = read_image(path, size)
        for axis in (0, 1):
            pixels = np.flip(pixels, axis) if rng.random() < flip else pixels
        measured.append(features(pixels, file_size))
    return measured


def roc_aucs(originals: list[Features], augmented: list[Features], lesions: Iterable[str]) -> dict[str, float]:
    """Return the ROC AUC with which two classifiers tell augmented images from originals.

    Args:
        originals: Features of the originals.
        augmented: Features of an augmented image of each of them, in the same order.
        lesions: Lesion of each original; all images of a lesion are in one fold of the cross-validation.

    Returns:
        Name of the classifier to the ROC AUC of its scores for images it was not fitted on.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = pd.DataFrame([*originals, *augmented]).to_numpy()
    y = np.repeat([0, 1], [len(originals), len(augmented)])
    groups = np.tile(np.array(list(lesions)), 2)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=1)
    classifiers = {
        "logistic_regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
        "boosted_trees": HistGradientBoostingClassifier(max_leaf_nodes=8, random_state=1),
    }
    return {
        name: float(
            roc_auc_score(y, cross_val_predict(model, x, y, groups=groups, cv=folds, method="predict_proba")[:, 1])
        )
        for name, model in classifiers.items()
    }


def features(image: NDArray[np.uint8], file_size: tuple[int, int]) -> Features:
    """Return about a hundred features: sharpness, blocks of JPEG, rims, size and place of the lesion.

    Args:
        image: RGB values as a network sees them, shape (size, size, 3).
        file_size: Width and height of the files of originals, in pixels.
    """
    red, green, blue = np.moveaxis(image.astype(np.float64), 2, 0)
    grey = 0.299 * red + 0.587 * green + 0.114 * blue
    found = {
        **_sharpness("grey", grey),
        **_sharpness("chroma", red - blue),
        **_blocks("x", grey.T, file_size[0]),
        **_blocks("y", grey, file_size[1]),
        **_lesion(grey),
    }
    # Each rim in turn becomes the first rows.
    turned = {"top": grey, "bottom": grey[::-1], "left": grey.T, "right": grey.T[::-1]}
    for name, plane in turned.items():
        found |= _rim(name, plane)
    mirrored = [found[f"{name}_mirrored"] for name in turned]
    return found | {"most_mirrored": min(mirrored), "least_mirrored": max(mirrored)}


def _sharpness(name: str, plane: Plane) -> dict[str, float]:
    laplacian = 4 * plane[1:-1, 1:-1] - plane[:-2, 1:-1] - plane[2:, 1:-1] - plane[1:-1, :-2] - plane[1:-1, 2:]
    quarter = len(plane) // 4
    central = laplacian[quarter:-quarter, quarter:-quarter]
    found = {
        f"{name}_laplacian": _log(laplacian.var()),
        f"{name}_laplacian_centre": _log(central.var()) - _log(laplacian.var()),
        f"{name}_laplacian_median": _log(np.median(np.abs(laplacian))),
    }
    for axis, direction in enumerate("yx"):
        first, second = ((np.diff(plane, order, axis=axis) ** 2).mean() for order in (1, 2))
        found |= {f"{name}_gradient_{direction}": _log(first), f"{name}_second_{direction}": _log(second) - _log(first)}
        power = (np.abs(np.fft.rfft(plane - plane.mean(), axis=axis)) ** 2).mean(axis=1 - axis)[1:]
        for number, band in enumerate(np.array_split(power / power.sum(), BANDS)):
            found[f"{name}_spectrum_{direction}{number}"] = float(np.log(band.sum() + 1e-9))
    return found


def _blocks(name: str, plane: Plane, file_size: int) -> dict[str, float]:
    """Return how much rows differ at the borders of blocks, counted from the first row and from the last one."""
    profile = np.log(np.abs(np.diff(plane, 2, axis=0)).mean(axis=1) + 1e-3)
    profile -= np.convolve(profile, np.ones(9) / 9, "same")
    position = (np.arange(len(profile)) + 1.5) * file_size / len(plane)
    found = {f"blocks_{name}": float(abs((profile * np.exp(2j * np.pi * position / BLOCK)).mean()))}
    for end, start in (("first", 0), ("last", file_size % BLOCK)):
        for wave in (1, 2):
            cosine = np.cos(2 * np.pi * wave * (position - start) / BLOCK)
            found[f"blocks_{name}_{end}{wave}"] = float((profile * cosine).mean())
    return found


def _rim(name: str, plane: Plane) -> dict[str, float]:
    """Return features of the rim at the first row."""
    steps = np.abs(np.diff(plane, axis=0)).mean(axis=1)
    width = max(2, len(plane) // 20)
    mirrored = sorted(_mirrored(plane))
    return {
        f"{name}_brightness": float(plane[:width].mean() - plane.mean()),
        f"{name}_outermost": float(plane[0].mean() - plane[width].mean()),
        f"{name}_gradient": _log(steps[:width].mean()) - _log(steps.mean()),
        f"{name}_edge_gradient": _log(steps[0]) - _log(steps[1:4].mean()),
        f"{name}_corner": float(plane[:width, :width].mean() - plane[:width].mean()),
        f"{name}_mirrored": mirrored[0],
        f"{name}_mirrored_second": mirrored[1],
    }


def _mirrored(plane: Plane) -> Iterator[float]:
    """Yield, for each possible mirror axis near the first row, how much the rows on both sides of it differ.

    The difference is relative to that of rows that are as far apart but on one side.
    """
    last = int(RIM * len(plane))
    rows = plane[: last + 3 * REACH, :: max(1, len(plane) // 80)]
    difference = np.abs(rows[:, np.newaxis] - rows).mean(axis=2)
    for twice in range(2, 2 * last):  # an axis is on a row or between two rows
        apart = np.arange(2 - twice % 2, min(twice, 2 * REACH) + 1, 2)
        above, below = (twice - apart) // 2, (twice + apart) // 2
        across, along = difference[above, below].mean(), difference[below, below + apart].mean()
        yield _log(across) - _log(along)


def _lesion(grey: Plane) -> dict[str, float]:
    """Return size and place of the part that is darker than half way between skin and lesion, and the light."""
    size = len(grey)
    skin, dark = np.percentile(grey, [80, 3])
    y, x = np.nonzero(grey < (skin + dark) / 2)
    y, x = y / size, x / size
    return {
        "lesion_area": float(np.log(len(y) / size**2 + 1e-3)),
        "lesion_height": float(np.subtract(*np.percentile(y, [95, 5]))),
        "lesion_width": float(np.subtract(*np.percentile(x, [95, 5]))),
        "lesion_y": float(y.mean()),
        "lesion_x": float(x.mean()),
        "lesion_off_centre": float(np.hypot(y.mean() - 0.5, x.mean() - 0.5)),
        "contrast": float(skin - dark),
        "light_y": float(grey[: size // 2].mean() - grey[size // 2 :].mean()),
        "light_x": float(grey[:, : size // 2].mean() - grey[:, size // 2 :].mean()),
    }


def _log(value: float) -> float:
    return float(np.log(value + SMALL))
