from pathlib import Path

import pytest

from dermoscopy.core.pipeline import later_results, output_paths, pipeline_stages

VAL, TEST = Path("metrics/val.json"), Path("metrics/test.json")


def test_outputs_name_each_member():
    names = pipeline_stages()["train"]["matrix"]["member"]
    assert {Path("data/models") / name for name in names} <= set(output_paths())
    assert not [path for path in output_paths() if "$" in str(path)]


@pytest.mark.parametrize("stage", ["acquire", "split", "augment", "train@cnn_b", "predict", "baselines"])
def test_results_of_models_follow_from_every_stage_before_the_ensemble(stage):
    assert {VAL, TEST} <= set(later_results(stage))


def test_results_on_test_follow_from_the_ensemble_and_its_own_do_not():
    later = later_results("ensemble")
    assert TEST in later
    assert VAL not in later
    assert {path.parts[0] for path in later} == {"metrics", "plots"}


@pytest.mark.parametrize("stage", ["check", "search", "evaluate", "explain", "report", "unknown"])
def test_no_result_follows_from_other_stages(stage):
    assert later_results(stage) == []


@pytest.mark.parametrize("stage", [*pipeline_stages(), "train@cnn_a"])
def test_metrics_without_which_a_member_would_train_again_never_follow(stage):
    assert not [path for path in later_results(stage) if path.match("metrics/val/*.json")]
