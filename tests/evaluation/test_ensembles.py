import pandas as pd
import pytest

from dermoscopy.evaluation.ensembles import METHODS, combine, mean, operating_threshold, vote, weighted_mean

MEMBERS = pd.DataFrame({"a": [0.1, 0.5, 0.9], "b": [0.2, 0.4, 0.7], "c": [0.6, 0.9, 0.8]})


def test_vote_is_the_share_at_or_over_the_threshold():
    assert vote(MEMBERS, 0.5).tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert vote(MEMBERS, 0.65).tolist() == pytest.approx([0, 1 / 3, 1])


def test_mean():
    assert mean(MEMBERS).tolist() == pytest.approx([0.3, 0.6, 0.8])


def test_weights_go_to_their_members_by_name():
    assert weighted_mean(MEMBERS, {"c": 0, "b": 0.25, "a": 0.75}).tolist() == pytest.approx([0.125, 0.475, 0.85])


def test_a_weighted_mean_stays_a_probability():
    rounded = {"a": 0.5, "b": 0.5 + 2**-52}
    assert weighted_mean(pd.DataFrame({"a": [1.0], "b": [1.0]}), rounded)[0] == 1


def test_each_method_is_itself():
    weights = {"a": 0.5, "b": 0.5, "c": 0.0}
    received = {method: combine(MEMBERS, method, 0.5, weights).tolist() for method in METHODS}
    assert received["vote"] == vote(MEMBERS, 0.5).tolist()
    assert received["mean"] == mean(MEMBERS).tolist()
    assert received["accuracy_weighted"] == weighted_mean(MEMBERS, weights).tolist()


def test_a_vote_is_decided_by_the_majority_whatever_the_threshold():
    assert operating_threshold("vote", 0.3) == 0.5
    assert operating_threshold("mean", 0.3) == 0.3
    assert operating_threshold("accuracy_weighted", 0.3) == 0.3
