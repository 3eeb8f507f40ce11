import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dermoscopy.cli import held_out as module
from dermoscopy.cli.app import app
from dermoscopy.cli.held_out import NEW, POOLED, experiment_names, pooled, read_run, render, sources_to_test
from dermoscopy.core.errors import UserError
from dermoscopy.stats.pooling import pool
from dermoscopy.stats.roc import roc_auc_interval

SOURCES = ("rosendahl", "vidir_modern", "vienna_dias")
VALUES = {"ensemble": (0.80, 0.85, 0.78), "cnn_a": (0.70, 0.75, 0.72), "prevalence": (0.5, 0.5, 0.5)}
KINDS = {"ensemble": "ensemble", "cnn_a": "member", "prevalence": "baseline"}


def write_counts(folder: Path, **malignant: int) -> Path:
    path = folder / "metrics" / "data.json"
    path.parent.mkdir()
    sources = {name: {"images": {"benign": 9, "malignant": count}} for name, count in malignant.items()}
    path.write_text(json.dumps({"sources": sources}))
    return path


def run_of(source: str) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name, values in VALUES.items():
        value = values[SOURCES.index(source)]
        width = 0.0 if name == "prevalence" else 0.05
        counts = {"lesions": 1552, "malignant": 600}
        row = {"held_out": source, "name": name, "kind": KINDS[name], **counts, "roc_auc": value}
        rows.append({**row, "low": value - width, "high": value + width})
    return pd.DataFrame(rows)


@pytest.fixture
def table() -> pd.DataFrame:
    return pooled(pd.concat([run_of(source) for source in SOURCES], ignore_index=True), 0.95)


def test_sources_with_both_labels_are_held_out(tmp_path: Path) -> None:
    tested, left_out = sources_to_test(write_counts(tmp_path, rosendahl=5, vidir_modern=3, vidir_molemax=0))
    assert tested == ["rosendahl", "vidir_modern"]
    assert left_out == {"vidir_molemax": "it has no malignant image"}


@pytest.mark.parametrize("malignant", [{}, {"rosendahl": 5}, {"rosendahl": 5, "vidir_molemax": 0}])
def test_one_source_cannot_be_pooled(tmp_path: Path, malignant: dict[str, int]) -> None:
    with pytest.raises(UserError, match="at least 2 are needed"):
        sources_to_test(write_counts(tmp_path, **malignant))


def test_a_dataset_that_was_not_audited_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dvc repro audit"):
        sources_to_test(tmp_path / "data.json")


def test_images_without_a_source_are_not_held_out(tmp_path: Path) -> None:
    tested, left_out = sources_to_test(write_counts(tmp_path, rosendahl=5, vidir_modern=3, unknown=7))
    assert tested == ["rosendahl", "vidir_modern"]
    assert "does not name" in left_out["unknown"]


def test_experiment_names_are_names_of_git_references() -> None:
    assert experiment_names(["vidir_modern", "Klinik 1/Köln.."]) == ["held-out-vidir_modern", "held-out-Klinik-1-Köln-"]
    with pytest.raises(UserError, match="clinic 1, clinic/1"):
        experiment_names(["clinic 1", "vidir_modern", "clinic/1"])


