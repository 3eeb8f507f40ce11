"""The bundle of a run: its content, and its model card."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dermoscopy.bundle.card import METRICS, front_matter, licence_id, render_licences, starting_weights
from dermoscopy.bundle.contents import Contents, read_contents
from dermoscopy.bundle.manifest import BundleError, verify_sums, write_sums
from dermoscopy.bundle.write import write_bundle
from dermoscopy.core.errors import TableError
from dermoscopy.networks.params import Transfer
from dermoscopy.report.dataset import Dataset, describe
from tests.finished_run import SETTINGS

HAM10000 = Dataset("ham10000", "HAM10000", 10_015)


@pytest.fixture
def contents(run: Path) -> Contents:
    return read_contents(run / "data/bundle", verify_sums(run / "data/bundle"))


def test_equal_runs_give_equal_bytes(run: Path, tmp_path: Path) -> None:
    write_bundle(run, SETTINGS, tmp_path / "again")
    assert verify_sums(tmp_path / "again") == verify_sums(run / "data/bundle")
    assert str(run) not in "".join(path.read_text() for path in tmp_path.rglob("*") if path.suffix in (".md", ".json"))


def test_earlier_files_are_removed(run: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/old").write_text("")
    write_bundle(run, SETTINGS, tmp_path / "bundle")
    assert "old" not in verify_sums(tmp_path / "bundle")


def test_the_networks_are_built_from_the_contents(contents: Contents) -> None:
    assert list(contents.members) == ["cnn_a", "cnn_b"]
    assert contents.members["cnn_a"].parameters.image_size == 16
    assert contents.members["cnn_b"].target.classes["mel"] == 1
    assert contents.members["cnn_b"].normalization == "unit"


def test_a_missing_file_of_the_run_is_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"ensemble\.json"):
        write_bundle(tmp_path, SETTINGS, tmp_path / "bundle")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"format": 2}, "format"),
        ({"unknown": 1}, "unknown"),
        ({"point": "best"}, "point"),
        ({"members": {}}, "members"),
        ({"members": {"../out": {}}}, "members"),
        ({"thresholds": {"half": 0.5}}, "balanced has no threshold"),
        ({"combination": {"method": "mean", "weights": {"a": 1.0}, "threshold": 0.5, "intercept": 0.0}}, "same names"),
    ],
)
def test_contents_that_are_not_valid_are_refused(
    run: Path, tmp_path: Path, change: dict[str, Any], problem: str
) -> None:
    write_bundle(run, SETTINGS, tmp_path / "bundle")
    path = tmp_path / "bundle/bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    write_sums(tmp_path / "bundle")
    with pytest.raises(BundleError, match=problem):
        read_contents(tmp_path / "bundle", verify_sums(tmp_path / "bundle"))


def test_the_licence_file_is_that_of_the_project(run: Path) -> None:
    assert (run / "data/bundle/LICENSE").read_text() == Path("LICENSE").read_text()


def test_the_model_card_has_the_card_of_the_report_and_valid_front_matter(run: Path) -> None:
    _, head, body = (run / "data/bundle/README.md").read_text().split("---\n", 2)
    assert "# Model card: test" in body
    data = yaml.safe_load(head)
    [index] = data["model-index"]
    [result] = index["results"]
    assert result["task"]["type"] == data["pipeline_tag"] == "image-classification"
    assert {"type", "name"} <= result["dataset"].keys()
    assert [(one["type"], one["value"]) for one in result["metrics"]] == [("roc_auc", 0.875), ("recall", 0.5)]
    assert data["license"] == "mit"


def test_hugging_face_reads_the_model_card(run: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard.load(run / "data/bundle/README.md")
    assert card.data.license == "mit"
    assert [one.metric_type for one in card.data.eval_results] == ["roc_auc", "recall"]
    assert card.data.eval_results[0].metric_value == 0.875


def test_weights_trained_on_ham10000_keep_its_licence(contents: Contents) -> None:
    assert licence_id(HAM10000, contents) == "cc-by-nc-4.0"
    assert "CC BY-NC 4.0" in render_licences(HAM10000, contents)
    assert front_matter(HAM10000, contents, {"protocol": "lesion"})["model-index"][0]["results"] == []
    assert licence_id(describe({"source": "directory", "images": {"count": 3}}), contents) == "unknown"


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"name": "vgg19", "imagenet": None}, "CC BY 4.0"),
        ({"name": "vgg19", "sha256": "ab"}, "sha256 ab: see the licence of its publisher"),
    ],
)
def test_starting_weights_are_named_with_their_licence(
    contents: Contents, transfer: Callable[..., Transfer], weights: dict[str, Any], expected: str
) -> None:
    member = contents.members["cnn_a"].model_copy(update={"parameters": transfer(weights="vgg19")})
    source = {"source": "simulated", "weights": {"cnn_a": weights}}
    run = contents.run.model_copy(update={"source": source})
    changed = contents.model_copy(update={"members": {"cnn_a": member}, "run": run})
    assert expected in starting_weights(changed)["cnn_a"]
    assert expected in render_licences(describe(source), changed)
    assert licence_id(describe(source), changed) == "unknown"


def test_names_of_metrics_are_distinct() -> None:
    assert len({kind for kind, _ in METRICS.values()}) == len(METRICS)
