"""The five baselines by name: four to hold a network against, and the one it must not use.

What the dataset's table tells without a look at the image.

What a image tells without its shapes: its colours, or a thumbnail.

The one model behind every baseline: logistic regression on standardised features.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.baselines.params import Baselines
from dermoscopy.core.images import read_image


def encode(
    train: pd.DataFrame, test: pd.DataFrame, columns: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn columns of the table into features, by what train alone holds.

    A column of text becomes one of 0 and 1 for each value in train, the missing one ("" or
    "unknown") among them; a value that only test has is 0 in all. A column of numbers becomes
    two: the number, or train's mean where it is missing, and 1 where it is missing.

    Args:
        train: Rows of `tables.splits.SPLIT`.
        test: Likewise.
        columns: Those to use.

    Returns:
        Features of train and of test; shape (rows, features) each.
    """
    of_train, of_test = [], []
    for name in columns:
        if pd.api.types.is_float_dtype(train[name]):
            mean = train[name].mean() if train[name].notna().any() else 0.0
            of_train.append(_number(train[name], mean))
            of_test.append(_number(test[name], mean))
        else:
            values = np.unique(train[name].to_numpy(dtype=str))
            of_train.append(_one_hot(train[name], values))
            of_test.append(_one_hot(test[name], values))
    return np.hstack(of_train), np.hstack(of_test)


def _number(column: "pd.Series[float]", mean: float) -> NDArray[np.float64]:
    return np.column_stack([column.fillna(mean), column.isna()]).astype(float)


def _one_hot(column: "pd.Series[str]", values: NDArray[np.str_]) -> NDArray[np.float64]:
    equal: NDArray[np.bool_] = column.to_numpy(dtype=str)[:, None] == values
    return equal.astype(float)


Features = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def colour_quantiles(count: int) -> Features:
    """Return what describes a image by quantiles of each channel.

    Colour statistics are the handcrafted features that were state of the art before networks;
    here without any segmentation.

    Args:
        count: Quantiles a channel, evenly apart and without the extremes: 9 are the deciles.

    Returns:
        A function from shape (size, size, 3) to (3 * count,), values 0 to 1.
    """
    shares = np.arange(1, count + 1) / (count + 1)
    return lambda image: np.quantile(image / 255, shares, axis=(0, 1)).ravel()


def pixels(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Describe a image by its pixels: from (size, size, 3) to (3 * size ** 2,), values 0 to 1."""
    return image.ravel() / 255


def describe(paths: Sequence[Path], size: int, features: Features) -> NDArray[np.float64]:
    """Read images, squash each to a square and describe it.

    Args:
        paths: JPEG or PNG files.
        size: ImageSize of the square, in pixels.
        features: Describes one.

    Returns:
        In the order of `paths`; shape (images, features).
    """
    with ThreadPoolExecutor() as pool:  # Pillow decodes outside the interpreter's lock
        return np.stack(list(pool.map(lambda path: features(read_image(path, size)), paths)))


STEPS = 10_000  # a bound that a convex problem of this size does not reach


def regress(
    train: NDArray[np.float64],
    label: NDArray[np.int64],
    test: NDArray[np.float64],
    regularization: float,
) -> NDArray[np.float64]:
    """Fit a logistic regression and return its probabilities of malignant.

    Args:
        train: Features to fit on; shape (train rows, features).
        label: 0 benign, 1 malignant, both of them; shape (train rows,).
        test: Features to predict from; shape (test rows, features).
        regularization: Inverse strength (C) of the penalty on squared coefficients.

    Returns:
        From 0 to 1; shape (test rows,). No draw is involved: the same input gives the same output.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=regularization, max_iter=STEPS))
    probability: NDArray[np.float64] = model.fit(train, label).predict_proba(test)[:, 1]
    return probability


def predict_baselines(train: pd.DataFrame, test: pd.DataFrame, settings: Baselines) -> dict[str, NDArray[np.float64]]:
    """Fit every baseline on the originals of train and predict the test split.

    Args:
        train: Rows of `tables.splits.SPLIT`, originals of both labels among them; copies are left out.
        test: Likewise.
        settings: The `baselines` block.

    Returns:
        Probabilities of malignant by the baseline's name, in the order of `test`:

        - prevalence: train's share of malignant images, for everyone;
        - age_sex_site: what a doctor knows before the image is taken;
        - colours: colour statistics of the whole image;
        - thumbnail: a image too small to show any structure;
        - dx_type: how the diagnosis was confirmed. It is a leak, since malignant lesions go to
          histology and benign ones are followed up: shown as a warning, never a feature.
    """
    train = train[train["source"] == train["image_id"]]
    label = train["label"].to_numpy()

    of_train, of_test = ([Path(path) for path in split["path"]] for split in (train, test))
    colours = colour_quantiles(settings.quantiles)
    features = {
        "age_sex_site": encode(train, test, ["age", "sex", "localization"]),
        "colours": [describe(paths, settings.colour_size, colours) for paths in (of_train, of_test)],
        "thumbnail": [describe(paths, settings.thumbnail, pixels) for paths in (of_train, of_test)],
        "dx_type": encode(train, test, ["dx_type"]),
    }
    fitted = {name: regress(known, label, asked, settings.regularization) for name, (known, asked) in features.items()}
    return {"prevalence": np.full(len(test), label.mean()), **fitted}