class Stored:
    """Files of an experiment, as `dvc.api.read` returns them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *sources: str) -> None:
        scores = "name,kind,protocol,value,low,high\nensemble,ensemble,lesion,0.8,0.7,0.9\n"
        counts = {"sources": dict.fromkeys(sources), "lesions": {"test": {"benign": 30, "malignant": 12}}}
        self.files = {"plots/roc_auc.csv": scores, "metrics/data.json": json.dumps(counts)}
        monkeypatch.setattr("dvc.api.read", lambda path, rev: self.files[path])


def test_a_run_is_read_with_the_counts_of_its_test_split(monkeypatch: pytest.MonkeyPatch) -> None:
    Stored(monkeypatch, *SOURCES)
    (row,) = read_run("rosendahl", "held-out-rosendahl", SOURCES).to_dict("records")
    expected = {"held_out": "rosendahl", "name": "ensemble", "kind": "ensemble", "lesions": 42, "malignant": 12}
    assert row == {**expected, "roc_auc": 0.8, "low": 0.7, "high": 0.9}


def test_a_run_on_a_dataset_with_other_sources_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Stored(monkeypatch, "rosendahl", "elsewhere")
    with pytest.raises(UserError, match=r"another dataset.*rosendahl, elsewhere"):
        read_run("rosendahl", "held-out-rosendahl", SOURCES)


def test_the_variance_of_an_interval_is_that_from_which_it_was_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    values, variances, malignant = [0.8, 0.7], [0.002, 0.001], [26, 12]
    rows = [
        {
            "held_out": source,
            "name": "ensemble",
            "kind": "ensemble",
            "lesions": 900,
            "malignant": count,
            "roc_auc": value,
        }
        | dict(zip(("low", "high"), roc_auc_interval(value, variance, count, 0.9), strict=True))
        for source, value, variance, count in zip(SOURCES, values, variances, malignant, strict=False)
    ]
    received = []
    monkeypatch.setattr(module, "pool", lambda *arguments: received.append(arguments) or pool(*arguments))
    pooled(pd.DataFrame(rows), 0.9)
    ((_, found, _),) = received
    expected = np.array(variances) / (np.array(values) * (1 - np.array(values))) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_each_classifier_has_a_pooled_value_and_one_for_a_new_source(table: pd.DataFrame) -> None:
    assert list(dict.fromkeys(table["held_out"])) == [*SOURCES, POOLED, NEW]
    of_ensemble = table[table["name"] == "ensemble"].set_index("held_out")
    assert 0.78 < of_ensemble["roc_auc"][POOLED] < 0.85
    assert of_ensemble["roc_auc"][NEW] == of_ensemble["roc_auc"][POOLED]
    assert of_ensemble["low"][NEW] < of_ensemble["low"][POOLED] < of_ensemble["high"][POOLED] < of_ensemble["high"][NEW]
    assert of_ensemble["low"][NEW] > 0
    assert of_ensemble["high"][NEW] < 1


def test_a_constant_classifier_is_not_pooled(table: pd.DataFrame) -> None:
    assert list(table.loc[table["name"] == "prevalence", "held_out"]) == list(SOURCES)


def test_the_printed_table_has_a_line_for_each_source(table: pd.DataFrame) -> None:
    header, *lines = render(table, 0.95).splitlines()
    assert header.split()[-2:] == ["ensemble", "cnn_a"]
    assert "prevalence" not in header
    assert lines[0].startswith("rosendahl")
    assert "1,552" in lines[0]
    assert "0.800 (0.750-0.850)" in lines[0]
    assert [line.split("  ")[0] for line in lines[3:5]] == [POOLED, NEW]


class FakeRuns:
    """Runs of dvc that give the ROC AUCs of `run_of`; the run of a source in `failing` fails."""

    def __init__(self, failing: str = "") -> None:
        self.failing, self.calls = failing, list[list[str]]()

    def __call__(self, *arguments: str) -> int:
        self.calls.append(list(arguments))
        return 3 if f"split.held_out={self.failing}" in arguments else 0


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_counts(tmp_path, **dict.fromkeys(SOURCES, 5))
    (tmp_path / "params.yaml").write_text(Path("params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "top_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "read_run", lambda source, revision, expected: run_of(source))
    monkeypatch.setattr(module, "_confidence", lambda revision: 0.95)
    monkeypatch.setattr(module, "_remove_experiment", lambda name: None)
    for name in ("refuse_while_at_work", "refuse_killed_experiment"):
        monkeypatch.setattr(module, name, lambda: None)
    return tmp_path


def test_the_pipeline_runs_once_for_each_source(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = FakeRuns()
    monkeypatch.setattr(module, "run_dvc", runs)
    result = CliRunner().invoke(app, ["held-out", "-S", "optimizer=adam", "--output", "table.csv"])
    assert result.exit_code == 0, result.output
    # The last of two values counts, so nobody can hold out another source under this name.
    expected = "exp run --temp --name held-out-rosendahl -S optimizer=adam -S split.held_out=rosendahl"
    assert runs.calls[0] == expected.split()
    assert [call[4] for call in runs.calls] == [f"held-out-{source}" for source in SOURCES]
    written = pd.read_csv(project / "table.csv")
    assert set(written["name"]) == set(VALUES)
    assert np.isfinite(written["roc_auc"]).all()
    assert "a new source" in result.output


def test_a_failed_run_stops_and_writes_no_table(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = FakeRuns(failing="vidir_modern")
    monkeypatch.setattr(module, "run_dvc", runs)
    result = CliRunner().invoke(app, ["held-out", "--output", "table.csv"])
    assert result.exit_code == 3
    assert len(runs.calls) == 2
    assert "again to continue" in result.output
    assert not (project / "table.csv").exists()


@pytest.mark.parametrize(("output", "reason"), [("missing/table.csv", "no folder"), ("metrics", "it is a folder")])
def test_an_output_that_cannot_be_written_is_refused_before_any_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, output: str, reason: str
) -> None:
    runs = FakeRuns()
    monkeypatch.setattr(module, "run_dvc", runs)
    result = CliRunner().invoke(app, ["held-out", "--output", output])
    assert isinstance(result.exception, UserError)
    assert reason in str(result.exception)
    assert not runs.calls
