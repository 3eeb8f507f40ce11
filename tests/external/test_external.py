"""Evaluation of a labelled folder: metrics as of the test split, one label only, broken images, overlap, the page."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import DatasetError, LeakError, UserError
from dermoscopy.core.splits import SPLIT
from dermoscopy.core.tables import ENSEMBLE, PREDICTIONS
from dermoscopy.ensemble.thresholds import read_thresholds
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.scores import Classifier, score_classifiers
from dermoscopy.evaluate.tables import SCORES
from dermoscopy.external import external
from dermoscopy.external.external import OnOverlap, Results, evaluate_folder
from dermoscopy.external.output import PREDICTIONS as PREDICTED
from dermoscopy.external.output import REPORT, require_output, write_results
from dermoscopy.external.page import referral, render_page, verdict
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import by_image, by_lesion
from dermoscopy.use.model import Model, load_model
from tests.external.labelled_run import EVALUATE, write_folder, write_image, write_run
from tests.finished_run import members
from tests.pipeline.browser import measure

LABELS = ["malignant", "benign", "benign"] * 5


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run with its tables."""
    folder = tmp_path_factory.mktemp("project")
    write_run(folder)
    return folder


@pytest.fixture(scope="module")
def loaded(project: Path) -> Model:
    """Its ensemble."""
    return load_model(project)


@pytest.fixture
def evaluate(project: Path, loaded: Model, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Results]:
    """Function that evaluates a folder, and loads the ensemble once."""
    monkeypatch.setattr(external, "load_model", lambda _: loaded)

    def run(folder: Path, on_overlap: OnOverlap = "refuse", table: Path | None = None, root: Path = project) -> Results:
        return evaluate_folder(folder, table, on_overlap, root)

    return run


