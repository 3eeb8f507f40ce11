"""What the archive's table tells without a look at the photograph."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def encode(
    train: pd.DataFrame, test: pd.DataFrame, columns: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn columns of the table into features, by what train alone holds.

    A column of text becomes one of 0 and 1 for each value in train, the missing one ("" or
    "unknown") among them; a value that only test has is 0 in all. A column of numbers becomes
    two: the number, or train's mean where it is missing, and 1 where it is missing.

    Args:
        train: Rows of `tables.parts.PART`.
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
