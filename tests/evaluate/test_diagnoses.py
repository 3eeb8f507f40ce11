"""Predicted diagnoses: confusion, recalls and ROC AUCs of known predictions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from dermoscopy.core.errors import TableError
from dermoscopy.core.tables import DIAGNOSES, DIAGNOSIS_PROBABILITIES, PREDICTIONS
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.evaluate.chart_tables import CONFUSION
from dermoscopy.evaluate.charts import diagnosis_confusion_rows
from dermoscopy.evaluate.diagnoses import (
    DiagnosisClassifier,
    diagnosis_classifiers,
    headline_of_diagnoses,
    read_diagnosis_probabilities,
    score_diagnoses,
)
from dermoscopy.evaluate.tables import DIAGNOSIS_CONFUSION, DIAGNOSIS_SCORES
from dermoscopy.stats.headline import MEAN_RECALL, read_headline
from dermoscopy.stats.lesions import by_image, by_lesion
from stages.ensemble import ensemble
from stages.evaluate import evaluate
from tests.ensemble import settings
from tests.evaluate.conftest import MEMBERS, simulated_images

TRUE = ("akiec", "bcc", "bkl", "mel", "nv")  # the diagnoses of `images`


def images(lesions: int = 60) -> pd.DataFrame:
    rows = simulated_images("test", lesions)
    number = rows["lesion_id"].str[-3:].astype(int)
    return rows.assign(dx=[TRUE[lesion % len(TRUE)] for lesion in number])


def predicted(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """Return probabilities of the diagnoses that are often right; shape (images, diagnoses)."""
    true = rows["dx"].to_numpy()[:, None] == np.array(DIAGNOSES)
    logit = np.random.default_rng(seed).normal(size=true.shape) + 1.5 * true
    return np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)


def scored(rows: pd.DataFrame, *classifiers: DiagnosisClassifier) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = score_diagnoses(rows, (by_image(rows), by_lesion(rows)), classifiers, settings.evaluate())
    return tables["diagnoses"], tables["diagnoses_confusion"]


def value(scores: pd.DataFrame, unit: str, dx: str, metric: str) -> float:
    return scores[(scores["unit"] == unit) & (scores["dx"] == dx) & (scores["metric"] == metric)]["value"].item()


def test_metrics_are_those_of_scikit_learn_by_image():
    rows = images()
    probability = predicted(rows, 1)
    scores, _ = scored(rows, DiagnosisClassifier("cnn_a", "member", probability))
    y_pred = np.array(DIAGNOSES)[probability.argmax(axis=1)]
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        assert value(scores, "image", "", MEAN_RECALL) == pytest.approx(balanced_accuracy_score(rows["dx"], y_pred))
    for number, dx in enumerate(DIAGNOSES):
        own = rows["dx"] == dx
        if own.any():
            assert value(scores, "image", dx, "recall") == pytest.approx((y_pred[own] == dx).mean())
            expected = roc_auc_score(own, probability[:, number])
            assert value(scores, "image", dx, "roc_auc") == pytest.approx(expected)
        else:
            assert np.isnan(value(scores, "image", dx, "recall"))
            assert np.isnan(value(scores, "image", dx, "roc_auc"))


def test_bounds_include_the_value_and_counts_are_those_of_the_diagnosis():
    rows = images()
    scores, _ = scored(rows, DiagnosisClassifier("cnn_a", "member", predicted(rows, 1)))
    defined = scores.dropna(subset="low")
    assert len(defined) == 2 * (2 * len(TRUE) + 1)
    assert ((defined["low"] <= defined["value"]) & (defined["value"] <= defined["high"])).all()
    for dx, sizes in rows.groupby("dx")["lesion_id"].agg(["size", "nunique"]).iterrows():
        assert set(map(tuple, scores.loc[scores["dx"] == dx, ["images", "lesions"]].to_numpy())) == {tuple(sizes)}


def test_a_known_confusion_is_counted_by_image_and_by_lesion():
    rows = pd.DataFrame(
        [("a", "L1", "mel"), ("b", "L1", "mel"), ("c", "L2", "nv"), ("d", "L3", "nv")],
        columns=["image_id", "lesion_id", "dx"],
    ).assign(label=[1, 1, 0, 0])
    probability = np.zeros((4, len(DIAGNOSES)))
    mel, nv = DIAGNOSES.index("mel"), DIAGNOSES.index("nv")
    probability[0, [mel, nv]] = (0.9, 0.1)
    probability[1, [mel, nv]] = (0.4, 0.6)  # wrong, but the mean of both images is right
    probability[2, [mel, nv]] = (0.2, 0.8)
    probability[3, [mel, nv]] = (0.7, 0.3)
    scores, counts = scored(rows, DiagnosisClassifier("ensemble", "ensemble", probability))
    for unit, expected in {"image": [1, 1, 1, 1], "lesion": [1, 0, 1, 1]}.items():
        own = counts[counts["unit"] == unit].set_index(["dx", "predicted"])["rows"]
        pairs = [("mel", "mel"), ("mel", "nv"), ("nv", "mel"), ("nv", "nv")]
        assert own[pairs].tolist() == expected
        assert own.sum() == sum(expected)
    assert value(scores, "image", "", MEAN_RECALL) == 0.5
    assert value(scores, "lesion", "", MEAN_RECALL) == 0.75
    assert headline_of_diagnoses(scores)[MEAN_RECALL]["value"] == 0.5
    chart = diagnosis_confusion_rows(counts, "lesion")
    assert sorted(zip(chart["actual"], chart["predicted"], strict=True)) == sorted(pairs)


def test_the_ensemble_is_the_mean_of_its_own_members_that_predict_diagnoses():
    rows = images(10)
    found = {
        name: pd.DataFrame(predicted(rows, seed), columns=list(DIAGNOSIS_PROBABILITIES))
        for seed, name in enumerate(("cnn_a", "cnn_b", "vgg19"))
    }
    first, *members = diagnosis_classifiers(found, ["cnn_a", "vgg19", "inception_v3"])
    assert (first.name, [member.name for member in members]) == ("ensemble", ["cnn_a", "cnn_b", "vgg19"])
    assert first.probability == pytest.approx((found["cnn_a"].to_numpy() + found["vgg19"].to_numpy()) / 2)
    assert [each.name for each in diagnosis_classifiers({"cnn_b": found["cnn_b"]}, ["cnn_a"])] == ["cnn_b"]
    assert diagnosis_classifiers({}, ["cnn_a"]) == []


def add_diagnoses(member: str, seed: int) -> None:
    for split in ("train", "val", "test"):
        path = Path("data/predictions", split, f"{member}.csv")
        table = PREDICTIONS.read(path)
        columns = dict(zip(DIAGNOSIS_PROBABILITIES, predicted(table, seed).T, strict=True))
        PREDICTIONS.write(table.assign(**columns), path)


def test_without_the_target_dx_tables_and_chart_have_a_header_only(project: Path):
    ensemble()
    evaluate()
    for name, table in {"diagnoses": DIAGNOSIS_SCORES, "diagnoses_confusion": DIAGNOSIS_CONFUSION}.items():
        assert table.read(Path("data/evaluation", f"{name}.csv")).empty
    assert Path("plots/diagnoses_confusion.csv").read_text() == "actual,predicted,protocol\n"
    assert MEAN_RECALL not in read_headline(Path("metrics"))


def test_with_the_target_dx_ensemble_and_members_are_in_the_tables_the_chart_and_the_headline(project: Path):
    for seed, member in enumerate(MEMBERS[1:]):
        add_diagnoses(member, seed)
    ensemble()
    evaluate()
    scores = DIAGNOSIS_SCORES.read(Path("data/evaluation/diagnoses.csv"))
    assert set(read_choice(Path("data/ensemble/ensemble.json")).members) & set(MEMBERS[1:])
    assert set(scores["name"]) == {"ensemble", *MEMBERS[1:]}
    counts = DIAGNOSIS_CONFUSION.read(Path("data/evaluation/diagnoses_confusion.csv"))
    sizes = counts.groupby(["unit", "name"])["rows"].sum()
    assert set(sizes["image"]) == {50}
    assert set(sizes["lesion"]) == {40}
    assert len(CONFUSION.read(Path("plots/diagnoses_confusion.csv"))) == 50
    bounded = read_headline(Path("metrics"))[MEAN_RECALL]
    assert bounded["value"] == pytest.approx(value(scores[scores["name"] == "ensemble"], "image", "", MEAN_RECALL))
    assert bounded["low"] < bounded["value"] < bounded["high"]


def test_incomplete_columns_and_sums_other_than_one_are_reported_together(project: Path, wording):
    for seed, member in enumerate(MEMBERS):
        add_diagnoses(member, seed)
    folder = Path("data/predictions/test")
    for member, change in {"cnn_a": lambda table: table.drop(columns=["p_df", "p_mel"]), "cnn_b": halve_first}.items():
        path = folder / f"{member}.csv"
        PREDICTIONS.write(change(PREDICTIONS.read(path)), path)
    rows = PREDICTIONS.read(folder / "vgg19.csv")
    with pytest.raises(TableError, match=r"cnn_a\.csv: without p_df, p_mel\n.*cnn_b\.csv: .*ISIC_test_000") as error:
        read_diagnosis_probabilities(rows, folder)
    wording(str(error.value))


def halve_first(table: pd.DataFrame) -> pd.DataFrame:
    changed = table.copy()
    changed.loc[0, list(DIAGNOSIS_PROBABILITIES)] /= 2
    return changed
