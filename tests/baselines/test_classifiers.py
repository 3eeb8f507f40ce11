import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dermoscopy.baselines.baselines import predict_baselines
from dermoscopy.baselines.params import Baselines

SETTINGS = Baselines(regularization=1.0, thumbnail=2, colour_size=8, quantiles=3)


def test_each_sees_what_it_is_named_for(splits):
    train, test = splits
    found = predict_baselines(train, test, SETTINGS)
    assert list(found) == ["prevalence", "age_sex_site", "colours", "thumbnail", "dx_type"]
    assert found["prevalence"].tolist() == [0.5] * 4
    for name in ("age_sex_site", "colours", "thumbnail", "dx_type"):
        assert roc_auc_score(test["label"], found[name]) == 1
        blind = {
            "age_sex_site": test.assign(age=50.0),
            "dx_type": test.assign(dx_type="consensus"),
        }.get(name, test.assign(path=test["path"].iloc[0]))
        assert roc_auc_score(test["label"], predict_baselines(train, blind, SETTINGS)[name]) == 0.5


def test_copies_of_malignant_photographs_do_not_count(splits):
    train, test = splits
    copies = train[train["label"] == 1].assign(path="not made yet")
    copies["image_id"] += "_copy1"
    with_copies = predict_baselines(pd.concat([train, copies]), test, SETTINGS)
    for name, probability in predict_baselines(train, test, SETTINGS).items():
        assert with_copies[name].tolist() == probability.tolist()


def test_labels_of_test_are_not_looked_at(splits):
    train, test = splits
    other = predict_baselines(train, test.assign(label=0), SETTINGS)
    for name, probability in predict_baselines(train, test, SETTINGS).items():
        assert other[name] == pytest.approx(probability, abs=0)
