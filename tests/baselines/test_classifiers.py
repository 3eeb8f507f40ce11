import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dermoscopy.baselines.baselines import predict_baselines
from dermoscopy.baselines.params import BASELINES, SOURCE, Baselines, predicted_baselines

SETTINGS = Baselines(regularization=1.0, thumbnail=2, colour_size=8, quantiles=3)


def test_each_baseline_uses_its_features_only(splits):
    train, test = splits
    predictions = predict_baselines(train, test, SETTINGS)
    assert list(predictions) == ["prevalence", "age_sex_site", "colours", "thumbnail", "dx_type"]
    assert list(predictions) == [name for name in BASELINES if name != SOURCE]
    assert predictions["prevalence"].tolist() == [0.5] * 4
    for name in ("age_sex_site", "colours", "thumbnail", "dx_type"):
        assert roc_auc_score(test["label"], predictions[name]) == 1
        uninformative = {
            "age_sex_site": test.assign(age=50.0),
            "dx_type": test.assign(dx_type="consensus"),
        }.get(name, test.assign(path=test["path"].iloc[0]))
        assert roc_auc_score(test["label"], predict_baselines(train, uninformative, SETTINGS)[name]) == 0.5


def test_augmented_images_of_train_are_not_used(splits):
    train, test = splits
    augmented = train[train["label"] == 1].assign(path="not made yet")
    augmented["image_id"] += "_copy1"
    with_augmented = predict_baselines(pd.concat([train, augmented]), test, SETTINGS)
    for name, probability in predict_baselines(train, test, SETTINGS).items():
        assert with_augmented[name].tolist() == probability.tolist()


def test_labels_of_test_are_not_used(splits):
    train, test = splits
    without_labels = predict_baselines(train, test.assign(label=0), SETTINGS)
    for name, probability in predict_baselines(train, test, SETTINGS).items():
        assert without_labels[name] == pytest.approx(probability, abs=0)


def test_the_source_is_a_baseline_if_it_is_known(splits):
    train, test = (rows.assign(dataset=rows["label"].map({0: "poor", 1: "rich"})) for rows in splits)
    predictions = predict_baselines(train, test, SETTINGS)
    assert list(predictions) == list(BASELINES)
    assert roc_auc_score(test["label"], predictions[SOURCE]) == 1
    assert len(set(predict_baselines(train, test.assign(dataset="new"), SETTINGS)[SOURCE])) == 1


def test_only_the_baseline_of_the_source_may_be_missing(tmp_path):
    assert SOURCE not in predicted_baselines(tmp_path)
    (tmp_path / f"{SOURCE}.csv").touch()
    assert predicted_baselines(tmp_path) == list(BASELINES)
