import numpy as np
import pandas as pd

from dermoscopy.baselines.baselines import encode

TRAIN = pd.DataFrame({"age": [20.0, 40.0, np.nan], "sex": ["male", "female", ""]})
TEST = pd.DataFrame({"age": [np.nan, 50.0], "sex": ["", "unknown"]})


def test_missing_text_has_a_feature_and_a_value_of_test_only_has_none():
    train, test = encode(TRAIN, TEST, ["sex"])
    assert train.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert test.tolist() == [[1, 0, 0], [0, 0, 0]]


def test_missing_number_is_the_mean_of_train_with_an_indicator():
    train, test = encode(TRAIN, TEST, ["age"])
    assert train.tolist() == [[20, 0], [40, 0], [30, 1]]
    assert test.tolist() == [[30, 1], [50, 0]]


def test_column_without_any_number_is_0_with_an_indicator():
    train, _ = encode(TRAIN.assign(age=np.nan), TEST, ["age"])
    assert train.tolist() == [[0, 1]] * 3


def test_features_of_several_columns_are_concatenated():
    train, test = encode(TRAIN, TEST, ["age", "sex"])
    assert train.shape == (3, 5)
    assert test.shape == (2, 5)
