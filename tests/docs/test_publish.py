"""Publishing a run: no image, no weights, no local path; seeds are added, not lost."""

import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import publish
import pytest
from ruamel.yaml import YAML

IMAGE = '<figure><img src="data:image/jpeg;base64,AAAA" alt="A melanoma"><figcaption>Wrong</figcaption></figure>'


@pytest.fixture
def run(tmp_path):
    """The committed run, as if it had used local files, with a report of one image."""
    folder = tmp_path / "clone"
    for name in ("metrics", "plots"):
        shutil.copytree(name, folder / name)
    for name in ("dvc.yaml", "data/source.json", "data/environment.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(name, folder / name)
    params = Path("params.yaml").read_text()
    params = params.replace("  path:\n", "  path: /home/ann/skin\n", 1).replace(
        "source: none\n", "source: /home/ann/vgg16.h5\n", 1
    )
    assert params.count("/home/ann") == 2
    write(folder / "params.yaml", params)
    write(folder / "dvc.lock", "path: /home/ann/skin\n")
    write(folder / "data/report/index.html", f"<h1>Report</h1>{IMAGE}<svg></svg>")
    write(folder / "data/evaluation/scores.csv", "name\nensemble\n")
    write(folder / "data/explain/wrong.png", "image")
    write(folder / "evaluation-other/scores.csv", "name\ncnn_a\n")
    write(folder / "data/ensemble/large.csv", "x" * publish.LARGEST)
    for stage in ("train@cnn_a", "check"):
        write(folder / f"runs/{stage}.json", json.dumps({"exit": 0, "seconds": 120.04, "peak_memory_mb": 512}))
    return folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["publish.py", *map(str, arguments)])
    publish.main()


@pytest.fixture
def results(tmp_path, monkeypatch):
    folder = tmp_path / "docs/results"
    folder.parent.mkdir()
    monkeypatch.setattr(publish, "RESULTS", folder)
    return folder / "mine"


def test_publishes_tables_and_the_report_without_images_weights_and_local_paths(run, results, monkeypatch):
    call(monkeypatch, run, "mine")
    report = (results / "data/report/index.html").read_text()
    assert "<h1>Report</h1>" in report
    assert "<figcaption>Wrong</figcaption>" in report
    assert "<svg></svg>" in report
    assert publish.NOTE in report
    assert "data:image" not in report
    assert not list(results.rglob("*.png"))
    assert (results / "external/other/scores.csv").read_text() == "name\ncnn_a\n"
    assert not (results / "data/ensemble").exists()
    for file in results.rglob("*"):
        assert file.is_dir() or "/home/ann" not in file.read_text(), file
    assert "  path: path/to/skin\n" in (results / "params.yaml").read_text()
    assert (results / "metrics/test.json").read_bytes() == Path("metrics/test.json").read_bytes()


def test_seeds_have_the_values_of_test_and_val_as_predicted(run, results, monkeypatch):
    call(monkeypatch, run, "mine")
    seeds = pd.read_csv(results / "seeds.csv").set_index("name")
    best = pd.read_csv("plots/best_epoch.csv").set_index(["name", "split"])["roc_auc"]
    assert seeds.loc["cnn_a", "val"] == best["cnn_a", "val"]
    assert seeds.loc["ensemble", "val"] == json.loads(Path("metrics/val.json").read_text())["roc_auc"]
    assert seeds.loc["ensemble", "value"] == json.loads(Path("metrics/test.json").read_text())["roc_auc"]


def test_costs_are_in_the_order_of_the_stages_beside_what_was_expected(run, results, monkeypatch):
    call(monkeypatch, run, "mine")
    costs = pd.read_csv(results / "costs.csv").set_index("stage")
    assert list(costs.index) == ["check", "train@cnn_a", "disk"]
    assert costs.loc["train@cnn_a", "seconds"] == 120.0
    assert costs.loc["train@cnn_a", "expected_seconds"] > 0
    assert pd.isna(costs.loc["check", "expected_seconds"])
    assert costs.loc["disk", "expected_megabytes"] > 0


def test_publishing_again_replaces_the_run_but_keeps_page_and_other_seeds(run, results, monkeypatch):
    call(monkeypatch, run, "mine")
    first = pd.read_csv(results / "seeds.csv")
    write(results / "README.md", "page")
    params = run / "params.yaml"
    params.write_text(params.read_text().replace("seed: 1\n", "seed: 2\n", 1))
    call(monkeypatch, run, "mine", "--only-seed")
    call(monkeypatch, run, "mine", "--only-seed")
    assert YAML(typ="safe").load(results / "params.yaml")["seed"] == 1
    write(results / "plots/old.csv", "")
    (run / "data/evaluation/scores.csv").unlink()
    call(monkeypatch, run, "mine")
    seeds = pd.read_csv(results / "seeds.csv")
    assert seeds["seed"].tolist() == [1] * len(first) + [2] * len(first)
    costs = pd.read_csv(results / "costs.csv")
    assert costs["seed"].tolist() == [1] * 3 + [2] * 3
    assert costs["stage"].tolist() == ["check", "train@cnn_a", "disk"] * 2
    assert (results / "README.md").read_text() == "page"
    assert not (results / "plots/old.csv").exists()
    assert not (results / "data/evaluation").exists()


def test_refuses_an_unfinished_run_and_a_seed_of_no_run(run, results, monkeypatch):
    with pytest.raises(SystemExit, match="publish the run itself first"):
        call(monkeypatch, run, "mine", "--only-seed")
    (run / "data/report/index.html").unlink()
    with pytest.raises(SystemExit, match=r"has no data/report/index\.html"):
        call(monkeypatch, run, "mine")
    assert not results.exists()
