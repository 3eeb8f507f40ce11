import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import study_table
import yaml
from study_plan import Study, Training, trainings
from study_table import COLUMNS, DIVERGED, FAILED, FINISHED, Evaluated, cost, diagnosis_table, evaluate, table, write

from dermoscopy.core.errors import UserError
from dermoscopy.core.tables import DIAGNOSES
from dermoscopy.evaluate.params import Evaluate

STUDY = Study.model_validate(
    {
        "title": "Rates",
        "question": "Which?",
        "members": ["cnn_a"],
        "reference": "low",
        "grids": {"rates": ["low", "high", "huge"]},
        "rows": {"low": {}, "high": {"set": {"seed": 2}}, "huge": {"set": {"seed": 3}}, "lost": {"set": {"seed": 4}}},
    }
)
PLANNED = trainings("rates", STUDY)
IMAGES = 60


@pytest.fixture
def val() -> pd.DataFrame:
    lesion = np.arange(IMAGES) // 2
    frame = pd.DataFrame({"lesion_id": [f"L{number}" for number in lesion], "label": lesion % 2})
    return frame.assign(dataset=np.where(lesion % 3, "here", "there"))


@pytest.fixture
def found(val: pd.DataFrame) -> dict[str, Evaluated]:
    noise = np.random.default_rng(1).random((2, IMAGES))
    low, high = (val["label"].to_numpy() * signal + of_row for signal, of_row in zip((0.1, 0.6), noise, strict=True))
    return {
        "study-rates-low": Evaluated(FINISHED, low / 2, 16, 12, 31.24),
        "study-rates-high": Evaluated(FINISHED, high / 2, 16, 9, None),
        "study-rates-huge": Evaluated(DIVERGED, seconds=4.0),
        "study-rates-lost": Evaluated(FAILED),
    }


def test_the_table_has_a_row_for_each_training_and_the_fixed_columns(val, found):
    result = table(STUDY, PLANNED, val, found)
    assert tuple(result) == COLUMNS
    assert list(result["row"]) == ["low", "high", "huge", "lost"]
    assert list(result["outcome"]) == [FINISHED, FINISHED, DIVERGED, FAILED]
    assert set(result["images"]) == {IMAGES}
    assert set(result["lesions"]) == {IMAGES // 2}
    assert set(result["malignant_lesions"]) == {IMAGES // 4}


def test_differences_are_row_minus_reference_with_a_paired_interval(val, found):
    low, high, huge, _ = table(STUDY, PLANNED, val, found).itertuples()
    assert np.isnan(low.difference)
    assert high.difference == pytest.approx(high.roc_auc - low.roc_auc)
    assert high.difference_low < high.difference < high.difference_high
    assert (high.p < 0.05) == (high.difference_low > 0)
    assert np.isnan([huge.roc_auc, huge.difference, huge.p]).all()
    assert low.low < low.roc_auc < low.high
    assert low.within_low < low.within < low.within_high


def test_without_a_reference_there_are_no_differences(val, found):
    found["study-rates-low"] = Evaluated(DIVERGED)
    result = table(STUDY, PLANNED, val, found)
    assert result["difference"].isna().all()
    assert result["roc_auc"].notna().sum() == 1


def test_within_source_is_empty_without_sources(val, found):
    assert table(STUDY, PLANNED, val.drop(columns="dataset"), found)["within"].isna().all()


def test_the_best_row_of_a_grid_is_tuned(val, found):
    assert list(table(STUDY, PLANNED, val, found)["tuned"]) == [0, 1, 0, 0]


def test_written_values_are_rounded(val, found, tmp_path, monkeypatch):
    monkeypatch.setattr(study_table, "RESULTS", tmp_path)
    path = write("studies", "rates", table(STUDY, PLANNED, val, found))
    written = pd.read_csv(path)
    assert tuple(written) == COLUMNS
    assert written["seconds"].tolist()[:3] == pytest.approx([31, np.nan, 4], nan_ok=True)
    assert ",nan" not in path.read_text()
    assert path.read_text().splitlines()[1].split(",")[8] == f"{written['roc_auc'][0]:.4f}"


def lock(epochs: int, val: str = "v") -> str:
    outs = [{"path": "data/split/val", "md5": val}, {"path": "data/split/val.csv", "md5": val}]
    train = {"params": {"params.yaml": {"models.cnn_a": {"epochs": epochs}}}}
    return json.dumps({"stages": {"split": {"outs": outs}, "train@cnn_a": train}})


def record(training: Training, **values: object) -> None:
    path = Path("runs", training.experiment, "train@cnn_a.json")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(values))


def test_the_cost_of_a_training_is_that_of_the_experiment_that_trained_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second, *_ = PLANNED
    record(first, seconds=31.2)
    assert cost(second, lock(3)) == {}
    assert cost(first, lock(3)) == {"seconds": 31.2}
    assert cost(second, lock(3)) == {"seconds": 31.2}
    assert cost(second, lock(4)) == {}


def test_an_unfinished_training_diverged_only_if_its_loss_did(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("dvc.lock").write_text(lock(3))
    monkeypatch.setattr(study_table, "read_val", lambda folder, protocol: pd.DataFrame())
    diverged, failed, unknown, _ = PLANNED
    record(diverged, exit=2, seconds=4.0, error="DivergedError")
    record(failed, exit=2, seconds=1.0, error="WeightsError")
    _, found = evaluate([diverged, failed, unknown], {}, None)
    assert found[diverged.experiment] == Evaluated(DIVERGED, seconds=4.0)
    assert found[failed.experiment].outcome == found[unknown.experiment].outcome == FAILED


def test_experiments_with_another_val_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("dvc.lock").write_text(lock(3))
    monkeypatch.setattr(study_table, "read_val", lambda folder, protocol: pd.DataFrame())
    monkeypatch.setattr(study_table, "show", lambda commit, path: lock(3, commit))
    with pytest.raises(UserError, match="val split of study-rates-high is not"):
        evaluate(PLANNED[:2], {"study-rates-low": "v", "study-rates-high": "w"}, None)


def test_class_distances_are_those_within_over_those_between_classes() -> None:
    points = np.array([[0.0, 1], [0, -1], [4, 2], [4, -2]])
    assert study_table.relative_distance(points, np.array(["a", "a", "b", "b"])) == pytest.approx(2.5 / 16)


def test_diagnoses_are_those_of_the_trainings_that_predict_them() -> None:
    rows = pd.DataFrame({"lesion_id": [f"L{n}" for n in range(14)], "dx": 2 * list(DIAGNOSES)})
    val = rows.assign(label=rows["dx"].isin(["mel", "bcc", "akiec"]).astype(int))
    right = np.eye(7)[[DIAGNOSES.index(dx) for dx in val["dx"]]]
    found = {training.experiment: Evaluated(FINISHED) for training in PLANNED}
    found[PLANNED[1].experiment] = Evaluated(FINISHED, diagnoses=0.9 * right + 0.1 / 7)
    settings = Evaluate.model_validate(yaml.safe_load(Path("params.yaml").read_text())["evaluate"])
    result = diagnosis_table(PLANNED, val, found, settings)
    assert set(result["row"]) == {"high"}
    recalls = result[result["metric"] == "recall"].set_index("dx")
    assert recalls["value"].to_dict() == dict.fromkeys(DIAGNOSES, 1.0)
    assert (recalls["images"] == 2).all()
