import numpy as np
import pandas as pd

from dermoscopy.baselines.baselines import encode

TRAIN = pd.DataFrame({"age": [20.0, 40.0, np.nan], "sex": ["male", "female", ""]})
TEST = pd.DataFrame({"age": [np.nan, 50.0], "sex": ["", "unknown"]})


def test_a_missing_text_is_a_value_of_its_own_and_a_new_one_is_none():
    train, test = encode(TRAIN, TEST, ["sex"])
    assert train.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert test.tolist() == [[1, 0, 0], [0, 0, 0]]


def test_a_missing_number_is_trains_mean_and_said():
    train, test = encode(TRAIN, TEST, ["age"])
    assert train.tolist() == [[20, 0], [40, 0], [30, 1]]
    assert test.tolist() == [[30, 1], [50, 0]]


def test_no_age_known_at_all():
    train, _ = encode(TRAIN.assign(age=np.nan), TEST, ["age"])
    assert train.tolist() == [[0, 1]] * 3


def test_columns_stand_side_by_side():
    train, test = encode(TRAIN, TEST, ["age", "sex"])
    assert train.shape == (3, 5)
    assert test.shape == (2, 5)
