from pathlib import Path

import pytest

from dermoscopy.cli.headline import headline
from dermoscopy.core import params as file
from dermoscopy.core.files import write_json
from dermoscopy.core.protocol import SHARED_LESIONS
from dermoscopy.stats.headline import HEADLINE, write_headline

PARAMS = "evaluate:\n  confidence: 0.9\n  point: sensitive\n"


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run that has written its metrics; it is the working directory."""
    (tmp_path / "params.yaml").write_text(PARAMS)
    metrics = {metric: {"value": 0.8126, "low": 0.75, "high": 0.85} for metric in HEADLINE}
    metrics["ppv"] = {"value": float("nan"), "low": float("nan"), "high": float("nan")}
    write_headline(metrics, "lesion", tmp_path / "metrics")
    members = {"protocol": "lesion", "members": ["vgg19", "cnn_a"], "log_loss": 0.4, "roc_auc": 0.9}
    write_json(tmp_path / "metrics" / "val.json", members)
    write_audit(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_audit(root: Path, **changes: object) -> None:
    counts = {"images": 168, "augmented": 0, "lesions": 128, "groups": 128}
    audited = {"protocol": "lesion", "verdict": "clean", "splits": {"test": counts}}
    write_json(root / "metrics" / "audit.json", audited | changes)


def test_the_headline_has_the_metrics_of_test_with_intervals_and_the_roc_auc_on_val(finished: Path, wording) -> None:
    text = headline()
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "val ROC AUC 0.900" in lines
    assert "test ROC AUC 0.813 0.750 to 0.850" in lines
    assert "test PPV undefined" in lines
    assert sum(line.startswith("test ") for line in lines) == len(HEADLINE)
    assert "168 images of 128 lesions" in text
    assert "vgg19, cnn_a" in text
    assert "leaky" not in text
    assert max(map(len, text.splitlines())) <= 100
    wording(text)


def test_confidence_and_operating_point_are_those_of_the_finished_run(finished: Path) -> None:
    file.read.cache_clear()
    file.read()  # dermoscopy run reads params.yaml before a profile changes it
    Path("params.yaml").write_text(PARAMS.replace("0.9", "0.99").replace("sensitive", "balanced"))
    text = headline()
    file.read.cache_clear()
    assert "99 % interval" in text
    assert "operating point balanced" in text


def test_a_leaky_protocol_is_a_warning_and_augmented_images_count(finished: Path, wording) -> None:
    counts = {"images": 168, "augmented": 32, "lesions": 128, "groups": 128}
    write_audit(finished, protocol="paper", verdict="leaky", splits={"test": counts}, **{SHARED_LESIONS: 0.836})
    text = headline()
    assert "200 images of 128 lesions" in text
    assert "WARNING: the protocol paper is leaky. 84 % of the test images" in text
    wording(text)


@pytest.mark.parametrize("missing", ["val.json", "test_low.json", "audit.json"])
def test_a_pipeline_without_metrics_has_no_headline(finished: Path, missing: str) -> None:
    (finished / "metrics" / missing).unlink()
    assert headline() == ""