@pytest.fixture
def own(project: Path, tmp_path: Path) -> Path:
    """Folder of the images of test, with a table in HAM10000's format."""
    folder = tmp_path / "own"
    folder.mkdir()
    test = SPLIT.read(project / "data/split/test.csv")
    for path in test["path"]:
        shutil.copy(project / path, folder)
    test[["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]].to_csv(folder / "metadata.csv")
    return folder


def test_probabilities_and_metrics_of_the_test_split_are_those_of_the_run(
    project: Path, loaded: Model, own: Path, evaluate: Callable[..., Results]
) -> None:
    results = evaluate(own, "keep")
    stored = members(project, "test")
    expected = loaded.calibration.apply(loaded.combiner.combine(stored))
    np.testing.assert_allclose(results.rows["probability"], expected, rtol=0, atol=1e-6)

    test, settings = SPLIT.read(project / "data/split/test.csv"), Evaluate(**EVALUATE)
    thresholds = read_thresholds(project / "data/ensemble/points.csv")
    ensemble = Classifier(ENSEMBLE, "ensemble", expected, thresholds[ENSEMBLE])
    tables = []
    for unit in (by_image(test), by_lesion(test)):
        resamples = resample_lesions(unit.lesion, unit.label, 40, np.random.default_rng(1))
        tables.append(score_classifiers([ensemble], unit, resamples, settings.confidence))
    wanted = SCORES.sort(pd.concat(tables))
    scores = SCORES.sort(results.external.evaluation.tables["scores"])
    assert set(scores["name"]) == {ENSEMBLE, "cnn_a", "cnn_b"}
    pd.testing.assert_frame_equal(scores[scores["name"] == ENSEMBLE].reset_index(drop=True), wanted, atol=1e-6)


def test_members_have_their_own_calibration_and_thresholds(
    project: Path, own: Path, evaluate: Callable[..., Results]
) -> None:
    classifiers = evaluate(own, "keep").external.evaluation.classifiers
    thresholds = read_thresholds(project / "data/ensemble/points.csv")
    assert {each.name: each.thresholds for each in classifiers} == {
        name: thresholds[name] for name in (ENSEMBLE, "cnn_a", "cnn_b")
    }
    raw = PREDICTIONS.read(project / "data/predictions/test/cnn_a.csv")["probability"]
    assert np.corrcoef(classifiers[1].score.argsort().argsort(), raw.argsort().argsort())[0, 1] == pytest.approx(1)
    assert not np.allclose(classifiers[1].score, raw)


def test_images_of_the_run_are_refused_left_out_or_kept(
    project: Path, tmp_path: Path, evaluate: Callable[..., Results], wording: Callable[..., None]
) -> None:
    lesions = [f"L{number // 2}" for number in range(15)]
    folder = write_folder(tmp_path / "set", ["malignant"] * 6 + ["benign"] * 9, {"lesion": lesions})
    train = sorted((project / "data/split/train").rglob("*.jpg"))
    shutil.copyfile(train[0], folder / "new_00.jpg")
    with pytest.raises(LeakError) as refused:
        evaluate(folder)
    wording(str(refused.value))

    without = evaluate(folder, "leave-out")
    assert list(without.rows.loc[without.rows["problem"] != "", "image_id"]) == ["new_00.jpg", "new_01.jpg"]
    assert (len(without.external.rows), without.is_external) == (13, True)
    assert "(2 in all)" in verdict(without)
    assert not without.left_out

    kept = evaluate(folder, "keep")
    assert (len(kept.external.rows), kept.is_external) == (15, False)
    assert kept.rows["overlap"].iloc[0] == f"same bytes as {train[0].stem} in train"
    assert "Not an external set" in verdict(kept)
    assert "Evaluation (not external)" in render_page(kept)


def test_a_set_that_was_compared_incompletely_is_not_called_external(
    project: Path, tmp_path: Path, evaluate: Callable[..., Results]
) -> None:
    root = tmp_path / "root"
    shutil.copytree(project, root, ignore=shutil.ignore_patterns("*.jpg", "train.csv"))
    results = evaluate(write_folder(tmp_path / "set", LABELS), root=root)
    assert not results.is_external
    assert verdict(results).startswith("Not shown to be an external set: not compared")
    assert "External evaluation" not in render_page(results)


def test_a_broken_image_is_a_row_with_its_reason(tmp_path: Path, evaluate: Callable[..., Results]) -> None:
    folder = write_folder(tmp_path / "set", LABELS)
    (folder / "new_03.jpg").write_bytes((folder / "new_03.jpg").read_bytes()[:900])
    (folder / "new_04.jpg").write_bytes(b"")
    results = evaluate(folder)
    broken = results.rows[results.rows["problem"] != ""]
    assert list(broken["image_id"]) == ["new_03.jpg", "new_04.jpg"]
    assert broken["problem"].iloc[1] == "image of zero bytes"
    assert broken["probability"].isna().all()
    assert len(results.external.rows) == 13
    assert [problem.kind for problem in results.left_out] == ["image that cannot be read"] * 2


def test_a_folder_of_broken_images_is_refused(tmp_path: Path, evaluate: Callable[..., Results]) -> None:
    folder = write_folder(tmp_path / "set", ["nv", "mel"])
    for path in folder.glob("*.jpg"):
        path.write_bytes(b"x")
    with pytest.raises(DatasetError, match=r"image that cannot be read, 2: .*neither JPEG nor PNG"):
        evaluate(folder)


@pytest.mark.parametrize(("label", "metric"), [("benign", "specificity"), ("melanoma", "sensitivity")])
@pytest.mark.filterwarnings("error")
def test_with_one_label_metrics_of_both_are_left_out_with_the_reason(
    tmp_path: Path, evaluate: Callable[..., Results], label: str, metric: str
) -> None:
    results = evaluate(write_folder(tmp_path / "set", [label] * 6))
    tables = results.external.evaluation.tables
    assert set(tables["scores"]["metric"]) == {metric, "accuracy", "log_loss", "brier"}
    assert not {"calibration", "decision_curve", "comparisons", "sample_size"} & tables.keys()
    assert "metrics that need both labels are left out (PPV" in results.external.left_out
    page = render_page(results)
    assert "One label only" in page
    assert 'id="calibration"' not in page
    write_results(results, tmp_path / "out")


@pytest.mark.parametrize("labels", [["mel", "nv"], ["mel", "nv", "nv"], ["mel", "mel", "nv", "nv"]])
@pytest.mark.filterwarnings("error")
def test_few_images_are_evaluated_too(tmp_path: Path, evaluate: Callable[..., Results], labels: list[str]) -> None:
    results = evaluate(write_folder(tmp_path / "set", labels))
    assert not re.search(r"\b(?:nan|None|inf)\b", render_page(results).partition("</style>")[2])


def test_referral_counts_the_referred_lesions() -> None:
    coverage = pd.DataFrame({"refer": [2, 3], "lesions": [10, 10]})
    found = referral(coverage, 0.95)
    assert (found["referred"], found["lesions"], found["value"]) == (5, 20, 0.25)
    assert found["low"] == pytest.approx(0.1119, abs=1e-4)
    assert found["high"] == pytest.approx(0.4687, abs=1e-4)


def test_results_replace_earlier_ones_and_nothing_else(tmp_path: Path, evaluate: Callable[..., Results]) -> None:
    folder = write_folder(tmp_path / "set", LABELS)
    results, output = evaluate(folder), tmp_path / "out"
    for _ in range(2):
        require_output(output, folder)
        write_results(results, output)
    written = {path.name: path.read_bytes() for path in output.iterdir()}
    assert {PREDICTED, REPORT, "scores.csv", "coverage.csv", "calibration.csv"} <= written.keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "set"]
    (output / "thesis.txt").write_text("")
    with pytest.raises(UserError, match=r"no results of this command: thesis\.txt"):
        require_output(output, folder)
    for wrong in (folder, folder / "out", tmp_path / "a/b", folder / "labels.csv"):
        with pytest.raises(UserError, match="Choose another folder"):
            require_output(wrong, folder)


def test_the_earlier_results_stay_if_writing_fails(
    tmp_path: Path, evaluate: Callable[..., Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    results, output = evaluate(write_folder(tmp_path / "set", LABELS)), tmp_path / "out"
    write_results(results, output)
    monkeypatch.setattr("dermoscopy.external.output.render_page", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_results(results, output)
    assert (output / REPORT).is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "set"]


def test_control_characters_of_names_are_escaped(tmp_path: Path, evaluate: Callable[..., Results]) -> None:
    folder = write_folder(tmp_path / "a\x1b[31m<b>", ["mel", "nv", "nv"])
    write_image(folder / "new\x1b.jpg", 99)
    with (folder / "labels.csv").open("a") as file:
        file.write("new\x1b.jpg,nv\n")
    results = evaluate(folder)
    write_results(results, tmp_path / "out")
    texts = [path.read_text() for path in (tmp_path / "out").iterdir()]
    assert all("\x1b" not in text for text in texts)
    assert "<b>" not in (tmp_path / "out" / REPORT).read_text().partition("<header>")[2].partition("notice")[0]


@pytest.fixture
def page(tmp_path: Path, evaluate: Callable[..., Results]) -> Path:
    """A page with all sections: lesions, groups, diagnoses, problems."""
    diagnoses = ["mel", "nv", "bkl"] * 5
    columns = {
        "lesion": [f"L{number % 3}_{number // 6}" for number in range(15)],
        "sex": ["male", "female", ""] * 5,
        "age": range(15, 90, 5),
    }
    folder = write_folder(tmp_path / "set", diagnoses, columns)
    write_image(folder / "extra.jpg", 99)
    write_results(evaluate(folder), tmp_path / "out")
    return tmp_path / "out" / REPORT


def test_every_link_of_the_page_has_its_target_and_ids_are_unique(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r'\sid="([^"]+)"', text)
    assert len(targets) == len(set(targets))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(targets)
    assert {"headline", "points", "referral", "calibration", "net-benefit", "groups", "overlap", "problems"} <= set(
        targets
    )
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text)  # it needs no other file


TOO_WIDE = """
return [...document.body.querySelectorAll("*")].filter(element => {
    const box = element.getBoundingClientRect();
    return (box.right > innerWidth + 1 || box.left < -1) && !element.parentElement.closest(".scroll");
}).map(element => element.outerHTML.slice(0, 100));
"""


@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_is_wider_than_the_window(page: Path, width: int) -> None:
    assert measure(page, TOO_WIDE, width) == []
    assert measure(page, "return document.documentElement.scrollWidth", width) == width


def test_the_page_has_the_values_of_the_tables(page: Path) -> None:
    scores = SCORES.read(page.with_name("scores.csv"))
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "lesion") & (scores["metric"] == "roc_auc")]
    figures = page.read_text(encoding="utf-8").partition('class="figures"')[2].partition("</dl>")[0]
    assert f"<dt>ROC AUC</dt><dd>{own['value'].item():.3f}<small>" in figures
