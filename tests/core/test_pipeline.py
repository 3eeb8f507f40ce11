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


@pytest.mark.parametrize("stage", ["check", "search", "evaluate", "explain", "report", "bundle", "unknown"])
def test_no_result_follows_from_other_stages(stage):
    assert later_results(stage) == []


@pytest.mark.parametrize("stage", ["augment", "train@cnn_a"])
def test_metrics_without_which_a_member_would_train_again_do_not_follow(stage):
    outs = [*pipeline_stages()["ensemble"]["outs"], *pipeline_stages()["evaluate"]["outs"]]
    charts = {Path(next(iter(out))) for out in outs if isinstance(out, dict)}
    tests = {TEST, TEST.with_name("test_low.json"), TEST.with_name("test_high.json")}
    assert set(later_results(stage)) == {VAL, *tests, *charts}


def test_dvc_never_takes_the_stage_ensemble_from_its_cache():
    """It would not empty the results on test then. DVC keeps no run of a stage with an uncached out."""
    outs = pipeline_stages()["ensemble"]["outs"]
    assert any(options == {"cache": False} for out in outs if isinstance(out, dict) for options in out.values())


@pytest.mark.parametrize("dep", ["data/models", "data/models/cnn_a", "data/models/cnn_a/model.yaml"])
def test_a_dep_on_a_folder_or_on_a_file_of_an_out_follows_too(tmp_path, monkeypatch, dep):
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text(
        "stages:\n"
        "  train: {outs: [data/models/cnn_a]}\n"
        f"  predict: {{deps: [{dep}], outs: [data/predictions]}}\n"
        "  evaluate: {deps: [data/predictions], outs: [plots/roc.csv: {cache: false}]}\n"
    )
    assert later_results("train") == [Path("plots/roc.csv")]
