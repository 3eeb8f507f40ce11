"""A probe of augmented images: can simple features tell them from originals?

A network could use the same difference as a shortcut, if images of one label only are augmented.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FOLDS = 5
BANDS = 8  # of a spectrum
BLOCK = 8  # width of a block of JPEG, in pixels of the file
REACH = 6  # rows compared on each side of a mirror axis
RIM = 0.2  # width of the rim in which mirror axes are searched, as a fraction of the image


def features(image: NDArray[np.uint8], file_size: tuple[int, int]) -> dict[str, float]:
    """Return sharpness, traces of JPEG blocks, rims and the size of the lesion, of an image as a network sees it.

    Args:
        image: RGB values, shape (size, size, 3).
        file_size: Width and height of an original's file, in pixels.
    """
    grey = image.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    chroma = image[..., 0].astype(np.float64) - image[..., 2]
    found = _sharpness("grey", grey) | _sharpness("chroma", chroma) | _lesion(grey)
    for axis, name in enumerate("yx"):
        found |= _blocks(name, grey, axis, file_size[1 - axis])
    # Each rim in turn becomes the first row.
    for name, turned in (("top", grey), ("bottom", grey[::-1]), ("left", grey.T), ("right", grey.T[::-1])):
        found |= _rim(name, turned)
    mirrored = [found[f"{name}_mirrored"] for name in ("top", "bottom", "left", "right")]
    return found | {"least_mirrored": max(mirrored), "most_mirrored": min(mirrored)}


def _sharpness(name: str, plane: NDArray[np.float64]) -> dict[str, float]:
    found, size = {}, len(plane)
    laplacian = 4 * plane[1:-1, 1:-1] - plane[:-2, 1:-1] - plane[2:, 1:-1] - plane[1:-1, :-2] - plane[1:-1, 2:]
    central = laplacian[size // 4 : -size // 4, size // 4 : -size // 4]
    found["laplacian"] = np.log(laplacian.var() + 1e-3)
    found["laplacian_centre"] = np.log(central.var() + 1e-3) - found["laplacian"]
    found["laplacian_median"] = np.log(np.median(np.abs(laplacian)) + 1e-3)
    for axis, direction in enumerate("yx"):
        first, second = (np.diff(plane, number, axis=axis) for number in (1, 2))
        energy = np.log((first**2).mean() + 1e-3)
        found[f"gradient_{direction}"] = energy
        found[f"second_{direction}"] = np.log((second**2).mean() + 1e-3) - energy
        spectrum = (np.abs(np.fft.rfft(plane - plane.mean(), axis=axis)) ** 2).mean(axis=1 - axis)[1:]
        total = spectrum.sum() + 1e-3
        for number, band in enumerate(np.array_split(spectrum, BANDS)):
            found[f"spectrum_{direction}{number}"] = np.log(band.sum() / total + 1e-9)
    return {f"{name}_{key}": float(value) for key, value in found.items()}


def _blocks(name: str, grey: NDArray[np.float64], axis: int, file_size: int) -> dict[str, float]:
    """Return how much stronger differences are at the borders of blocks, for the grid from either end."""
    size = grey.shape[axis]
    profile = np.log(np.abs(np.diff(grey, 2, axis=axis)).mean(axis=1 - axis) + 1e-3)
    profile -= np.convolve(profile, np.ones(9) / 9, "same")
    position = (np.arange(len(profile)) + 1.5) * file_size / size
    found = {}
    for end, shift in (("first", 0), ("last", file_size % BLOCK)):
        waves = [np.exp(2j * np.pi * k * (position - shift) / BLOCK) for k in (1, 2)]
        for k, wave in enumerate(waves, start=1):
            found[f"blocks_{name}_{end}{k}"] = float((profile * wave.real).mean())
    found[f"blocks_{name}"] = float(abs((profile * np.exp(2j * np.pi * position / BLOCK)).mean()))
    return found


def _rim(name: str, grey: NDArray[np.float64]) -> dict[str, float]:
    """Return features of the rim at the first row."""
    size = len(grey)
    step = np.abs(np.diff(grey, axis=0)).mean(axis=1)
    width = max(2, size // 20)
    likeness = _mirror_likeness(grey)
    found = {
        "brightness": grey[:width].mean() - grey.mean(),
        "outermost": grey[0].mean() - grey[width].mean(),
        "gradient": np.log((step[:width].mean() + 0.1) / (step.mean() + 0.1)),
        "edge_gradient": np.log((step[0] + 0.1) / (step[1:4].mean() + 0.1)),
        "corner": grey[:width, :width].mean() - grey[:width].mean(),
        "mirrored": float(likeness.min()),
        "mirrored_2nd": float(np.sort(likeness)[1]),
    }
    return {f"{name}_{key}": float(value) for key, value in found.items()}


def _mirror_likeness(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each possible mirror axis near the first row, how alike the rows on both sides are; low is alike."""
    # On both sides of a mirror axis the rows are alike; elsewhere they differ like any rows so far apart.
    last = int(RIM * len(grey))
    rows = grey[: last + 3 * REACH, :: max(1, len(grey) // 80)]
    difference = np.abs(rows[:, np.newaxis] - rows).mean(axis=2)
    likeness = []
    for axis in range(2, 2 * last):  # in half rows
        near = np.arange(1, min(axis // 2, REACH) + 1) if axis % 2 == 0 else np.arange(0.5, min(axis / 2, REACH))
        above, below = (axis / 2 - near).astype(int), (axis / 2 + near).astype(int)
        across, along = difference[above, below], difference[below, below + below - above]
        likeness.append(np.log((across.mean() + 0.1) / (along.mean() + 0.1)))
    return np.array(likeness)


def _lesion(grey: NDArray[np.float64]) -> dict[str, float]:
    """Return size and position of the dark lesion, by a threshold half way between skin and lesion."""
    skin, dark = np.percentile(grey, [80, 3])
    lesion = grey < (skin + dark) / 2
    rows, columns = np.nonzero(lesion)
    size = len(grey)
    return {
        "lesion_area": float(np.log(lesion.mean() + 1e-3)),
        "lesion_height": float(np.subtract(*np.percentile(rows, [95, 5])) / size),
        "lesion_width": float(np.subtract(*np.percentile(columns, [95, 5])) / size),
        "lesion_y": float(rows.mean() / size),
        "lesion_x": float(columns.mean() / size),
        "lesion_off_centre": float(np.hypot(rows.mean() / size - 0.5, columns.mean() / size - 0.5)),
        "contrast": float(skin - dark),
        "light_y": float(grey[: size // 2].mean() - grey[size // 2 :].mean()),
        "light_x": float(grey[:, : size // 2].mean() - grey[:, size // 2 :].mean()),
    }


def probe(
    originals: Iterable[Mapping[str, float]], augmented: Iterable[Mapping[str, float]], groups: Iterable[Any]
) -> dict[str, float]:
    """Return the ROC AUC with which classifiers tell augmented images from originals, by cross-validation.

    Args:
        originals: Features of the originals.
        augmented: Features of an augmented image of each of them, in the same order.
        groups: Lesion of each; all its images are in one fold.

    Returns:
        Name of the classifier to its ROC AUC on folds it was not fitted on.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    first, second = pd.DataFrame(originals), pd.DataFrame(augmented)
    x = pd.concat([first, second], ignore_index=True).to_numpy()
    y = np.repeat([0, 1], [len(first), len(second)])
    both = np.tile(np.asarray(list(groups)), 2)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=1)
    classifiers = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
        "boosted trees": HistGradientBoostingClassifier(max_iter=100, learning_rate=0.1, max_leaf_nodes=8, random_state=1),
    }
    return {
        name: float(roc_auc_score(y, cross_val_predict(model, x, y, groups=both, cv=folds, method="predict_proba")[:, 1]))
        for name, model in classifiers.items()
    }
