"""Baselines: prevalence, and logistic regressions on metadata, colours, a thumbnail, or the leaking dx_type."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.baselines.params import SOURCE, Baselines
from dermoscopy.core.images import read_image
from dermoscopy.core.sources import sources
from dermoscopy.core.tables import DATASET


def encode(
    train: pd.DataFrame, test: pd.DataFrame, columns: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Encode columns of metadata as features, fitted on train only.

    A column of text is one-hot encoded with the values in train, including the missing ones ("" and "unknown"); a value
    that only test has is 0 in all features. A column of numbers becomes two features: the number, or train's mean if it
    is missing, and 1 if it is missing, else 0.

    Args:
        train: Rows of `core.splits.SPLIT` to fit on.
        test: Rows of `core.splits.SPLIT` to predict.
        columns: Names of the columns to encode.

    Returns:
        Features of train and of test, each of shape (rows, features).
    """
    train_features, test_features = [], []
    for name in columns:
        if pd.api.types.is_float_dtype(train[name]):
            mean = train[name].mean() if train[name].notna().any() else 0.0
            train_features.append(_number(train[name], mean))
            test_features.append(_number(test[name], mean))
        else:
            values = np.unique(train[name].to_numpy(dtype=str))
            train_features.append(_one_hot(train[name], values))
            test_features.append(_one_hot(test[name], values))
    return np.hstack(train_features), np.hstack(test_features)


def _number(column: "pd.Series[float]", mean: float) -> NDArray[np.float64]:
    return np.column_stack([column.fillna(mean), column.isna()]).astype(float)


def _one_hot(column: "pd.Series[str]", values: NDArray[np.str_]) -> NDArray[np.float64]:
    equal: NDArray[np.bool_] = column.to_numpy(dtype=str)[:, None] == values
    return equal.astype(float)


Features = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def colour_quantiles(count: int) -> Features:
    """Return a function that computes the colour quantiles of each channel of an image.

    Colour statistics are handcrafted features that were state of the art before neural networks. Here they are computed
    without segmentation.

    Args:
        count: Number of quantiles of each channel, evenly spaced, without minimum and maximum; 9 gives the deciles.

    Returns:
        Function from pixels of shape (size, size, 3) to features of shape (3 * count,), from 0 to 1.
    """
    probabilities = np.arange(1, count + 1) / (count + 1)
    return lambda image: np.quantile(image / 255, probabilities, axis=(0, 1)).ravel()


def pixels(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the pixels of an image, of shape (size, size, 3), as features of shape (3 * size ** 2,), from 0 to 1."""
    return image.ravel() / 255


def extract_features(paths: Sequence[Path], size: int, features: Features) -> NDArray[np.float64]:
    """Read images, resize each to a square and compute its features.

    Args:
        paths: JPEG or PNG files.
        size: Width and height of the square, in pixels.
        features: Function from pixels of shape (size, size, 3) to features of shape (features,).

    Returns:
        Features in the order of `paths`; shape (images, features).
    """
    with ThreadPoolExecutor() as pool:  # Pillow releases the GIL while it decodes
        return np.stack(list(pool.map(lambda path: features(read_image(path, size)), paths)))


MAX_ITERATIONS = 10_000  # more than a convex problem of this size needs


def fit_and_predict(
    train: NDArray[np.float64],
    y_train: NDArray[np.int64],
    test: NDArray[np.float64],
    regularization: float,
) -> NDArray[np.float64]:
    """Fit a logistic regression on standardized features and predict the probability of malignancy.

    The result is deterministic.

    Args:
        train: Features to fit on, of shape (train rows, features).
        y_train: Labels, 0 for benign and 1 for malignant, both present; shape (train rows,).
        test: Features to predict from, of shape (test rows, features).
        regularization: Inverse strength (C) of the L2 penalty.

    Returns:
        Probabilities from 0 to 1, of shape (test rows,).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=regularization, max_iter=MAX_ITERATIONS))
    probability: NDArray[np.float64] = model.fit(train, y_train).predict_proba(test)[:, 1]
    return probability


def predict_baselines(train: pd.DataFrame, rows: pd.DataFrame, settings: Baselines) -> dict[str, NDArray[np.float64]]:
    """Fit every baseline on the originals of train and predict images of other splits.

    Args:
        train: Rows of `core.splits.SPLIT` with originals of both labels; augmented images are left out.
        rows: Rows of `core.splits.SPLIT` to predict.
        settings: The `baselines` block.

    Returns:
        Name of each baseline to its probabilities of malignancy, of shape (rows,):

        - prevalence: proportion of malignant images in train, the same for all images;
        - age_sex_site: metadata that a doctor knows without the image;
        - colours: colour statistics of the whole image;
        - thumbnail: an image too small to show any structure;
        - source: the clinic and camera, only if train has several. It shows how much a network can gain by recognising
          the camera instead of the lesion;
        - dx_type: how the diagnosis was confirmed. It leaks the label, since malignant lesions are confirmed by
          histology and many benign lesions by follow-up. It is reported as a warning and never a feature.
    """
    train = train[train["source"] == train["image_id"]]
    y_train = train["label"].to_numpy()

    train_paths, paths = ([Path(path) for path in table["path"]] for table in (train, rows))
    quantiles = colour_quantiles(settings.quantiles)
    features = {
        "age_sex_site": encode(train, rows, ["age", "sex", "localization"]),
        "colours": [extract_features(each, settings.colour_size, quantiles) for each in (train_paths, paths)],
        "thumbnail": [extract_features(each, settings.thumbnail, pixels) for each in (train_paths, paths)],
        **({SOURCE: encode(train, rows, [DATASET])} if sources(train) is not None else {}),
        "dx_type": encode(train, rows, ["dx_type"]),
    }
    predictions = {
        name: fit_and_predict(train_features, y_train, predicted_features, settings.regularization)
        for name, (train_features, predicted_features) in features.items()
    }
    return {"prevalence": np.full(len(rows), y_train.mean()), **predictions}
